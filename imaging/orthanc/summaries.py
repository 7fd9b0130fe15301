"""Turns Orthanc's answers about a batch of patients into rows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from imaging.dicom.references import RT_MODALITIES
from imaging.dicom.rows import InstanceRow, PatientRow, RtReferences, SeriesRow, StudyRow
from imaging.dicom.tags import is_image, series_tags, tag_text, vector
from imaging.orthanc.client import OrthancClient
from imaging.orthanc.objects import Objects

_CONNECTIONS = 2  # more were slower: parsing what comes takes one core anyway

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Study:
    """A study as the first query lists it.

    Attributes:
        orthanc_id: Made of PatientID and StudyInstanceUID: two patients never share it.
        row: The study, its series still to be found. PatientName is that of this study: Orthanc's
            patient has the name that came first.
    """

    orthanc_id: str
    row: StudyRow

    @classmethod
    def from_answer(cls, answer: Answer) -> "Study":
        """Read one expanded study."""
        tags = answer["MainDicomTags"]
        row = StudyRow(
            study_instance_uid=tag_text(tags, "StudyInstanceUID"),
            study_date=tag_text(tags, "StudyDate"),
            description=tag_text(tags, "StudyDescription"),
            series=(),
            stable=answer["IsStable"],
            patient_name=tag_text(answer["PatientMainDicomTags"], "PatientName"),
        )
        return cls(answer["ID"], row)


def summarise(
    client: OrthancClient, patients: Mapping[str, Sequence[Study]], query: Mapping[str, str]
) -> Iterator[PatientRow]:
    """Yield the rows of ``patients``, in their order.

    Args:
        client: Orthanc.
        patients: Their studies, by PatientID.
        query: Matches at least the series and instances of these studies.

    Raises:
        ServerFaultError: Orthanc's index works, but it can give no object at all.
    """
    uids = {s.orthanc_id: s.row.study_instance_uid for own in patients.values() for s in own}
    rows = _series_rows(client, uids, query)
    for patient_id, own in patients.items():
        filled = (replace(study.row, series=tuple(rows[study.orthanc_id])) for study in own)
        yield PatientRow(patient_id, tuple(filled)).in_order()


def _series_rows(
    client: OrthancClient, uids: Mapping[str, str], query: Mapping[str, str]
) -> Mapping[str, list[SeriesRow]]:
    """Return the series of studies by the studies' Orthanc ids, whose UIDs are given."""
    series = [found for found in client.find("Series", query) if found["ParentStudy"] in uids]
    instances = defaultdict(list)
    for found in client.find("Instance", query):
        instances[found["ParentSeries"]].append(found)
    objects = Objects(client)

    def row_of(found: Answer) -> SeriesRow:
        return _series_row(objects, uids[found["ParentStudy"]], found, instances[found["ID"]])

    rows = defaultdict(list)
    with ThreadPoolExecutor(_CONNECTIONS, "orthanc-read") as pool:
        for found, row in zip(series, pool.map(row_of, series), strict=True):
            rows[found["ParentStudy"]].append(row)
    objects.judge()
    return rows


def _series_row(
    objects: Objects, study_instance_uid: str, series: Answer, instances: list[Answer]
) -> SeriesRow:
    """Make a series' row, with one request for an image series, or one for each RT object."""
    tags = series["MainDicomTags"]
    modality = tag_text(tags, "Modality")
    orthanc_ids = {found["MainDicomTags"]["SOPInstanceUID"]: found["ID"] for found in instances}
    references: list[RtReferences] = []
    unreadable: dict[str, str] = {}
    if modality in RT_MODALITIES:
        for uid, orthanc_id in sorted(orthanc_ids.items()):
            found = objects.references(modality, orthanc_id)
            if isinstance(found, str):
                unreadable[uid] = found
            else:
                references.append(found)
    elif orthanc_ids and is_image(modality):
        tags = objects.tags(orthanc_ids[min(orthanc_ids)]) or tags
    return SeriesRow(
        series_instance_uid=series["MainDicomTags"]["SeriesInstanceUID"],
        study_instance_uid=study_instance_uid,
        modality=modality,
        instances=tuple(_instance_row(found) for found in instances),
        tags=series_tags(tags, modality),
        references=tuple(references),
        unreadable=unreadable,
    )


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
