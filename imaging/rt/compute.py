"""From RT files to DVHs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from pydicom import Dataset

from imaging.rt import dicompyler
from imaging.rt.dvh import DVH
from imaging.rt.objects import (
    check_frame_of_reference,
    check_plan_of_dose,
    read_rtdose,
    read_rtplan,
    read_rtstruct,
)
from imaging.rt.rois import Roi, choose_rois, rois_of

EngineName = Literal["dicompyler"]

_ENGINES: dict[EngineName, Callable[[Sequence[Roi], Dataset], list[DVH]]] = {
    "dicompyler": dicompyler.calculate,
}


def dvhs_of_files(
    rtstruct: Path,
    rtdose: Path,
    *,
    rtplan: Path | None = None,
    rois: Sequence[str] | None = None,
    engine: EngineName = "dicompyler",
) -> list[DVH]:
    """Calculate the DVHs of a structure set in a dose, in the order of the structure set.

    An ROI without a result, say without contours, is in the list too: empty, and flagged.

    Args:
        rtstruct: File of the RT Structure Set.
        rtdose: File of the RT Dose, in Gy.
        rtplan: File of the RT Plan; when given, the dose must not belong to another plan.
        rois: Names or shell patterns of ROIs, by TG-263 whatever their case; None means all.
        engine: What calculates.

    Raises:
        InputError: A name or pattern matches no ROI.
        DicomError: A file cannot be read or contradicts itself, ROIs and dose have different
            frames of reference, or the dose belongs to another plan.
    """
    structures, dose = read_rtstruct(rtstruct), read_rtdose(rtdose)
    chosen = choose_rois(rois_of(structures), rois)
    check_frame_of_reference(structures, dose, chosen)
    if rtplan is not None:
        check_plan_of_dose(read_rtplan(rtplan), dose)
    return _ENGINES[engine](chosen, dose)
