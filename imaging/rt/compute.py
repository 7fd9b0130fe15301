"""From RT files to DVHs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Unpack

import numpy as np

from imaging.errors import InputError
from imaging.rt import dicompyler, exact
from imaging.rt.conventions import ConventionName
from imaging.rt.conventions import convention as convention_of
from imaging.rt.doses.admission import check_plans
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.doses.selection import DosePolicy, select_read
from imaging.rt.dvh import DVH
from imaging.rt.files.contours import contours_of
from imaging.rt.files.objects import check_frame_of_reference, frame_flag, refuse_frame
from imaging.rt.files.rois import Roi, choose_rois
from imaging.rt.flags import Flag
from imaging.rt.inputs import RtObjects, read_objects
from imaging.rt.method import Method, MethodArguments


@dataclass(frozen=True, slots=True, eq=False)
class Calculation:
    """DVHs, and the dose they are in.

    Attributes:
        dvhs: One per chosen ROI, in the order of the structure set.
        dose_uids: SOP Instance UIDs of the RTDOSEs.
        notes: What was done to the dose and what was left out, as sentences.
        plan_uids: SOP Instance UIDs of the dose's plans; empty when it refers to none.
        is_sum_of_plans: Whether the dose is of several plans, be they named or not.
    """

    dvhs: tuple[DVH, ...]
    dose_uids: tuple[str, ...]
    notes: tuple[str, ...]
    plan_uids: tuple[str, ...] = ()
    is_sum_of_plans: bool = False


def dvhs_of_files(
    rtstruct: Path,
    rtdose: Path | Sequence[Path],
    *,
    rtplan: Path | None = None,
    rois: Sequence[str] | None = None,
    convention: ConventionName | None = None,
    **choices: Unpack[MethodArguments],
) -> list[DVH]:
    """Calculate the DVHs of a structure set in a dose, in the order of the structure set.

    An ROI without a result, say without contours, is in the list too: empty, and flagged.

    Args:
        rtstruct: File of the RT Structure Set.
        rtdose: File of the RT Dose, in Gy. Several, of one plan, are added where that is right.
        rtplan: File of the RT Plan; when given, the dose must not belong to another plan.
        rois: Names or shell patterns of ROIs, by TG-263 whatever their case; None means all.
        convention: End caps and interpolations as a planning or review system has them, by its name
            (``eclipse``, ``raystation``, …, see ``ConventionName``).
        **choices: Instead of a convention: ``end_caps``, ``between``, ``dose_interpolation`` and
            ``engine``, as ``Method`` has them.

    Raises:
        InputError: A name or pattern matches no ROI, no such method, convention or dose is at hand,
            or a convention is given beside another choice.
        DicomError: A file cannot be read or contradicts itself, ROIs and dose have different
            frames of reference, or the dose belongs to another plan.
    """
    if convention is not None and choices:
        msg = f"the convention {convention} decides {', '.join(choices)}: give one or the other"
        raise InputError(msg)
    method = Method(**choices) if convention is None else convention_of(convention).method
    doses = [rtdose] if isinstance(rtdose, str | Path) else rtdose
    plans = [] if rtplan is None else [Path(rtplan)]
    objects = read_objects(Path(rtstruct), [Path(path) for path in doses], plans)
    return list(calculate(objects, rois=rois, method=method).dvhs)


def calculate(
    objects: RtObjects,
    *,
    rois: Sequence[str] | None = None,
    method: Method,
    policy: DosePolicy | None = None,
) -> Calculation:
    """Calculate DVHs as ``dvhs_of_files`` does, and tell about the dose.

    Args:
        objects: What the files hold.
        rois: Names or patterns of ROIs; None means all.
        method: How.
        policy: What may be done to get one dose, as for ``select_dose``.

    Raises:
        InputError: See ``dvhs_of_files``.
        DicomError: Likewise.
    """
    chosen = choose_rois(objects.rois, rois)
    if method.engine == "dicompyler":
        return _by_dicompyler(objects, chosen, method)
    dose = select_read(objects.doses, objects.plans, policy or DosePolicy())
    flagged = _in_frame(chosen, dose.grid)
    within = [roi for roi, flag in flagged if flag != Flag.OTHER_FRAME]
    spacing_mm = partial(_slice_spacing_mm, objects.rois)
    found = iter(exact.calculate(within, dose.grid, method, spacing_mm))
    dvhs = []
    for roi, flag in flagged:
        dvh = DVH.empty(roi.number, roi.name) if flag == Flag.OTHER_FRAME else next(found)
        flags = (*dvh.flags, *(() if flag is None else (flag,)), *dose.flags)
        dvhs.append(replace(dvh, flags=flags, method=method.text))
    return Calculation(
        tuple(dvhs),
        dose.uids,
        (f"Dose: {dose.summation}.", *dose.notes),
        dose.plan_uids,
        dose.is_sum_of_plans,
    )


def _in_frame(rois: Sequence[Roi], grid: DoseGrid) -> list[tuple[Roi, Flag | None]]:
    """Tell which ROIs are in the dose's frame of reference.

    Raises:
        DicomError: None of them is; names both frames.
    """
    flagged = [(roi, frame_flag(roi, grid)) for roi in rois]
    if flagged and all(flag == Flag.OTHER_FRAME for _, flag in flagged):
        refuse_frame(rois[0], grid.uid, grid.frame_of_reference_uid)
    return flagged


def _slice_spacing_mm(rois: Sequence[Roi]) -> float | None:
    """Measure how far apart the axial slices are that ROIs were drawn on; None when unknown."""
    gaps_mm: list[float] = []
    for roi in rois:
        heights_mm = [float(points[0, 2]) for points in contours_of(roi).points_mm]
        gaps = np.diff(np.unique(np.round(heights_mm, 2)))
        gaps_mm += gaps[gaps > 0.05].tolist()
    return float(np.median(gaps_mm)) if gaps_mm else None


def _by_dicompyler(objects: RtObjects, rois: Sequence[Roi], method: Method) -> Calculation:
    """Let dicompyler-core calculate, which takes one dose."""
    if len(objects.doses) != 1:
        msg = f"dicompyler-core takes one RTDOSE, and there are {len(objects.doses)}"
        raise InputError(msg)
    (dose,) = objects.doses
    check_frame_of_reference(dose.dataset, rois)
    check_plans(dose, objects.plans)
    flags = (Flag.SUM_OF_PLANS,) if dose.is_of_plans else ()
    dvhs = [
        replace(dvh, method=method.text, flags=(*dvh.flags, *flags))
        for dvh in dicompyler.calculate(rois, dose.dataset)
    ]
    return Calculation(tuple(dvhs), (dose.uid,), (), dose.plan_uids, dose.is_of_plans)
