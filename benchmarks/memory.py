"""How much memory fetching one patient takes: `python -m benchmarks.memory PATIENT_ID FOLDER`.

A program of its own, because memory that a process freed earlier would hide what is taken now.
Linux only, as is Orthanc's package: the kernel keeps a high-water mark that can be set back. (The
mark of `getrusage` cannot, and begins at the size of the process that started this one.)
"""

import ctypes
import re
import sys
from contextlib import closing
from pathlib import Path

from imaging.dicom import PatientRow
from imaging.orthanc import OrthancArchive
from imaging.settings import settings

_SMALLEST = "RTPLAN"


def main() -> None:
    """Print by how many bytes the process grew at its peak."""
    patient_id, folder = sys.argv[1], Path(sys.argv[2])
    place = settings()
    password = place.orthanc_password.get_secret_value()
    with closing(OrthancArchive(str(place.orthanc_url), place.orthanc_user, password)) as archive:
        (patient,) = archive.patients([patient_id])
        _fetch(archive, patient, folder / "warm-up", only=_SMALLEST)
        ctypes.CDLL(None).malloc_trim(0)  # what the listing freed shall not be used again unseen
        Path("/proc/self/clear_refs").write_text("5")
        before = _peak_bytes()
        _fetch(archive, patient, folder)
        print(_peak_bytes() - before)


def _fetch(archive: OrthancArchive, patient: PatientRow, folder: Path, only: str = "") -> None:
    for series in patient.series:
        if only in {"", series.modality}:
            archive.fetch(series, folder / series.modality)


def _peak_bytes() -> int:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None  # noqa: S101 - for the type checker
    return 1024 * int(found[1])


if __name__ == "__main__":
    main()
