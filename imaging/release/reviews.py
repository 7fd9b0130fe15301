"""What a person has looked at: single instances with the content they had then, and no others."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from imaging.dicom.deidentify.rewriting import read_header, write_object
from imaging.errors import InputError
from imaging.release.place import ReleaseFolder
from imaging.release.record import InstanceRecord, PatientRecord, SeriesRecord


def instance_key(uid: str, mark: str) -> str:
    """Name an instance together with its content: other content under the same UID is another.

    Args:
        uid: The new SOPInstanceUID.
        mark: As `InstanceRecord` has it.
    """
    return f"{uid} {mark}"


def reviewed_instances(
    place: ReleaseFolder, series_uids: Iterable[str], before: Iterable[str], run_id: str
) -> frozenset[str]:
    """Return what has been reviewed, as `instance_key` names it; a run keeps to that.

    Args:
        place: The release; its records say what was held back until now.
        series_uids: New SeriesInstanceUIDs that a person has found clean.
        before: What was reviewed before.
        run_id: The run that begins. What an earlier start of the same run held back was not there
            when the person looked.

    Raises:
        InputError: Some UIDs name no series of which anything was held back.
    """
    reviewed = frozenset(before)
    wanted = {uid.strip() for uid in series_uids} - {""}
    known: set[str] = set()
    looked_at: set[str] = set()
    for earlier_run, series in _series_of(place) if wanted else ():
        keys = {instance_key(uid, one.mark): one for uid, one in series.instances.items()}
        if any(one.held_back or key in reviewed for key, one in keys.items()):
            known.add(series.series)
        if series.series in wanted and earlier_run != run_id:
            looked_at |= {key for key, one in keys.items() if _is_shown(one, place)}
    if unknown := len(wanted - known):
        msg = (
            f"{unknown} of the {len(wanted)} UIDs in reviewed_series name no series of which"
            f" anything was held back in the release {place.name}; they are those of the column"
            f" series_instance_uid in {place.held_back_table.name}"
        )
        raise InputError(msg)
    return reviewed | looked_at


def release_looked_at(copy: Path, target: Path) -> None:
    """Write the copy that was made for looking at as what leaves, wholly or not at all.

    A person found no name in its pixels, so an object that speaks of annotation says NO
    (BurnedInAnnotation: PS3.3, C.7.6.1).
    """
    with copy.open("rb") as file:
        opened = read_header(file, copy.name)
        if "BurnedInAnnotation" in opened.dataset:
            opened.dataset.BurnedInAnnotation = "NO"
        write_object(target, opened.dataset, file, opened)


def _is_shown(one: InstanceRecord, place: ReleaseFolder) -> bool:
    """Whether a copy of what was held back lies there to be looked at."""
    return bool(one.held_back and one.file) and (place.held_back / one.file).exists()


def _series_of(place: ReleaseFolder) -> Iterator[tuple[str, SeriesRecord]]:
    """Yield every series that records tell of, with the run that looked at it last."""
    for record in map(PatientRecord.read_or_none, place.all_records()):
        if record is not None:
            yield from ((record.run_id, series) for series in record.series.values())
