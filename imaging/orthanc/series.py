"""Turns Orthanc's answers about one series into its row, looking into as little as it can."""

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, NamedTuple

from imaging.dicom.references import RT_MODALITIES, Tags
from imaging.dicom.rows import InstanceRow, SeriesRow
from imaging.dicom.tags import is_image, series_tags, tag_text, vector
from imaging.orthanc.matrices import matrices
from imaging.orthanc.objects import Objects

Answer = dict[str, Any]


class Person(NamedTuple):
    """Whom an object names: PatientName and PatientBirthDate, "" where absent."""

    name: str
    birth_date: str


class ReadSeries(NamedTuple):
    """A series' row, and whom the objects name that were looked into for it."""

    row: SeriesRow
    people: frozenset[Person]


def read_series(
    objects: Objects, study_instance_uid: str, series: Answer, instances: Sequence[Answer]
) -> ReadSeries:
    """Make a series' row, with one request for an image series, or one for each RT object."""
    tags: Tags = series["MainDicomTags"]
    modality = tag_text(tags, "Modality")
    row = SeriesRow(
        series_instance_uid=tag_text(tags, "SeriesInstanceUID"),
        study_instance_uid=study_instance_uid,
        modality=modality,
        instances=tuple(map(_instance_row, instances)),
        tags=series_tags(tags, modality),
    )
    if modality in RT_MODALITIES:
        return _rt_series(objects, row)
    if instances and is_image(modality):
        return _image_series(objects, row)
    return ReadSeries(row, frozenset())


def _rt_series(objects: Objects, row: SeriesRow) -> ReadSeries:
    orthanc_ids = {one.sop_instance_uid: one.locator for one in row.instances}
    references, unreadable = objects.all_references(row.modality, orthanc_ids)
    filled = replace(
        row,
        references=references,
        unreadable=unreadable,
        is_doubtful=objects.has_failed_over(orthanc_ids.values()),
    )
    people = (Person(one.patient_name, one.patient_birth_date) for one in references)
    return ReadSeries(filled, frozenset(people))


def _image_series(objects: Objects, row: SeriesRow) -> ReadSeries:
    """Look into the first image, and into one of each further size."""
    seen: list[dict[str, Any]] = []

    def ask(orthanc_id: str) -> dict[str, Any]:
        seen.append(objects.tags(orthanc_id))
        return seen[-1]

    first = min(row.instances, key=attrgetter("sop_instance_uid")).locator
    sizes = {one.locator: one.size for one in row.instances}
    tags = ask(first)
    known = matrices(sizes, first, tags, ask)
    filled = replace(
        row,
        instances=tuple(replace(one, matrix=known.get(one.locator, ())) for one in row.instances),
        tags=series_tags(tags, row.modality) if tags else row.tags,
        is_doubtful=objects.has_failed_over(sizes),
    )
    people = (
        Person(tag_text(one, "PatientName"), tag_text(one, "PatientBirthDate")) for one in seen
    )
    return ReadSeries(filled, frozenset(people))


def _instance_row(found: Answer) -> InstanceRow:
    tags = found["MainDicomTags"]
    return InstanceRow(
        sop_instance_uid=tags["SOPInstanceUID"],
        size=int(found["FileSize"]),
        fingerprint=found["FileUuid"],
        locator=found["ID"],
        position_mm=vector(tag_text(tags, "ImagePositionPatient")),
        orientation=vector(tag_text(tags, "ImageOrientationPatient")),
    )
