"""The Orthanc program of this machine: found, or installed from Debian's package."""

import os
import shutil
from pathlib import Path

from deployments.debian import Runner, install

SKIP_VARIABLE = "IMAGING_SKIP_ORTHANC"
_PROGRAM_PLACES = ("/usr/sbin/Orthanc", "/usr/local/sbin/Orthanc", "/usr/bin/Orthanc")


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
    print("Installing Orthanc from Debian's packages (about 10 MB)")
    why = install("orthanc", "orthanc-dicomweb", run=run)
    program = find_orthanc()
    return (program, "") if program is not None else (None, f"Orthanc is not installed: {why}")
