"""Several doses of one plan: the same one exported again, or really different."""

import hashlib
from pathlib import Path

import pydicom

from imaging.cohort.decision import Decision
from imaging.dicom.reading import UNREADABLE

_GEOMETRY = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "GridFrameOffsetVector",
    "Rows",
    "Columns",
    "DoseGridScaling",
    "DoseUnits",
    "DoseSummationType",
)


def choose_dose(files: list[Path]) -> tuple[Path | None, list[Decision]]:
    """Return the dose to use, and what was decided about it.

    Doses of equal pixels on an equal grid are one dose, however often it was exported; adding them
    would double it. Different ones are left for review, and none is chosen.
    """
    if len(files) <= 1:
        return next(iter(files), None), []
    uids = sorted(file.stem for file in files)
    try:
        contents = {_content(file) for file in files}
    except UNREADABLE as error:
        return None, [Decision("XVI_EXEC_012", "", {"reason": type(error).__name__})]
    if len(contents) > 1:
        return None, [Decision("XVI_REV_001", "", {"doses": uids})]
    chosen = min(files)
    return chosen, [Decision("XVI_SUCC_002", chosen.stem, {"doses": uids})]


def _content(file: Path) -> str:
    """Hash what a dose says, leaving out its UIDs and dates."""
    dataset = pydicom.dcmread(file)
    stated = [str(dataset.get(keyword, "")) for keyword in _GEOMETRY]
    digest = hashlib.sha256("\n".join(stated).encode())
    digest.update(dataset.get("PixelData", b""))
    return digest.hexdigest()
