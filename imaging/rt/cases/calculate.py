"""DVHs of one case: calculated once and kept, drawn anew when other metrics or goals are asked."""

import hashlib
import json
import logging
import traceback
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

from imaging.errors import InputError
from imaging.files import write_whole
from imaging.rt.cases.draw import draw_case
from imaging.rt.cases.options import DvhCase, DvhOptions
from imaging.rt.cases.store import StoredCase, clear_case, load_case, store_case, store_words
from imaging.rt.cases.tables import CaseDVHs
from imaging.rt.compute import calculate
from imaging.rt.dvh import DVH
from imaging.rt.files.objects import read_rtdose, read_rtstruct, roi_colours
from imaging.rt.files.prescriptions import Prescription, prescription_of
from imaging.rt.files.rois import Roi, choose_rois, rois_of
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.indices import body_of, is_body
from imaging.rt.planned.copies import write_dvhs_copy
from imaging.rt.planned.stored import PlannedDvhs, planned_dvhs
from imaging.rt.thinning import thinned

log = logging.getLogger(__name__)

_PARTS = ("imaging-flows", "dicompyler-core", "numba")  # another version may calculate otherwise
_THINNED = 1e-5  # of the volume: how far a stored curve may be from the calculated one ...
_THINNED_CC = 3e-4  # ... and no more than this, so that D0.03cc of a whole body is right


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case went.

    Attributes:
        folder: Holds `case.json`, `metrics`, `curves`, `dvh.png` and `dvh.html`.
        reused: Whether files and options were those of the last time, so nothing was calculated.
        failure: Why there is no result; "" where there is one.
    """

    case: DvhCase
    folder: Path
    reused: bool = False
    failure: str = ""


def calculate_case(case: DvhCase, options: DvhOptions, folder: Path) -> CaseResult:
    """Calculate one case into `<folder>/cases/<case id>`, unless that is there and unchanged.

    What is wrong with the case's files or ROIs is its own failure, and returned as such.
    """
    target = folder / "cases" / case.case_id
    try:
        reused = _up_to_date(case, options, folder, target)
    except (InputError, OSError) as error:
        clear_case(target)
        log.warning("%s: no DVHs: %s", case.case_id, error)
        return CaseResult(case, target, failure=str(error))
    except Exception as error:  # noqa: BLE001 - the case's boundary: recorded, the others go on
        clear_case(target)
        # Beside the data, not in the log: a library's message may quote a patient's name.
        trace = write_whole(target / "error.txt", traceback.format_exc())
        log.warning("%s: no DVHs: %s, see %s", case.case_id, type(error).__name__, trace)
        return CaseResult(case, target, failure=f"unforeseen {type(error).__name__}, see {trace}")
    return CaseResult(case, target, reused=reused)


def _up_to_date(case: DvhCase, options: DvhOptions, folder: Path, target: Path) -> bool:
    """Bring a case's folder up to date, and say whether its curves were already."""
    key, shown = _key(case, options), _shown(options)
    stored = load_case(target, options.alpha_beta_gy)
    reused = stored is not None and stored.key == key
    if stored is None or not reused:
        clear_case(target)
        stored = _calculated(case, options, key)
    if not reused or stored.shown != shown or not (target / "dvh.html").exists():
        stored = replace(stored, shown=shown)
        draw_case(stored, options, target, folder)
        if options.write_dvhs:
            _write_copy(case, stored, target)
        (store_words if reused else store_case)(target, stored)
    return reused


def _key(case: DvhCase, options: DvhOptions) -> str:
    """Fingerprint everything that the curves depend on."""
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in case.files]
    versions = [version(part) for part in _PARTS]
    policy = None if options.policy is None else asdict(options.policy)
    asked = [options.rois, options.needs_body, asdict(options.method), policy]
    said = json.dumps([stats, case.course, asked, options.prescription_gy, versions])
    return hashlib.sha256(said.encode()).hexdigest()


def _shown(options: DvhOptions) -> str:
    """Fingerprint everything that pictures and pages depend on beside the curves."""
    goals = None if options.goals is None else asdict(options.goals)
    said = [options.metrics, goals, dict(options.alpha_beta_gy), options.write_dvhs]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _calculated(case: DvhCase, options: DvhOptions, key: str) -> StoredCase:
    """Calculate the curves, and read what else the files say."""
    every = rois_of(read_rtstruct(case.rtstruct))
    external = tuple(roi.number for roi in every if roi.interpreted_type == "EXTERNAL")
    found = calculate(
        case.rtstruct,
        case.rtdoses,
        rtplans=case.rtplans,
        rois=_wanted(every, external, options),
        method=options.method,
        policy=options.policy,
    )
    dvhs = tuple(_thin(dvh) for dvh in found.dvhs)
    prescribed = _prescription(case, options)
    plan = PlanContext(
        prescription_gy=prescribed.dose_gy,
        fractions=prescribed.fractions,
        body=body_of(dvhs, external),
        alpha_beta_gy=options.alpha_beta_gy,
    )
    return StoredCase(
        key=key,
        case=CaseDVHs(case.case_id, dvhs, plan, case.course),
        colours=roi_colours(case.rtstruct),
        prescribed_by=prescribed.source,
        notes=found.notes,
        external=external,
        planned=_planned(case),
    )


def _wanted(
    rois: list[Roi], external: tuple[int, ...], options: DvhOptions
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


def _prescription(case: DvhCase, options: DvhOptions) -> Prescription:
    """Find what 100 % means: what was asked, else what the one plan states."""
    plan = prescription_of(case.rtplans[0]) if len(case.rtplans) == 1 else Prescription.unknown()
    if options.prescription_gy is None:
        return plan
    return replace(plan, dose_gy=options.prescription_gy, source="the parameter prescription_gy")


def _planned(case: DvhCase) -> PlannedDvhs:
    """Read the planning system's own DVHs, of a single dose and of this structure set."""
    if len(case.rtdoses) != 1:
        return PlannedDvhs((), (), "")
    planned = planned_dvhs(read_rtdose(case.rtdoses[0]))
    own = str(read_rtstruct(case.rtstruct).SOPInstanceUID)
    if planned.structure_set_uid not in ("", own):
        reason = f"they are of another structure set, {planned.structure_set_uid}"
        return PlannedDvhs((), (*planned.left_out, reason), planned.structure_set_uid)
    return planned


def _write_copy(case: DvhCase, stored: StoredCase, target: Path) -> None:
    """Write the DVHs into a copy of the dose."""
    if len(case.rtdoses) != 1:
        msg = f"DVHs are written into a copy of one RTDOSE, and there are {len(case.rtdoses)}"
        raise InputError(msg)
    own = str(read_rtstruct(case.rtstruct).SOPInstanceUID)
    write_dvhs_copy(case.rtdoses[0], target / "rtdose-with-dvhs.dcm", stored.case.dvhs, own)
