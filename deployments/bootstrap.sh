#!/bin/sh
# Makes .venv from requirements.lock, on a machine that may have nothing but Python 3.11.
# Debian's python3 comes without ensurepip (so `python3 -m venv` fails), often without pip, and guards the
# system's packages (PEP 668): each way below is tried in turn, and what is missing is named at the end.
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.made-from
wanted=$(cat requirements.lock pyproject.toml deployments/bootstrap.sh | cksum)
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
    exit 0
fi

# flock: `make demo` and `make test` started side by side must not both fill the folder.
exec 9>.bootstrap.lock
if command -v flock >/dev/null 2>&1; then flock 9; fi

python=""
for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11, 3.12 or 3.13 is needed and was not found; name it with PYTHON=/path/to/python3.11" >&2
    exit 1
fi

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1; then sudo -n "$@"; else return 1; fi
}

make_venv() {
    rm -rf .venv
    if "$python" -m venv .venv >/dev/null 2>&1; then return 0; fi
    rm -rf .venv
    # pip of the machine can install into a venv that has none of its own.
    "$python" -m pip --version >/dev/null 2>&1 && "$python" -m venv --without-pip .venv
}

if ! [ -x .venv/bin/python ] || ! .venv/bin/python -c '' 2>/dev/null; then
    echo "Making .venv with $("$python" --version)"
    if ! make_venv; then
        echo "This Python can make no virtual environment: installing Debian's python3-venv"
        if ! (as_root apt-get update && as_root apt-get install -y --no-install-recommends python3-venv) \
            >.bootstrap.log 2>&1 || ! make_venv; then
            echo "That was not possible. As an administrator: apt-get install python3-venv, then try again." >&2
            exit 1
        fi
    fi
fi

pip() {
    if .venv/bin/python -m pip --version >/dev/null 2>&1; then
        .venv/bin/python -m pip "$@"
    else
        "$python" -m pip --python .venv/bin/python "$@"
    fi
}

echo "Installing the packages of requirements.lock (a few minutes the first time)"
if ! [ -x .venv/bin/uv ]; then
    awk '/^uv==/ {on = 1} on {print} on && !/\\$/ {exit}' requirements.lock >.venv/uv.txt
    pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
fi
.venv/bin/uv pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
printf '%s' "$wanted" >"$stamp"
