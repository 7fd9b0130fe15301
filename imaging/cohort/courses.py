"""Courses: the studies of a patient that belong to one treatment, by references and by dates."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from imaging.cohort.objects import Chain
from imaging.dicom import SeriesRow, StudyRow


@dataclass(frozen=True, slots=True)
class Course:
    """One treatment: what was imaged, planned and calculated for it.

    Attributes:
        number: 1 for the earliest.
        dates: StudyDates, sorted; empty where none is stated.
        study_uids: StudyInstanceUIDs, sorted.
        series_uids: SeriesInstanceUIDs.
        complete: How many complete chains are in it.
    """

    number: int
    dates: tuple[str, ...]
    study_uids: tuple[str, ...]
    series_uids: frozenset[str]
    complete: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the course as it stands in the notes."""
        return {
            "course": self.number,
            "study_dates": list(self.dates),
            "study_instance_uids": list(self.study_uids),
            "series": len(self.series_uids),
            "complete_chains": self.complete,
        }


def courses_of(
    studies: Sequence[StudyRow], chains: Sequence[Chain], days_apart: int
) -> list[Course]:
    """Group a patient's studies into courses.

    Series belong together when one refers to the other, when they share a frame of reference or a
    study, when a complete chain holds both, and when their studies are no more than ``days_apart``
    apart. What has no date joins by references alone.
    """
    groups = _Groups(row.series_instance_uid for study in studies for row in study.series)
    for study in studies:
        groups.join(row.series_instance_uid for row in study.series)
    for chain in chains:
        groups.join(chain.series_uids)
    for linked in _linked([row for study in studies for row in study.series]):
        groups.join(linked)
    _join_by_date(groups, studies, days_apart)
    found = [_course(uids, studies) for uids in groups.all() if uids]
    found.sort(key=lambda course: (course.dates or ("",), course.study_uids))
    return [
        Course(
            number,
            course.dates,
            course.study_uids,
            course.series_uids,
            sum(chain.series_uids <= course.series_uids for chain in chains),
        )
        for number, course in enumerate(found, start=1)
    ]


def course_of(chain: Chain, courses: Sequence[Course]) -> Course:
    """Return the course that a chain is part of."""
    return next(course for course in courses if chain.series_uids <= course.series_uids)


class _Groups:
    """Disjoint sets of names, joined as it turns out that they belong together."""

    def __init__(self, names: Iterable[str]) -> None:
        self._group = {name: {name} for name in names}

    def join(self, names: Iterable[str]) -> None:
        """Make the groups of these names one; a name that is not there is passed over."""
        groups = [self._group[name] for name in names if name in self._group]
        if not groups:
            return
        union = set().union(*groups)
        for name in union:
            self._group[name] = union

    def all(self) -> list[frozenset[str]]:
        """Return every group once."""
        return list(dict.fromkeys(map(frozenset, self._group.values())))


def _linked(series: Sequence[SeriesRow]) -> Iterator[list[str]]:
    """Yield series that refer to each other, or share a frame of reference."""
    owner = {i.sop_instance_uid: row.series_instance_uid for row in series for i in row.instances}
    frames: dict[str, list[str]] = {}
    for row in series:
        uid = row.series_instance_uid
        if frame := row.tags.get("FrameOfReferenceUID", ""):
            frames.setdefault(frame, []).append(uid)
        for refers in row.references:
            for frame in refers.frame_of_reference_uids:
                frames.setdefault(frame, []).append(uid)
            objects = (
                *refers.structure_set_uids,
                *refers.plan_uids,
                *refers.related_plan_uids,
                *refers.image_uids,
            )
            yield [uid, *refers.series_uids, *{owner[one] for one in objects if one in owner}]
    yield from frames.values()


def _join_by_date(groups: _Groups, studies: Sequence[StudyRow], days_apart: int) -> None:
    """Join studies that follow each other within some days."""
    dated = sorted(
        (day, study.study_instance_uid, study)
        for study in studies
        if study.series and (day := day_of(study.study_date)) is not None
    )
    for (day, _, study), (next_day, _, following) in pairwise(dated):
        if (next_day - day).days <= days_apart:
            groups.join(
                [study.series[0].series_instance_uid, following.series[0].series_instance_uid]
            )


def _course(series_uids: frozenset[str], studies: Sequence[StudyRow]) -> Course:
    own = [
        study
        for study in studies
        if any(row.series_instance_uid in series_uids for row in study.series)
    ]
    return Course(
        0,
        tuple(sorted({study.study_date for study in own if study.study_date})),
        tuple(sorted(study.study_instance_uid for study in own)),
        series_uids,
    )


def day_of(text: str) -> date | None:
    """Read a DICOM date; None where it is absent or is none."""
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007 - dates have no zone
    except ValueError:
        return None
