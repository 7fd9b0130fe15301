"""Install what the tests need beyond Python: `python -m deployments.prepare`."""

import os
import subprocess
import sys
from shutil import which

from deployments.orthanc_install import find_or_install_orthanc


def main() -> int:
    """Find or install Orthanc, the IOD validator and a browser; say what could not be had."""
    _, why = find_or_install_orthanc()
    if why:
        print(f"No Orthanc: {why}. The tests that need it will be skipped.")
    if which("dciodvfy") is None and not _install("dicom3tools"):
        print("No dciodvfy (Debian's dicom3tools): the tests that need it will be skipped.")
    # The driver must be of the browser's own version, so both come from Debian.
    has_browser = which("chromium") is not None and which("chromedriver") is not None
    if not has_browser and not _install("chromium", "chromium-driver"):
        print("No chromium with its driver (Debian's): the tests of the viewer will be skipped.")
    return 0


def _install(*packages: str) -> bool:
    """Install some of Debian's packages, where this user may."""
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if which("apt-get") is None or (root and which("sudo") is None):
        return False
    install = ["install", "-y", "-qq", "--no-install-recommends", *packages]
    for words in (["update", "-qq"], install):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        ended = subprocess.run(
            [*root, "apt-get", *words], env=environment, capture_output=True, check=False
        )
        if ended.returncode != 0:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
