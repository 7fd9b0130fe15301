"""Whom an object is about: what the new identity is made from, and what would betray it."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from pydicom import Dataset

from imaging.dicom.deidentify.elements import text_at, texts_at
from imaging.dicom.deidentify.keyed import Keyed
from imaging.dicom.deidentify.sham import sham_name
from imaging.dicom.deidentify.tags import tag_of, tags_of

_PSEUDONYM_LENGTH = 16
_ACCESSION_LENGTH = 16  # all that an SH has room for
_PATIENT_NAME, _PATIENT_ID = tag_of("PatientName"), tag_of("PatientID")
_BIRTH_DATE, _SEX = tag_of("PatientBirthDate"), tag_of("PatientSex")
_STUDY_UID, _SOP_INSTANCE = tag_of("StudyInstanceUID"), tag_of("SOPInstanceUID")
_PEOPLE = tags_of("""
    PatientName OtherPatientNames PatientBirthName PatientMotherBirthName ResponsiblePerson
    ReferringPhysicianName PerformingPhysicianName PhysiciansOfRecord RequestingPhysician
    NameOfPhysiciansReadingStudy OperatorsName
""")
_NUMBERS = tags_of("PatientID OtherPatientIDs AccessionNumber MedicalRecordLocator")
_SHORTEST_NAME, _SHORTEST_NUMBER = 3, 4
_SEPARATORS = re.compile(r"[\s^=,.;:/\\_-]+")


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient of one object.

    Attributes:
        identity: What tells this patient from others: the PatientID, or what stands in for it.
        sex: PatientSex, as it was.
        days: By how many days dates move.
        betraying: Finds a name or a number of the object's identity in a text; None finds nothing.
    """

    identity: str
    sex: str
    days: int
    betraying: re.Pattern[str] | None

    @classmethod
    def of(cls, dataset: Dataset, keyed: Keyed) -> "Subject":
        """Tell whom an object is about."""
        identity = _identity(dataset)
        words = frozenset(_words(dataset))
        return cls(identity, text_at(dataset, _SEX), keyed.days(identity), _pattern(words))

    def betrayed_by(self, text: str) -> bool:
        """Whether a text holds a name or a number of the identity."""
        return self.betraying is not None and self.betraying.search(text.casefold()) is not None


def patient_pseudonym(identity: str, keyed: Keyed) -> str:
    """Return what a PatientID becomes."""
    return "P" + keyed.text("patient", identity, _PSEUDONYM_LENGTH)


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
        return patient_id
    if name := name_basis(text_at(dataset, _PATIENT_NAME)):
        return f"{name}\n{text_at(dataset, _BIRTH_DATE)}"
    return text_at(dataset, _STUDY_UID) or text_at(dataset, _SOP_INSTANCE)


def _words(dataset: Dataset) -> Iterator[str]:
    for tag in _PEOPLE:
        for part in _SEPARATORS.split(text_at(dataset, tag)):
            if len(part) >= _SHORTEST_NAME or (part and not part.isascii() and len(part) > 1):
                yield part.casefold()
    for tag in _NUMBERS:
        for part in texts_at(dataset, tag):
            if len(part) >= _SHORTEST_NUMBER:
                yield part.casefold()


@lru_cache(1024)
def _pattern(words: frozenset[str]) -> re.Pattern[str] | None:
    """Compile words into one pattern: letters of the Latin kind only as whole words."""
    parts = [
        rf"(?<![^\W_]){re.escape(word)}(?![^\W_])" if word.isascii() else re.escape(word)
        for word in sorted(words)
    ]
    return re.compile("|".join(parts)) if parts else None
