"""What a DVH is calculated from: a patient's RT objects, each read once."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset

from imaging.rt.doses.candidates import Candidate, read_candidate
from imaging.rt.files.objects import read_rtplan, read_rtstruct
from imaging.rt.files.rois import Roi, rois_of


@dataclass(frozen=True, slots=True, eq=False)
class RtObjects:
    """A structure set, and the doses and plans that came with it.

    Attributes:
        rtstruct_uid: SOP Instance UID of the RTSTRUCT.
        rois: All its ROIs, in its own order.
    """

    rtstruct_uid: str
    rois: tuple[Roi, ...]
    doses: tuple[Candidate, ...]
    plans: tuple[Dataset, ...]


def read_objects(
    rtstruct: Path, rtdoses: Sequence[Path], rtplans: Sequence[Path] = ()
) -> RtObjects:
    """Read the files of a patient.

    Raises:
        DicomError: One cannot be read, is of another kind, or contradicts itself.
    """
    structures = read_rtstruct(rtstruct)
    return RtObjects(
        str(structures.SOPInstanceUID),
        tuple(rois_of(structures)),
        tuple(read_candidate(path) for path in rtdoses),
        tuple(read_rtplan(path) for path in rtplans),
    )
