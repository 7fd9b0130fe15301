"""What Orthanc holds of patients, told from one query for many of them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from imaging.dicom.changes import Changes
from imaging.dicom.rows import Holding
from imaging.orthanc.client import OrthancClient
from imaging.orthanc.studies import Study

Answer = dict[str, Any]


def holdings(
    client: OrthancClient,
    patients: Mapping[str, Sequence[Study]],
    query: Mapping[str, str],
    changes: Changes,
) -> Iterator[Holding]:
    """Yield the holding of each patient, in their order.

    Args:
        client: Orthanc.
        patients: Their studies, by PatientID.
        query: Matches at least the series of these studies.
        changes: What the change feed tells of.
    """
    series: dict[str, list[Answer]] = defaultdict(list)
    for found in client.find("Series", query):
        series[found["ParentStudy"]].append(found)
    for patient_id, own in patients.items():
        studies = sorted(study.orthanc_id for study in own)
        yield _holding(
            patient_id, studies, [one for name in studies for one in series[name]], changes
        )


def _holding(
    patient_id: str, studies: list[str], series: list[Answer], changes: Changes
) -> Holding:
    """Sum up a patient's series.

    LastUpdate is part of the digest: it changes with replaced content, though only by the second.
    """
    digest = hashlib.sha256("/".join(studies).encode())
    orthanc_ids = set(studies)
    for found in sorted(series, key=lambda one: str(one["ID"])):
        instances = sorted(found["Instances"])
        orthanc_ids.update([found["ID"], *instances])
        digest.update("/".join([found["ID"], found["LastUpdate"], *instances, ""]).encode())
    return Holding(
        patient_id,
        digest.hexdigest(),
        is_stable=all(found["IsStable"] for found in series),
        is_touched=changes.any_of(orthanc_ids),
    )
