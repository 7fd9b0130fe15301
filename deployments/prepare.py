"""Install what the tests need beyond Python: `python -m deployments.prepare`."""

import os
import subprocess
import sys
from shutil import which

from deployments.orthanc_install import find_or_install_orthanc


def main() -> int:
    """Find or install Orthanc and the IOD validator; say what could not be had, and why."""
    _, why = find_or_install_orthanc()
    if why:
        print(f"No Orthanc: {why}. The tests that need it will be skipped.")
    if which("dciodvfy") is None and not _install("dicom3tools"):
        print("No dciodvfy (Debian's dicom3tools): the tests that need it will be skipped.")
    return 0


def _install(package: str) -> bool:
    """Install one of Debian's packages, where this user may."""
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if which("apt-get") is None or (root and which("sudo") is None):
        return False
    for words in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        ended = subprocess.run(
            [*root, "apt-get", *words], env=environment, capture_output=True, check=False
        )
        if ended.returncode != 0:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
