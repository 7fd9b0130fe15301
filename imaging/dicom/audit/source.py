"""What the source holds that must not be in the output: names, numbers, UIDs and dates."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from imaging.dicom.audit.elements import Element
from imaging.dicom.audit.findings import Kind
from imaging.dicom.audit.judging import names_class
from imaging.dicom.audit.listing import files_of
from imaging.dicom.audit.needles import Needles, normal
from imaging.dicom.audit.objects import AuditedObject, read_object
from imaging.dicom.audit.origin import Origins
from imaging.dicom.deidentify.keyed import is_of_standard
from imaging.dicom.deidentify.table import basic_profile
from imaging.dicom.deidentify.tags import tag_of, tags_of
from imaging.errors import DicomError, InputError

UID_SHAPE = re.compile(r"[0-2](?:\.\d+){2,}")
_WORD = re.compile(r"[^\W_]+")
_PATIENT_ID = tag_of("PatientID")
_PATIENT_NAMES = tags_of("""
    OtherPatientNames PatientBirthName PatientMotherBirthName PatientName ResponsiblePerson
""")
_NUMBERS = tags_of("""
    AccessionNumber AdmissionID FillerOrderNumberImagingServiceRequest InsurancePlanIdentification
    MedicalRecordLocator OtherPatientIDs PatientAddress PatientID PatientTelephoneNumbers
    PerformedProcedureStepID PlacerOrderNumberImagingServiceRequest RequestedProcedureID
    ScheduledProcedureStepID ServiceEpisodeID StudyID
""")
_INSTITUTIONS = tags_of("""
    InstitutionAddress InstitutionName ReferringPhysicianAddress ResponsibleOrganization
""")
_MACHINES = tags_of("Manufacturer ManufacturerModelName SourceManufacturer")
_KEPT_TEXT = frozenset({"CS", "LO", "SH", "UC"})
_SEPARATORS = re.compile(r"[\s,.;:/_\-\"'()]+")
_NOBODY = frozenset({"anonymised", "anonymized", "anonymous", "none", "removed", "unknown"})
_SHORTEST_NUMBER = _SHORTEST_INSTITUTION = 4
_SHORTEST_NAME, _SHORTEST_FOREIGN_NAME = 3, 2


class SourceIdentity:
    """What is searched for.

    Attributes:
        kinds: The kind of each word, as `Needles` spells them.
        uids: Every UID but those of the standard and those that name a class.
        origins: The dates.
        needles: Finds the words.
    """

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.uids: set[str] = set()
        self.origins = Origins()
        self._owners: dict[str, set[str]] = {}
        self._seen: dict[tuple[int, str], set[str]] = {}
        self.needles = Needles(())

    def add(self, audited: AuditedObject) -> None:
        """Collect from an object."""
        patient = "\\".join(audited.texts(_PATIENT_ID))
        self.origins.add(audited)
        for element in audited.elements:
            if element.is_private:
                continue
            self._note_uids(element)
            for word, kind in identity_words(element):
                self.kinds.setdefault(normal(word), kind)
                self._owners.setdefault(normal(word), set()).add(patient)
            self._note_plain_words(element, patient)

    def finish(self) -> "SourceIdentity":
        """Make the needles, when everything was added."""
        self.needles = Needles(self.kinds)
        return self

    def is_chance(self, element: Element, word: str) -> bool:
        """Whether a name says nothing where it is: there, the source has it for others too.

        A patient may be called as a manufacturer is, or a part of the body. A physician has many
        patients, so of theirs only the manufacturer's name is no sign.
        """
        if self.kinds[word] is Kind.SOURCE_PERSON and element.tag in _MACHINES:
            return True
        return bool(self._seen.get((element.tag, word), set()) - self._owners[word])

    def _note_uids(self, element: Element) -> None:
        if element.vr != "UI" or names_class(element):
            return
        uids = element.texts()
        self.uids.update(uid for uid in uids if uid and not is_of_standard(uid))

    def _note_plain_words(self, element: Element, patient: str) -> None:
        """Remember who has which words in the attributes that the profile leaves alone."""
        if element.vr not in _KEPT_TEXT or element.tag in basic_profile():
            return
        for word in set(_WORD.findall(normal(element.text()))):
            patients = self._seen.setdefault((element.tag, word), set())
            if len(patients) < 2:  # two are others, whoever is asked for
                patients.add(patient)


def collect(source: Path, on_object: Callable[[], None] = lambda: None) -> SourceIdentity:
    """Collect from every DICOM file below a folder; broken ones give nothing.

    Raises:
        InputError: There is none: a search for nothing would find nothing.
    """
    identity, count = SourceIdentity(), 0
    for relative in files_of(source):
        on_object()
        if (audited := _read(source / relative)) is not None:
            identity.add(audited)
            count += 1
    if not count:
        msg = "the source holds no DICOM file that can be read"
        raise InputError(msg)
    return identity.finish()


def _read(path: Path) -> AuditedObject | None:
    """Read an object of the source, None where that cannot be done."""
    try:
        return read_object(path) if path.is_file() else None
    except (DicomError, OSError):
        return None


def identity_words(element: Element) -> Iterator[tuple[str, Kind]]:
    """Yield the words of an element that identify someone, and of what kind each is."""
    tag, vr = element.tag, element.vr
    if vr == "PN":
        kind = Kind.SOURCE_NAME if tag in _PATIENT_NAMES else Kind.SOURCE_PERSON
        yield from ((part, kind) for name in element.texts() for part in _parts(name))
    elif tag in _NUMBERS:
        yield from ((text, Kind.SOURCE_ID) for text in element.texts() if _is_number(text))
    elif tag in _INSTITUTIONS:
        lines = [line.strip() for text in element.texts() for line in text.splitlines()]
        long = (line for line in lines if len(line) >= _SHORTEST_INSTITUTION)
        yield from ((line, Kind.SOURCE_INSTITUTION) for line in long)


def _parts(name: str) -> Iterator[str]:
    """Yield the words of a name in every script, without titles (PS3.5, 6.2.1.1)."""
    for group in name.split("="):
        for component in group.split("^")[:3]:
            yield from filter(_is_name, _SEPARATORS.split(component))


def _is_name(word: str) -> bool:
    shortest = _SHORTEST_NAME if word.isascii() else _SHORTEST_FOREIGN_NAME
    return len(word) >= shortest and normal(word) not in _NOBODY


def _is_number(text: str) -> bool:
    return len(text) >= _SHORTEST_NUMBER and any(map(str.isdigit, text))
