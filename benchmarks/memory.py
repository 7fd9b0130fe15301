"""How much memory fetching one patient takes: `python -m benchmarks.memory PATIENT_ID FOLDER`.

A program of its own, because memory that a process freed earlier would hide what is taken now.
Linux only, as is Orthanc's package.
"""

import ctypes
import sys
from contextlib import closing
from pathlib import Path

from benchmarks.peak import peak_bytes, restart_peak
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
        before = restart_peak()
        _fetch(archive, patient, folder)
        print(peak_bytes() - before)


def _fetch(archive: OrthancArchive, patient: PatientRow, folder: Path, only: str = "") -> None:
    for series in patient.series:
        if only in {"", series.modality}:
            archive.fetch(series, folder / series.modality)


if __name__ == "__main__":
    main()
