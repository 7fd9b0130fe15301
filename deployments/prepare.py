"""Install what the tests need beyond Python: `python -m deployments.prepare`."""

import sys
from ctypes.util import find_library
from pathlib import Path
from shutil import which

from deployments.debian import install
from deployments.orthanc_install import find_or_install_orthanc

_POSTGRESQL = Path("/usr/lib/postgresql")  # Debian keeps the server's programs off the path


def main() -> int:
    """Find or install what is lacking; say what could not be had."""
    _, why = find_or_install_orthanc()
    if why:
        print(f"No Orthanc: {why}. The tests that need it will be skipped.")
    if which("dciodvfy") is None and install("dicom3tools"):
        print("No dciodvfy (Debian's dicom3tools): the tests that need it will be skipped.")
    # The driver must be of the browser's own version, so both come from Debian.
    has_browser = which("chromium") is not None and which("chromedriver") is not None
    if not has_browser and install("chromium", "chromium-driver"):
        print("No chromium with its driver (Debian's): the tests of the viewer will be skipped.")
    # Mesa draws without a graphics card and without a screen.
    if find_library("EGL") is None and install("libegl1", "libgl1-mesa-dri"):
        print("No EGL (Debian's libegl1): pictures are drawn slower, by matplotlib.")
    if which("unzip") is None and install("unzip"):
        print("No unzip (Debian's): a test of what is packed will be skipped.")
    if find_postgresql() is None and install("postgresql"):
        print("No PostgreSQL (Debian's): the tests of a ledger in it will be skipped.")
    return 0


def find_postgresql() -> Path | None:
    """Return the folder of this machine's newest programs of a PostgreSQL server."""
    versions = sorted(_POSTGRESQL.glob("*/bin/initdb"), key=lambda at: float(at.parts[-3]))
    on_path = which("initdb")
    found = versions[-1] if versions else Path(on_path) if on_path else None
    return None if found is None else found.parent


if __name__ == "__main__":
    sys.exit(main())
