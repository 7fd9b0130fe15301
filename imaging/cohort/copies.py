"""Copies: the same UIDs in several studies of one patient, which archives keep apart.

A study that was sent again under another StudyInstanceUID, or an RTSTRUCT copied into a second
study, is one object all the same (DICOM PS3.5, 9: a UID names one object, wherever it is).
"""

from collections.abc import Sequence
from dataclasses import replace

from imaging.dicom import InstanceRow, RtReferences, SeriesRow, StudyRow


def without_copies(studies: Sequence[StudyRow]) -> tuple[list[StudyRow], list[str]]:
    """Keep every series and instance once, in the first study that has it.

    Returns:
        The studies, and the SOPInstanceUIDs whose copies differ in length, or that an archive says
        differ: they are not the same object, whatever their UID says.
    """
    homes: dict[str, SeriesRow] = {}
    seen: dict[str, InstanceRow] = {}
    differing: set[str] = set()
    for study in studies:
        for series in study.series:
            differing.update(series.conflicting)
            known = homes.get(series.series_instance_uid)
            fresh = []
            for row in series.instances:
                first = seen.get(row.sop_instance_uid)
                if first is None:
                    seen[row.sop_instance_uid] = row
                    fresh.append(row)
                elif first.size != row.size:
                    differing.add(row.sop_instance_uid)
            homes[series.series_instance_uid] = _joined(known, series, fresh)
    kept = [_with_series(study, homes) for study in studies]
    return kept, sorted(differing)


def _joined(known: SeriesRow | None, series: SeriesRow, fresh: Sequence[InstanceRow]) -> SeriesRow:
    """Add the instances that are new to what is known of a series."""
    uids = {row.sop_instance_uid for row in fresh}
    references: tuple[RtReferences, ...] = tuple(
        refers for refers in series.references if refers.sop_instance_uid in uids
    )
    unreadable = {uid: why for uid, why in series.unreadable.items() if uid in uids}
    if known is None:
        return replace(series, instances=tuple(fresh), references=references, unreadable=unreadable)
    return replace(
        known,
        instances=(*known.instances, *fresh),
        references=(*known.references, *references),
        unreadable={**known.unreadable, **unreadable},
    )


def _with_series(study: StudyRow, homes: dict[str, SeriesRow]) -> StudyRow:
    """Return a study with the series that are at home in it and hold something."""
    own = [homes[row.series_instance_uid] for row in study.series]
    return replace(
        study,
        series=tuple(
            row
            for row in own
            if row.instances and row.study_instance_uid == study.study_instance_uid
        ),
    )
