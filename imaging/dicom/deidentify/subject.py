"""Whom an object is about: what the new identity is made from, and what would betray it."""

import unicodedata
from dataclasses import dataclass

from pydicom import Dataset

from imaging.dicom.deidentify.betrayal import Betrayal
from imaging.dicom.deidentify.elements import text_at
from imaging.dicom.deidentify.keyed import Keyed
from imaging.dicom.deidentify.sham import sham_name
from imaging.dicom.deidentify.tags import tag_of

_PSEUDONYM_LENGTH = 16
_ACCESSION_LENGTH = 16  # all that an SH has room for
_PATIENT_NAME, _PATIENT_ID = tag_of("PatientName"), tag_of("PatientID")
_BIRTH_DATE, _SEX = tag_of("PatientBirthDate"), tag_of("PatientSex")
_STUDY_UID, _SOP_INSTANCE = tag_of("StudyInstanceUID"), tag_of("SOPInstanceUID")
# Of these the first that an object has tells when it was made.
_MADE = [
    tag_of(keyword)
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate", "RTPlanDate")
]
_OLDEST = 89


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient of one object.

    Attributes:
        identity: What tells this patient from others: the PatientID, or what stands in for it.
        sex: PatientSex, as it was.
        days: By how many days dates move.
        is_old: Over 89 at the time of the study: so few are that their age tells who they are.
        betrayal: Finds the object's identity in texts.
    """

    identity: str
    sex: str
    days: int
    is_old: bool
    betrayal: Betrayal

    @classmethod
    def of(cls, dataset: Dataset, keyed: Keyed) -> "Subject":
        """Tell whom an object is about."""
        identity = _identity(dataset)
        return cls(
            identity,
            text_at(dataset, _SEX),
            keyed.days(identity),
            _is_old(dataset),
            Betrayal(dataset),
        )


def patient_pseudonym(identity: str, keyed: Keyed) -> str:
    """Return what a PatientID becomes."""
    return "P" + keyed.text("patient", unicodedata.normalize("NFC", identity), _PSEUDONYM_LENGTH)


def accession_pseudonym(accession: str, keyed: Keyed) -> str:
    """Return what an AccessionNumber becomes; "" stays."""
    bare = accession.strip()
    return keyed.text("accession", bare, _ACCESSION_LENGTH) if bare else ""


def sham_of(name: str, subject: Subject, keyed: Keyed) -> str:
    """Return what a PatientName becomes: a name of nobody, of the same sex.

    The same patient's name gives the same however it is padded, cased or normalised; another name
    under the same PatientID another, as two people may share a PatientID by mistake.
    """
    return sham_name(keyed.digest("name", f"{subject.identity}\n{name_basis(name)}"), subject.sex)


def name_basis(name: str) -> str:
    """Return what tells a name from others: its first group, without regard to case or padding.

    RT systems drop the groups in other scripts (PS3.5, 6.2.1), which stand after a "=".
    """
    groups = [group.strip("^ ") for group in name.split("=")]
    first = next(filter(None, groups), "")
    return " ".join(unicodedata.normalize("NFKC", first).casefold().split())


def _identity(dataset: Dataset) -> str:
    """Return the PatientID, else name and birth date, else the study, else the object itself."""
    if patient_id := text_at(dataset, _PATIENT_ID):
        return unicodedata.normalize("NFC", patient_id)
    if name := name_basis(text_at(dataset, _PATIENT_NAME)):
        return f"{name}\n{text_at(dataset, _BIRTH_DATE)}"
    return text_at(dataset, _STUDY_UID) or text_at(dataset, _SOP_INSTANCE)


def _is_old(dataset: Dataset) -> bool:
    born = text_at(dataset, _BIRTH_DATE)
    made = next(filter(None, (text_at(dataset, tag) for tag in _MADE)), "")
    if not (born.isdecimal() and made.isdecimal() and len(born) == len(made) == 8):
        return False
    return int(made) - int(born) >= (_OLDEST + 1) * 10_000
