"""How well a dose fits a target: homogeneity, conformity and gradient."""

from collections.abc import Collection, Iterable, Sequence

from imaging.dicom import name_key
from imaging.rt.dvh import DVH
from imaging.rt.flags import Flag
from imaging.rt.metrics.structures import structure_of

_SLACK = 1.01  # two ROIs are not sampled alike, so the body's isodose may seem a little smaller


def homogeneity_index(dvh: DVH) -> float | Flag:
    """Find (D2% - D98%) / D50%, 0 for a uniform dose (ICRU report 83, J ICRU 2010;10(1)).

    Returns:
        The index, or the flag that says why there is none.
    """
    hot, cold, median = (dvh.dose_at_volume(percent) for percent in (2, 98, 50))
    if hot is None or cold is None or median is None:
        return Flag.EMPTY if dvh.is_empty else Flag.OUTSIDE_DOSE_GRID
    return (hot - cold) / median if median > 0 else Flag.NO_DOSE


def conformity_index(target: DVH, body: DVH, isodose_gy: float) -> float | Flag:
    """Find TV_PIV² / (TV · PIV), 1 where the isodose is the target (Paddick 2000).

    Paddick, J Neurosurg 2000;93(suppl 3):219. TV is the volume of the whole target, TV_PIV the
    part of it inside the isodose, PIV all that is. An isodose that also encloses other targets
    counts as a whole, so plans for several targets score low.

    Args:
        target: The DVH of the target.
        body: The DVH of all that is irradiated, the external contour.
        isodose_gy: The dose that should enclose the target.

    Returns:
        The index, or the flag that says why there is none.
    """
    covered_cc = target.cc_at_dose(isodose_gy)
    isodose_cc = _isodose_cc(covered_cc, body, isodose_gy)
    if isinstance(isodose_cc, Flag):
        return isodose_cc
    return covered_cc**2 / (target.volume_cc * isodose_cc)


def gradient_index(target: DVH, body: DVH, isodose_gy: float) -> float | Flag:
    """Find how much larger the half isodose is than the isodose: V(D/2) / V(D).

    Paddick and Lippitz, J Neurosurg 2006;105(suppl):194. Takes and returns what
    ``conformity_index`` does.
    """
    isodose_cc = _isodose_cc(target.cc_at_dose(isodose_gy), body, isodose_gy)
    if isinstance(isodose_cc, Flag):
        return isodose_cc
    return body.cc_at_dose(isodose_gy / 2) / isodose_cc


def body_of(dvhs: Sequence[DVH], external: Collection[int] = ()) -> DVH | None:
    """Find the DVH of the whole body; None when there is none.

    Args:
        dvhs: All of one case.
        external: Numbers of the ROIs whose RT ROI Interpreted Type (3006,00A4) is EXTERNAL; they
            come before ROIs that are named so. ``Skin`` is the last resort: some call the outer
            contour so, others mean the rind. The largest counts.
    """
    named = [dvh for dvh in dvhs if is_body(dvh.roi_name)]
    skin = [dvh for dvh in dvhs if name_key(dvh.roi_name) == "skin"]
    for found in ([dvh for dvh in dvhs if dvh.roi_number in external], named, skin):
        filled: Iterable[DVH] = (dvh for dvh in found if not dvh.is_empty)
        largest = max(filled, key=lambda dvh: dvh.dosed_cc, default=None)
        if largest is not None:
            return largest
    return None


def _isodose_cc(covered_cc: float, body: DVH, isodose_gy: float) -> float | Flag:
    """Find the volume inside an isodose, which is no less than the part of it in the target."""
    isodose_cc = body.cc_at_dose(isodose_gy)
    if covered_cc <= 0:
        return Flag.ISODOSE_ELSEWHERE
    if covered_cc > isodose_cc * _SLACK:
        return Flag.BODY_TOO_SMALL
    return max(isodose_cc, covered_cc)


def is_body(roi_name: str) -> bool:
    """Say whether an ROI is the outer contour, by its name."""
    structure = structure_of(roi_name)
    return structure is not None and structure.name == "External"
