"""A case and its planning system: the DVHs that it sent, and ours in a copy of the dose for it.

Neither decides whether a case has a result: what goes wrong here is said in a sentence.
"""

from collections.abc import Sequence
from pathlib import Path

from imaging.dicom.reading import UNREADABLE
from imaging.errors import InputError
from imaging.rt.cases.options import DvhCase
from imaging.rt.cases.store import COPY, TRACE_OF_PLANNED, StoredCase, write_trace
from imaging.rt.files.objects import sop_instance_uid
from imaging.rt.inputs import RtObjects
from imaging.rt.planned.copies import write_dvhs_copy
from imaging.rt.planned.stored import PlannedDvhs, planned_dvhs


def planned_of_case(objects: RtObjects, dose_uids: Sequence[str], folder: Path) -> PlannedDvhs:
    """Take the planning system's own DVHs, of the one dose used and of this structure set.

    Args:
        objects: Of the case.
        dose_uids: SOP Instance UIDs of the RTDOSEs that were used.
        folder: Of the case, for the trace of an unforeseen error.
    """
    if len(dose_uids) != 1:
        return PlannedDvhs()
    rtdose = next(dose.dataset for dose in objects.doses if dose.uid == dose_uids[0])
    try:
        planned = planned_dvhs(rtdose)
    except Exception as error:  # noqa: BLE001 - they are a bonus: recorded, and the case goes on
        trace = write_trace(folder, TRACE_OF_PLANNED)
        reason = f"they cannot be used ({type(error).__name__}, see {trace.name})"
        return PlannedDvhs(left_out=(reason,))
    if planned.structure_set_uid not in ("", objects.rtstruct_uid):
        reason = f"they are of another structure set, {planned.structure_set_uid}"
        return PlannedDvhs((), (*planned.left_out, reason), planned.structure_set_uid)
    return planned


def write_copy(case: DvhCase, stored: StoredCase, folder: Path) -> str:
    """Write the DVHs into a copy of the dose, instead of an earlier one.

    Returns:
        A sentence why there is no copy; "" where there is one.
    """
    copy = folder / COPY
    copy.unlink(missing_ok=True)
    path = _dose_file(case, stored.dose_uids)
    if path is None:
        return f"No copy of the dose was written: it is made of {len(stored.dose_uids)} RTDOSEs."
    try:
        write_dvhs_copy(path, copy, stored.case.dvhs, sop_instance_uid(case.rtstruct))
    except InputError as error:
        return f"No copy of the dose was written: {error}."
    except (OSError, *UNREADABLE) as error:
        return f"No copy of the dose was written ({type(error).__name__})."
    return ""


def _dose_file(case: DvhCase, dose_uids: Sequence[str]) -> Path | None:
    """Find the file of the one dose that was used; None where doses were added."""
    if len(dose_uids) != 1:
        return None
    if len(case.rtdoses) == 1:
        return case.rtdoses[0]
    return next((path for path in case.rtdoses if sop_instance_uid(path) == dose_uids[0]), None)
