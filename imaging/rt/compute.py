"""From RT files to DVHs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydicom import Dataset

from imaging.errors import DicomError, InputError
from imaging.rt import dicompyler, exact
from imaging.rt.doses.candidates import Candidate, read_candidate
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.doses.selection import DosePolicy, select_dose
from imaging.rt.dvh import DVH
from imaging.rt.files.contours import contours_of
from imaging.rt.files.objects import (
    check_frame_of_reference,
    check_plan_of_dose,
    frame_flag,
    read_rtplan,
    read_rtstruct,
)
from imaging.rt.files.rois import Roi, choose_rois, rois_of
from imaging.rt.flags import Flag
from imaging.rt.method import Between, DoseInterpolation, EndCaps, EngineName, Method


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


def dvhs_of_files(  # noqa: PLR0913 - files, what of them, and four choices of the method
    rtstruct: Path,
    rtdose: Path | Sequence[Path],
    *,
    rtplan: Path | None = None,
    rois: Sequence[str] | None = None,
    end_caps: EndCaps = "half",
    between: Between = "prism",
    dose_interpolation: DoseInterpolation = "linear",
    engine: EngineName = "exact",
) -> list[DVH]:
    """Calculate the DVHs of a structure set in a dose, in the order of the structure set.

    An ROI without a result, say without contours, is in the list too: empty, and flagged.

    Args:
        rtstruct: File of the RT Structure Set.
        rtdose: File of the RT Dose, in Gy. Several, of one plan, are added where that is right.
        rtplan: File of the RT Plan; when given, the dose must not belong to another plan.
        rois: Names or shell patterns of ROIs, by TG-263 whatever their case; None means all.
        end_caps: How far an ROI reaches beyond its first and last contour: ``half`` a gap between
            contours, ``none``, ``rounded`` (a third of half a gap), or a number of mm.
        between: What joins neighbouring contours: ``prism``, ``cubic`` or ``shape``, see
            ``Method``.
        dose_interpolation: ``linear`` or ``cubic`` between the dose's voxels.
        engine: What calculates: ``exact``, or ``dicompyler`` for a cross-check.

    Raises:
        InputError: A name or pattern matches no ROI, or no such method or dose is at hand.
        DicomError: A file cannot be read or contradicts itself, ROIs and dose have different
            frames of reference, or the dose belongs to another plan.
    """
    method = Method(
        end_caps=end_caps, between=between, dose_interpolation=dose_interpolation, engine=engine
    )
    doses = [rtdose] if isinstance(rtdose, str | Path) else list(rtdose)
    plans = () if rtplan is None else (rtplan,)
    return list(calculate(rtstruct, doses, rtplans=plans, rois=rois, method=method).dvhs)


def calculate(  # noqa: PLR0913 - files, what of them, and how
    rtstruct: Path,
    rtdoses: Sequence[Path],
    *,
    rtplans: Sequence[Path] = (),
    rois: Sequence[str] | None = None,
    method: Method,
    policy: DosePolicy | None = None,
) -> Calculation:
    """Calculate DVHs as ``dvhs_of_files`` does, and tell about the dose.

    Args:
        rtstruct: File of the RT Structure Set.
        rtdoses: Files of RT Dose.
        rtplans: Files of RT Plan.
        rois: Names or patterns of ROIs; None means all.
        method: How.
        policy: What may be done to get one dose. A single dose is taken whether its plan is
            approved or not: it was named.

    Raises:
        InputError: See ``dvhs_of_files``.
        DicomError: Likewise.
    """
    structures = read_rtstruct(Path(rtstruct))
    every = rois_of(structures)
    chosen = choose_rois(every, rois)
    paths, plans = [Path(path) for path in rtdoses], [Path(path) for path in rtplans]
    if method.engine == "dicompyler":
        return _by_dicompyler(structures, chosen, paths, plans, method)
    if len(paths) == 1:
        _check_plans(plans, read_candidate(paths[0]))
    policy = policy or DosePolicy()
    if len(paths) == 1:
        policy = replace(policy, include_unapproved=True)
    dose = select_dose(paths, plans=plans, policy=policy)
    flagged = _in_frame(chosen, dose.grid)
    within = [roi for roi, flag in flagged if flag != Flag.OTHER_FRAME]
    found = iter(exact.calculate(within, dose.grid, method, lambda: _slice_spacing_mm(every)))
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


def _check_plans(rtplans: Sequence[Path], dose: Candidate) -> None:
    """Refuse a dose that is of none of the plans that are given.

    Raises:
        DicomError: The dose refers to other plans only; names them.
    """
    plans = [read_rtplan(path) for path in rtplans]
    if not {str(plan.SOPInstanceUID) for plan in plans} & set(dose.plan_uids):
        for plan in plans:
            check_plan_of_dose(plan, dose.dataset)


def _in_frame(rois: Sequence[Roi], grid: DoseGrid) -> list[tuple[Roi, Flag | None]]:
    """Tell which ROIs are in the dose's frame of reference.

    Raises:
        DicomError: None of them is; names both frames.
    """
    flagged = [(roi, frame_flag(roi, grid)) for roi in rois]
    if flagged and all(flag == Flag.OTHER_FRAME for _, flag in flagged):
        roi = rois[0]
        msg = (
            f"ROI {roi.number} is drawn in frame of reference {roi.frame_of_reference_uid}, and "
            f"the dose {grid.uid} is in {grid.frame_of_reference_uid}"
        )
        raise DicomError(roi.rtstruct_uid, msg)
    return flagged


def _slice_spacing_mm(rois: Sequence[Roi]) -> float | None:
    """Measure how far apart the axial slices are that ROIs were drawn on; None when unknown."""
    gaps_mm: list[float] = []
    for roi in rois:
        heights_mm = [float(points[0, 2]) for points in contours_of(roi).points_mm]
        gaps = np.diff(np.unique(np.round(heights_mm, 2)))
        gaps_mm += gaps[gaps > 0.05].tolist()
    return float(np.median(gaps_mm)) if gaps_mm else None


def _by_dicompyler(
    structures: Dataset,
    rois: Sequence[Roi],
    rtdoses: Sequence[Path],
    rtplans: Sequence[Path],
    method: Method,
) -> Calculation:
    """Let dicompyler-core calculate, which takes one dose."""
    if len(rtdoses) != 1:
        msg = f"dicompyler-core takes one RTDOSE, and there are {len(rtdoses)}"
        raise InputError(msg)
    dose = read_candidate(rtdoses[0])
    check_frame_of_reference(structures, dose.dataset, rois)
    _check_plans(rtplans, dose)
    flags = (Flag.SUM_OF_PLANS,) if dose.is_of_plans else ()
    dvhs = [
        replace(dvh, method=method.text, flags=(*dvh.flags, *flags))
        for dvh in dicompyler.calculate(rois, dose.dataset)
    ]
    return Calculation(tuple(dvhs), (dose.uid,), (), dose.plan_uids, dose.is_of_plans)
