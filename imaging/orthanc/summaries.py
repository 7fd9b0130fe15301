"""Turns Orthanc's answers about a batch of patients into rows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from imaging.dicom.references import RT_MODALITIES, Tags
from imaging.dicom.rows import InstanceRow, PatientRow, RtReferences, SeriesRow
from imaging.dicom.tags import is_image, series_tags, tag_text, vector
from imaging.orthanc.client import OrthancClient
from imaging.orthanc.matrices import matrices
from imaging.orthanc.objects import Objects
from imaging.orthanc.studies import Patients, Study, query_for

_MOST_INSTANCES = 10_000  # in one answer, which takes ten megabytes
_CONNECTIONS = 2  # more were slower: parsing what comes takes one core anyway

Answer = dict[str, Any]


def summarise(
    client: OrthancClient, patients: Patients, query: Mapping[str, str]
) -> Iterator[PatientRow]:
    """Yield the rows of ``patients``, in their order.

    Args:
        client: Orthanc.
        patients: Their studies, by PatientID.
        query: Matches at least the series and instances of these studies.

    Raises:
        ServerFaultError: Orthanc's index works, but it can give no object at all.
    """
    studies = {study.orthanc_id for own in patients.values() for study in own}
    series: dict[str, list[Answer]] = defaultdict(list)
    for found in client.find("Series", query):
        if found["ParentStudy"] in studies:
            series[found["ParentStudy"]].append(found)
    groups = list(_groups(patients, series))
    objects = Objects(client)
    for group in groups:
        rows = _rows(client, objects, group, series, query if len(groups) == 1 else None)
        objects.judge()
        for patient_id, own in group.items():
            filled = (replace(one.row, series=tuple(rows[one.orthanc_id])) for one in own)
            yield PatientRow(patient_id, tuple(filled)).in_order()


def _groups(patients: Patients, series: Mapping[str, Sequence[Answer]]) -> Iterator[Patients]:
    """Cut into groups whose instances fit into one answer; usually that is all of them."""
    group: dict[str, Sequence[Study]] = {}
    size = 0
    for name, own in patients.items():
        more = sum(len(one["Instances"]) for study in own for one in series[study.orthanc_id])
        if group and size + more > _MOST_INSTANCES:
            yield group
            group, size = {}, 0
        group[name] = own
        size += more
    if group:
        yield group


def _rows(
    client: OrthancClient,
    objects: Objects,
    patients: Patients,
    series: Mapping[str, Sequence[Answer]],
    query: Mapping[str, str] | None,
) -> Mapping[str, list[SeriesRow]]:
    """Return the series of each study of ``patients`` by its Orthanc id, read side by side."""
    instances: dict[str, list[Answer]] = defaultdict(list)
    for found in client.find("Instance", query_for(patients) if query is None else query):
        instances[found["ParentSeries"]].append(found)
    wanted = [
        (s, found) for own in patients.values() for s in own for found in series[s.orthanc_id]
    ]

    def row_of(pair: tuple[Study, Answer]) -> SeriesRow:
        study, found = pair
        uid = study.row.study_instance_uid
        return _series_row(objects, uid, found, instances[found["ID"]])

    rows: dict[str, list[SeriesRow]] = defaultdict(list)
    with ThreadPoolExecutor(_CONNECTIONS, "orthanc-read") as pool:
        for (study, _), row in zip(wanted, pool.map(row_of, wanted), strict=True):
            rows[study.orthanc_id].append(row)
    return rows


def _series_row(
    objects: Objects, study_instance_uid: str, series: Answer, instances: Sequence[Answer]
) -> SeriesRow:
    """Make a series' row, with one request for an image series, or one for each RT object."""
    tags: Tags = series["MainDicomTags"]
    uid, modality = tag_text(tags, "SeriesInstanceUID"), tag_text(tags, "Modality")
    orthanc_ids = {found["MainDicomTags"]["SOPInstanceUID"]: found["ID"] for found in instances}
    known: Mapping[str, tuple[int, ...]] = {}
    references: tuple[RtReferences, ...] = ()
    unreadable: dict[str, str] = {}
    if modality in RT_MODALITIES:
        references, unreadable = objects.all_references(modality, orthanc_ids)
    elif orthanc_ids and is_image(modality):
        first = orthanc_ids[min(orthanc_ids)]
        tags = objects.tags(first) or tags
        sizes = {found["ID"]: int(found["FileSize"]) for found in instances}
        known = matrices(sizes, first, tags, objects.tags)
    return SeriesRow(
        series_instance_uid=uid,
        study_instance_uid=study_instance_uid,
        modality=modality,
        instances=tuple(_instance_row(found, known.get(found["ID"], ())) for found in instances),
        tags=series_tags(tags, modality),
        references=references,
        unreadable=unreadable,
    )


def _instance_row(found: Answer, matrix: tuple[int, ...]) -> InstanceRow:
    tags = found["MainDicomTags"]
    return InstanceRow(
        sop_instance_uid=tags["SOPInstanceUID"],
        size=int(found["FileSize"]),
        fingerprint=found["FileUuid"],
        locator=found["ID"],
        position_mm=vector(tag_text(tags, "ImagePositionPatient")),
        orientation=vector(tag_text(tags, "ImageOrientationPatient")),
        matrix=matrix,
    )
