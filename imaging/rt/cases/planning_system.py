"""A case and its planning system: the DVHs that it sent, and ours in a copy of the dose for it.

Neither decides whether a case has a result: what goes wrong here is said in a sentence.
"""

from collections.abc import Sequence
from pathlib import Path

from imaging.dicom.reading import UNREADABLE
from imaging.errors import InputError
from imaging.rt.cases.options import DvhCase
from imaging.rt.cases.store import COPY, StoredCase
from imaging.rt.dvh import DVH
from imaging.rt.files.objects import read_rtdose, sop_instance_uid
from imaging.rt.planned.comparison import comparison_table
from imaging.rt.planned.copies import write_dvhs_copy
from imaging.rt.planned.stored import PlannedDvhs, planned_dvhs


def planned_of_case(
    case: DvhCase, dvhs: Sequence[DVH], dose_uids: Sequence[str], rtstruct_uid: str
) -> PlannedDvhs:
    """Read the planning system's own DVHs, of the one dose used and of this structure set.

    Args:
        case: Its files.
        dvhs: Ours, which the others will be compared with.
        dose_uids: SOP Instance UIDs of the RTDOSEs that were used.
        rtstruct_uid: SOP Instance UID of the structure set.
    """
    path = _dose_file(case, dose_uids)
    if path is None:
        return PlannedDvhs((), (), "")
    try:
        planned = planned_dvhs(read_rtdose(path))
        comparison_table([(case.case_id, dvhs, planned)])  # fails here rather than in a table
    except Exception as error:  # noqa: BLE001 - they are a bonus: whatever they are, the case goes on
        return PlannedDvhs((), (f"they cannot be used ({type(error).__name__})",), "")
    if planned.structure_set_uid not in ("", rtstruct_uid):
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
