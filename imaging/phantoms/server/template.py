"""One synthetic patient as the pattern of any number of them: only a number differs.

Every UID, Orthanc id and the PatientID end with eight digits, in the files and in the answers about
them. Another patient is the same bytes with other digits, so nothing need be made or kept for each.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from imaging.phantoms.patient import PhantomPatient

DIGITS = 8
PREFIX = "SIM"
LAST_UPDATE = "20260101T000000"
_MARK = "76543210"  # found nowhere else
_UID = re.compile(rb"2\.25\.[0-9]{30,40}")  # as the phantoms make them
_LONGEST_VALUE = 256  # Orthanc gives no longer one

Answer = dict[str, Any]


class Stamped:
    """Bytes that differ between patients in their number only.

    Attributes:
        size: Their length, the same for every patient.
    """

    def __init__(self, content: bytes) -> None:
        self._parts = content.split(_MARK.encode())
        self.size = len(content)

    def of(self, number: int) -> bytes:
        """Return those of a patient."""
        return (b"%08d" % number).join(self._parts)


@dataclass(frozen=True, slots=True)
class Instance:
    """One file of the pattern.

    Attributes:
        orthanc_id: Its id, but for the digits at the end.
        series: Its SeriesInstanceUID, likewise.
        file: The DICOM file.
        tags: What `simplified-tags` answers.
        answer: What `tools/find` answers.
    """

    orthanc_id: str
    series: str
    file: Stamped
    tags: Stamped
    answer: Stamped


@dataclass(frozen=True, slots=True)
class Template:
    """Everything that is asked of a patient with one study.

    Attributes:
        study_date: StudyDate of all.
        study: What `tools/find` answers of the study.
        series: And of its series.
        instances: Its files.
        resources: Orthanc ids by ResourceType, as the change feed lists them.
    """

    study_date: str
    study: Stamped
    series: tuple[Stamped, ...]
    instances: tuple[Instance, ...]
    resources: tuple[tuple[str, Stamped], ...]

    @classmethod
    def of(cls, patient: PhantomPatient) -> "Template":
        """Make the pattern; the PatientID is replaced."""
        files = [_marked(dataset) for dataset in patient.datasets()]
        datasets = [pydicom.dcmread(BytesIO(file)) for file in files]
        first = datasets[0]
        series: dict[str, list[Dataset]] = {}
        for dataset in datasets:
            series.setdefault(dataset.SeriesInstanceUID, []).append(dataset)
        ids = {"Patient": [_orthanc_id(PREFIX)], "Study": [_orthanc_id(first.StudyInstanceUID)]}
        ids["Series"] = [_orthanc_id(uid) for uid in series]
        ids["Instance"] = [_orthanc_id(dataset.SOPInstanceUID) for dataset in datasets]
        return cls(
            study_date=first.StudyDate,
            study=_stamped(_study_answer(first, ids["Series"])),
            series=tuple(_stamped(_series_answer(own)) for own in series.values()),
            instances=tuple(map(_instance, files, datasets)),
            resources=tuple((kind, Stamped(name.encode())) for kind in ids for name in ids[kind]),
        )


def _marked(dataset: Dataset) -> bytes:
    """Write an object with the mark at the end of its UIDs and of its PatientID."""
    dataset.PatientID = PREFIX + _MARK
    dataset.PatientName = f"Simulated^{_MARK}"
    content = BytesIO()
    pydicom.dcmwrite(content, dataset, enforce_file_format=True)
    return _UID.sub(lambda uid: uid[0][:-DIGITS] + _MARK.encode(), content.getvalue())


def _orthanc_id(name: str) -> str:
    """Make an id of the usual form, five times eight digits, the last of them the mark."""
    code = hashlib.sha256(name.encode()).hexdigest()
    return "-".join([*(code[start : start + 8] for start in range(0, 32, 8)), _MARK])


def _instance(file: bytes, dataset: Dataset) -> Instance:
    orthanc_id = _orthanc_id(dataset.SOPInstanceUID)
    answer = _answer("Instance", orthanc_id, dataset, _INSTANCE_TAGS) | {
        "FileSize": len(file),
        "FileUuid": orthanc_id,
        "ParentSeries": _orthanc_id(dataset.SeriesInstanceUID),
    }
    return Instance(
        orthanc_id=orthanc_id[:-DIGITS],
        series=dataset.SeriesInstanceUID[:-DIGITS],
        file=Stamped(file),
        tags=_stamped(_simplified(dataset)),
        answer=_stamped(answer),
    )


def _study_answer(first: Dataset, series: list[str]) -> Answer:
    tags = ("StudyDate", "StudyDescription", "StudyInstanceUID", "StudyTime")
    people = ("PatientBirthDate", "PatientID", "PatientName", "PatientSex")
    return _answer("Study", _orthanc_id(first.StudyInstanceUID), first, tags) | {
        "PatientMainDicomTags": dict(_texts(first, people)),
        "ParentPatient": _orthanc_id(PREFIX),
        "Series": series,
        "IsStable": True,
        "LastUpdate": LAST_UPDATE,
    }


def _series_answer(own: list[Dataset]) -> Answer:
    first = own[0]
    tags = ("Modality", "SeriesDescription", "SeriesInstanceUID", "Manufacturer")
    return _answer("Series", _orthanc_id(first.SeriesInstanceUID), first, tags) | {
        "ParentStudy": _orthanc_id(first.StudyInstanceUID),
        "Instances": [_orthanc_id(dataset.SOPInstanceUID) for dataset in own],
        "IsStable": True,
        "LastUpdate": LAST_UPDATE,
    }


_INSTANCE_TAGS = (
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "InstanceNumber",
    "SOPInstanceUID",
)


def _answer(kind: str, orthanc_id: str, dataset: Dataset, keywords: Iterable[str]) -> Answer:
    return {"ID": orthanc_id, "Type": kind, "MainDicomTags": dict(_texts(dataset, keywords))}


def _texts(dataset: Dataset, keywords: Iterable[str]) -> Iterator[tuple[str, Any]]:
    known = _simplified(dataset)
    return ((keyword, known[keyword]) for keyword in keywords if keyword in known)


def _simplified(dataset: Dataset) -> Answer:
    """Return the header as Orthanc simplifies it: texts, None where too long, and lists."""
    tags: Answer = {}
    for element in dataset:
        if element.VR == "SQ":
            tags[element.keyword] = [_simplified(item) for item in element.value]
        elif element.keyword and element.VR not in {"OB", "OW"}:
            values = element.value if element.VM > 1 else [element.value]
            text = "\\".join("" if value is None else str(value) for value in values)
            tags[element.keyword] = text if len(text) <= _LONGEST_VALUE else None
    return tags


def _stamped(answer: Answer) -> Stamped:
    return Stamped(json.dumps(answer).encode())
