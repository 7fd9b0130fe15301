"""DVHs of one case: calculated once and kept, drawn anew when other metrics or goals are asked."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import Dataset

from imaging.errors import InputError
from imaging.rt.cases.draw import draw_case, is_drawn
from imaging.rt.cases.keys import key_of, shown_of
from imaging.rt.cases.options import DvhCase, DvhOptions
from imaging.rt.cases.planning_system import planned_of_case, write_copy
from imaging.rt.cases.store import (
    COPY,
    TRACE,
    StoredCase,
    clear_case,
    load_case,
    store_case,
    store_words,
    write_trace,
)
from imaging.rt.cases.tables import CaseDVHs
from imaging.rt.compute import Calculation, calculate
from imaging.rt.dvh import DVH
from imaging.rt.files.prescriptions import Prescription, prescription_of
from imaging.rt.files.rois import Roi, choose_rois, colours_of
from imaging.rt.inputs import RtObjects, read_objects
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.indices import body_of, is_body
from imaging.rt.thinning import thinned

log = logging.getLogger(__name__)

_THINNED = 1e-5  # of the volume: how far a stored curve may be from the calculated one ...
_THINNED_CC = 3e-4  # ... and no more than this, so that D0.03cc of a whole body is right


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case went.

    Attributes:
        folder: Holds `case.json`, `metrics`, `curves`, `dvh.png` and `dvh.html`.
        reused: Whether files and options were those of the last time, so nothing was calculated.
        failure: Why there is no result; "" where there is one.
        key: What the curves in the folder depend on; another run may replace them.
        shown: What the pages in the folder show beside the curves.
    """

    case: DvhCase
    folder: Path
    reused: bool = False
    failure: str = ""
    key: str = ""
    shown: str = ""


def calculate_case(case: DvhCase, options: DvhOptions, folder: Path) -> CaseResult:
    """Calculate one case into `<folder>/cases/<case id>`, unless that is there and unchanged.

    What is wrong with the case's files or ROIs is its own failure, and returned as such.
    """
    target = folder / "cases" / case.case_id
    try:
        return _up_to_date(case, options, folder, target)
    except (InputError, OSError) as error:
        _forget(target)
        reason = _reason(error, case, target)
    except Exception as error:  # noqa: BLE001 - the case's boundary: recorded, the others go on
        _forget(target)
        reason = f"unforeseen {type(error).__name__}, see {write_trace(target)}"
    log.warning("%s: no DVHs: %s", case.case_id, reason)
    return CaseResult(case, target, failure=reason)


def _up_to_date(case: DvhCase, options: DvhOptions, folder: Path, target: Path) -> CaseResult:
    """Bring a case's folder up to date, and say whether its curves were already."""
    key, shown = key_of(case, options), shown_of(options)
    (target / TRACE).unlink(missing_ok=True)
    stored = load_case(target, options.alpha_beta_gy)
    reused = stored is not None and stored.key == key
    if stored is None or not reused:
        clear_case(target)
        stored = replace(dvhs_of_case(case, options, target), key=key)
    elif stored.shown == shown and is_drawn(stored, options, target):
        return CaseResult(case, target, reused=True, key=key, shown=shown)
    else:
        store_words(target, replace(stored, shown=""))  # half drawn, it must not pass for whole
    if options.write_dvhs:
        stored = replace(stored, no_copy=write_copy(case, stored, target))
    else:
        (target / COPY).unlink(missing_ok=True)
        stored = replace(stored, no_copy="")
    stored = replace(stored, shown=shown)
    draw_case(stored, options, target, folder)
    (store_words if reused else store_case)(target, stored)
    return CaseResult(case, target, reused=reused, key=key, shown=shown)


def _forget(target: Path) -> None:
    """Clear what was calculated before; where that is not possible, the failure is said anyway."""
    with suppress(OSError):
        clear_case(target)


def _reason(error: InputError | OSError, case: DvhCase, target: Path) -> str:
    """Say what is wrong; of a file say what it is, as its path may hold a patient's name."""
    if not isinstance(error, OSError):
        return str(error)
    said = error.strerror or type(error).__name__
    if error.filename is None:
        return said
    path = Path(str(error.filename))
    if path.is_relative_to(target):
        return f"{path.name}: {said}"
    roles = {
        **dict.fromkeys(case.rtplans, "an RTPLAN"),
        **dict.fromkeys(case.rtdoses, "an RTDOSE"),
        case.rtstruct: "the RTSTRUCT",
    }
    return f"{roles.get(path, 'a file')}: {said}"


def dvhs_of_case(case: DvhCase, options: DvhOptions, folder: Path) -> StoredCase:
    """Calculate the curves, and take from the files what else they say; nothing is stored.

    Args:
        case: Its files.
        options: ROIs, method and dose.
        folder: Where a trace of the planning system's DVHs goes that cannot be read.

    Returns:
        The DVHs; its ``key`` is empty, as they belong to no stored files yet.

    Raises:
        InputError: A file, an ROI or the dose is not fit.
    """
    objects = read_objects(case.rtstruct, case.rtdoses, case.rtplans)
    external = tuple(roi.number for roi in objects.rois if roi.interpreted_type == "EXTERNAL")
    wanted = _wanted(objects.rois, external, options)
    policy = options.policy
    if case.sums_plans and not policy.sum_plans:
        uids = tuple(str(plan.SOPInstanceUID) for plan in objects.plans)
        policy = replace(policy, sum_plans=uids)
    found = calculate(objects, rois=wanted, method=options.method, policy=policy)
    every_dvh = [_thin(dvh) for dvh in found.dvhs]
    asked = {roi.number for roi in choose_rois(objects.rois, options.rois or None)}
    prescribed = _prescription(objects, options, found)
    plan = PlanContext(
        prescription_gy=prescribed.dose_gy,
        fractions=prescribed.fractions,
        body=body_of(every_dvh, external),
        alpha_beta_gy=options.alpha_beta_gy,
    )
    dvhs = tuple(dvh for dvh in every_dvh if dvh.roi_number in asked)
    return StoredCase(
        key="",
        case=CaseDVHs(case.case_id, dvhs, plan, case.course),
        colours=colours_of(objects.rois),
        prescribed_by=prescribed.source,
        notes=found.notes,
        external=external,
        unasked=tuple(dvh for dvh in every_dvh if dvh.roi_number not in asked),
        dose_uids=found.dose_uids,
        planned=planned_of_case(objects, found.dose_uids, folder),
    )


def _wanted(
    rois: Sequence[Roi], external: tuple[int, ...], options: DvhOptions
) -> tuple[str, ...] | None:
    """Return the ROIs to calculate; the body is one where a metric needs its isodoses."""
    if not options.rois:
        return None
    choose_rois(rois, options.rois)  # refuses what is not there, before names are added
    if not options.needs_body:
        return options.rois
    bodies = [roi.name for roi in rois if roi.number in external or is_body(roi.name)]
    return (*options.rois, *bodies)


def _thin(dvh: DVH) -> DVH:
    """Leave out points of a curve that lie on the line between others."""
    if dvh.is_empty:
        return dvh
    share = min(_THINNED, _THINNED_CC / dvh.dosed_cc)
    dose_gy, cumulative_cc = thinned(dvh.dose_gy, dvh.cumulative_cc, share)
    return replace(dvh, dose_gy=dose_gy, cumulative_cc=cumulative_cc)


def _prescription(objects: RtObjects, options: DvhOptions, found: Calculation) -> Prescription:
    """Find what 100 % means: what was asked, else what the dose's one plan states."""
    of_dose = _plan_of(objects.plans, found)
    plan = Prescription.unknown() if of_dose is None else prescription_of(of_dose)
    if options.policy.prescription_gy is None:
        return plan
    source = "the parameter prescription_gy"
    return replace(plan, dose_gy=options.policy.prescription_gy, source=source)


def _plan_of(plans: Sequence[Dataset], found: Calculation) -> Dataset | None:
    """Find the dose's plan; None where it has several, or is not given."""
    if found.is_sum_of_plans or len(found.plan_uids) > 1:
        return None
    if not found.plan_uids:
        return plans[0] if len(plans) == 1 else None
    return next((plan for plan in plans if plan.SOPInstanceUID in found.plan_uids), None)
