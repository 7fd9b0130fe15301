"""The demo's synthetic patients: made once, put into the archive, and their true DVHs."""

from pathlib import Path

from deployments.stack import Stack
from imaging.files import write_whole
from imaging.orthanc import OrthancArchive
from imaging.phantoms import Cohort, CohortPatient, PhantomSize
from imaging.phantoms.dental import SmallCase, small_case

SEED = 2026
_MARK = ".complete"


def demo_patients() -> dict[str, CohortPatient]:
    """Return the patients by PatientID."""
    return {patient.patient_id: patient for patient in Cohort.demo(seed=SEED).patients}


def fill_archive(stack: Stack, size: PhantomSize | None = None) -> int:
    """Put the synthetic patients into the stack's archive; return the number of files.

    Orthanc keeps what it has already, and files that were made once are not made again.
    """
    folder = stack.folder / "phantoms"
    files = _files(folder, size)
    if address := stack.archive.get("IMAGING_ORTHANC_URL"):
        user, password = (stack.archive[f"IMAGING_ORTHANC_{k}"] for k in ("USER", "PASSWORD"))
        archive = OrthancArchive(address, user, password)
        try:
            archive.upload(files)
        finally:
            archive.close()
    return len(files)


def fusion_case(stack: Stack) -> SmallCase:
    """Return the scans and the CBCT of one more synthetic patient."""
    folder = stack.folder / "fusion-phantom"
    return small_case(folder)


def _files(folder: Path, size: PhantomSize | None) -> list[Path]:
    mark = folder / _MARK
    if not mark.exists():
        Cohort.demo(seed=SEED, size=size).write(folder)
        write_whole(mark, str(SEED))
    return sorted(folder.rglob("*.dcm"))
