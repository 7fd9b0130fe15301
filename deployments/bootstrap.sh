#!/bin/sh
# Makes .venv from requirements.lock, on a machine that may have nothing but Python 3.11.
# Debian's python3 comes without ensurepip (so `python3 -m venv` fails), often without pip, and guards the
# system's packages (PEP 668): each way below is tried in turn, and what is missing is named at the end.
set -eu
cd "$(dirname "$0")/.."

# The stamp is written last and removed first: without it, .venv may be half of one. It holds the folder too,
# since a .venv that was moved or copied still runs the code of the folder it was made in.
stamp=.venv/.made-from
folder=$(pwd -P)
wanted=$(cat requirements.lock pyproject.toml deployments/bootstrap.sh | cksum)

is_current() {
    [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$(printf '%s\n%s' "$folder" "$wanted")" ]
}

is_whole() {
    .venv/bin/python -c '' 2>/dev/null && [ "$(head -n 1 "$stamp" 2>/dev/null)" = "$folder" ]
}

# Prints the program behind a Python that fits; a virtual environment's own may be what is about to be removed.
fitting() {
    "$1" -c 'import sys; (3, 11) <= sys.version_info[:2] < (3, 14) or sys.exit(1); print(sys._base_executable)' \
        2>/dev/null
}

if [ -n "${PYTHON:-}" ] && ! fitting "$PYTHON" >/dev/null; then
    echo "PYTHON=$PYTHON does not run, or is not Python 3.11, 3.12 or 3.13" >&2
    exit 1
fi
if is_current; then exit 0; fi

# flock: `make demo` and `make test` started side by side must not both fill the folder.
exec 9>.bootstrap.lock
if command -v flock >/dev/null 2>&1; then
    flock 9
    if is_current; then exit 0; fi
fi

python=""
for candidate in ${PYTHON:+"$PYTHON"} python3.11 python3.12 python3.13 python3; do
    if python=$(fitting "$candidate"); then break; fi
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

# python3-venv belongs to the distribution's own Python, which need not be this one (Ubuntu 22.04's is 3.10).
install_venv() {
    as_root apt-get update || true # an unreachable source of something else must not matter
    for package in "$package_of_venv" python3-venv; do
        if as_root apt-get install -y --no-install-recommends "$package" && make_venv; then return 0; fi
    done
    return 1
}

if ! is_whole; then
    rm -f "$stamp"
    echo "Making .venv with $("$python" --version)"
    if ! make_venv; then
        package_of_venv=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        echo "This Python can make no virtual environment: installing Debian's $package_of_venv"
        if ! install_venv >.bootstrap.log 2>&1; then
            echo "That was not possible. As an administrator: apt-get install $package_of_venv, then try again." >&2
            exit 1
        fi
    fi
fi
rm -f "$stamp"

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
printf '%s\n%s' "$folder" "$wanted" >"$stamp"
