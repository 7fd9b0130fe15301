"""Install what the tests need beyond Python: `python -m deployments.prepare`."""

import os
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path
from shutil import which

from deployments.orthanc_install import find_or_install_orthanc

_POSTGRESQL = Path("/usr/lib/postgresql")  # Debian keeps the server's programs off the path

# A package may start a service, which nobody asked for. policy-rc.d is Debian's own way to forbid
# that during an installation; disabling keeps it off after the next boot.
_INSTALL_SCRIPT = """
set -e
if [ ! -e /usr/sbin/policy-rc.d ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@"
if command -v systemctl >/dev/null 2>&1; then systemctl disable --now "$@" || true; fi
"""


def main() -> int:
    """Find or install what is lacking; say what could not be had."""
    _, why = find_or_install_orthanc()
    if why:
        print(f"No Orthanc: {why}. The tests that need it will be skipped.")
    if which("dciodvfy") is None and not _install("dicom3tools"):
        print("No dciodvfy (Debian's dicom3tools): the tests that need it will be skipped.")
    # The driver must be of the browser's own version, so both come from Debian.
    has_browser = which("chromium") is not None and which("chromedriver") is not None
    if not has_browser and not _install("chromium", "chromium-driver"):
        print("No chromium with its driver (Debian's): the tests of the viewer will be skipped.")
    # Mesa draws without a graphics card and without a screen.
    if find_library("EGL") is None and not _install("libegl1", "libgl1-mesa-dri"):
        print("No EGL (Debian's libegl1): pictures are drawn slower, by matplotlib.")
    if find_postgresql() is None and not _install("postgresql"):
        print("No PostgreSQL (Debian's): the tests of a ledger in it will be skipped.")
    return 0


def find_postgresql() -> Path | None:
    """Return the folder of this machine's newest programs of a PostgreSQL server."""
    versions = sorted(_POSTGRESQL.glob("*/bin/initdb"), key=lambda at: float(at.parts[-3]))
    on_path = which("initdb")
    found = versions[-1] if versions else Path(on_path) if on_path else None
    return None if found is None else found.parent


def _install(*packages: str) -> bool:
    """Install some of Debian's packages, where this user may."""
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if which("apt-get") is None or (root and which("sudo") is None):
        return False
    ended = subprocess.run(
        [*root, "sh", "-c", _INSTALL_SCRIPT, "install", *packages],
        capture_output=True,
        check=False,
    )
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
