"""The Orthanc program of this machine: found, or installed from Debian's package."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

SKIP_VARIABLE = "IMAGING_SKIP_ORTHANC"
_PROGRAM_PLACES = ("/usr/sbin/Orthanc", "/usr/local/sbin/Orthanc", "/usr/bin/Orthanc")
_INSTALL_TIMEOUT_S = 900

# Debian's package starts a service on port 8042. policy-rc.d is Debian's own way to forbid that
# during an installation; disabling keeps it off after the next boot. Nobody asked for a service.
_INSTALL_SCRIPT = """
set -e
if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends orthanc orthanc-dicomweb
if command -v systemctl >/dev/null 2>&1; then systemctl disable --now orthanc || true; fi
"""

Runner = Callable[[list[str]], "subprocess.CompletedProcess[str]"]


def find_orthanc() -> Path | None:
    """Return the Orthanc program of this machine, None when it has none or is to ignore it."""
    if os.environ.get(SKIP_VARIABLE, "") not in {"", "0"}:
        return None
    places = [found] if (found := shutil.which("Orthanc")) else [*_PROGRAM_PLACES]
    return next((Path(place) for place in places if os.access(place, os.X_OK)), None)


def find_or_install_orthanc(run: Runner | None = None) -> tuple[Path | None, str]:
    """Find Orthanc, or install Debian's package where this user may.

    Args:
        run: Runs a command and returns its end; subprocess by default.

    Returns:
        The program and "", or None and the reason in words.
    """
    if os.environ.get(SKIP_VARIABLE, "") not in {"", "0"}:
        return None, f"{SKIP_VARIABLE} is set"
    if (program := find_orthanc()) is not None:
        return program, ""
    if shutil.which("apt-get") is None:
        return None, "Orthanc is not installed, and this machine has no apt-get to install it with"
    run = run or _run
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if as_root and (shutil.which("sudo") is None or run([*as_root, "true"]).returncode != 0):
        return None, "Orthanc is not installed, and this user may not install it (no root, no sudo)"
    print("Installing Orthanc from Debian's packages (about 10 MB)")
    ended = run([*as_root, "sh", "-c", _INSTALL_SCRIPT])
    if (program := find_orthanc()) is not None:
        return program, ""
    last = (ended.stderr.strip() or ended.stdout.strip() or "no output").splitlines()[-1]
    return None, f"Orthanc could not be installed: {last}"


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run ``command`` to its end, bounded; an overlong one counts as failed."""
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        reason = f"it took more than {_INSTALL_TIMEOUT_S} s"
        return subprocess.CompletedProcess(command, 1, "", reason)
