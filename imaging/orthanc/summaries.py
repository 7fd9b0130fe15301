"""Turns Orthanc's answers about a batch of patients into rows."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from imaging.dicom.identity import different_dates, different_names
from imaging.dicom.rows import PatientRow, StudyRow
from imaging.orthanc.client import OrthancClient
from imaging.orthanc.objects import Objects
from imaging.orthanc.series import ReadSeries, read_series
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
            filled = (_study_row(one.row, rows[one.orthanc_id]) for one in own)
            yield PatientRow(patient_id, tuple(filled)).in_order()


def _study_row(study: StudyRow, series: Sequence[ReadSeries]) -> StudyRow:
    """Fill in the series of a study, and whom else its objects name than its first one did."""
    people = {person for read in series for person in read.people}
    dates = [study.patient_birth_date, *(person.birth_date for person in people)]
    return replace(
        study,
        series=tuple(read.row for read in series),
        patient_names=different_names(study.patient_name, {person.name for person in people}),
        patient_birth_dates=different_dates(dates),
    )


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
) -> Mapping[str, list[ReadSeries]]:
    """Return the series of each study of ``patients`` by its Orthanc id, read side by side."""
    instances: dict[str, list[Answer]] = defaultdict(list)
    for found in client.find("Instance", query_for(patients) if query is None else query):
        instances[found["ParentSeries"]].append(found)
    wanted = [
        (s, found) for own in patients.values() for s in own for found in series[s.orthanc_id]
    ]

    def read(pair: tuple[Study, Answer]) -> ReadSeries:
        study, found = pair
        uid = study.row.study_instance_uid
        return read_series(objects, uid, found, instances[found["ID"]])

    rows: dict[str, list[ReadSeries]] = defaultdict(list)
    with ThreadPoolExecutor(_CONNECTIONS, "orthanc-read") as pool:
        for (study, _), row in zip(wanted, pool.map(read, wanted), strict=True):
            rows[study.orthanc_id].append(row)
    return rows
