"""What in a text would betray whom an object is about: names, numbers, and the day of birth.

The profile's table says which attributes identify; people write the same into others, which stay.
So every text that is kept is searched for what was taken away from the same object, spelled as
people spell: without accents or with ae for ä, run together, with digits or blanks in between.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pydicom import Dataset

from imaging.dicom.deidentify.elements import element_at, items_of, text_at, texts_at
from imaging.dicom.deidentify.tags import tag_of, tags_of

_PEOPLE = tags_of("""
    PatientName OtherPatientNames PatientBirthName PatientMotherBirthName ResponsiblePerson
    ReferringPhysicianName PerformingPhysicianName PhysiciansOfRecord RequestingPhysician
    NameOfPhysiciansReadingStudy OperatorsName
""")
_NUMBERS = tags_of("""
    PatientID OtherPatientIDs AccessionNumber MedicalRecordLocator StudyID PatientTelephoneNumbers
    InstitutionName
""")
_OTHER_IDS, _PATIENT_ID = tag_of("OtherPatientIDsSequence"), tag_of("PatientID")
_BIRTH_DATE = tag_of("PatientBirthDate")

_SHORTEST_NAME, _SHORTEST_NUMBER, _FEWEST_DIGITS = 3, 4, 5
_SEPARATORS = re.compile(r"[\s^=,.;:/\\_-]+")
_NO_DIGITS = re.compile(r"\D+")
_APOSTROPHES = str.maketrans("", "", "'`\u2019\u00b4")
_AS_BLANKS = str.maketrans(dict.fromkeys("'`\u2019\u00b4", " "))
_WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae"})


class Betrayal:
    """Finds the identity of one object in texts."""

    def __init__(self, dataset: Dataset) -> None:
        """Collect what identifies, from the attributes that the profile takes away."""
        numbers = [folded(number) for number in _numbers(dataset)]
        digits = {_NO_DIGITS.sub("", number) for number in numbers} | {*_birth_days(dataset)}
        self._digits = frozenset(each for each in digits if len(each) >= _FEWEST_DIGITS)
        words = {number for number in numbers if len(number) >= _SHORTEST_NUMBER}
        self._pattern = _pattern(frozenset(words.union(_names(dataset))))

    def in_text(self, text: str) -> bool:
        """Whether a text holds a name, a number or the birth date."""
        spellings = {folded(text), folded(text.translate(_AS_BLANKS))}  # O'Brien's is both
        if self._pattern is not None and any(map(self._pattern.search, spellings)):
            return True
        return self.in_digits(text)

    def in_digits(self, text: str) -> bool:
        """Whether the digits of a text, read without a break, hold a number or the birth date."""
        if len(text) < _FEWEST_DIGITS or not self._digits:
            return False
        digits = _NO_DIGITS.sub("", text)
        return any(number in digits for number in self._digits)


def folded(text: str) -> str:
    """Return a text without what people leave out: letter case, accents, width, apostrophes."""
    if text.isascii():
        return text.translate(_APOSTROPHES).casefold() if "'" in text else text.casefold()
    parts = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold()
    return "".join(part for part in parts if not unicodedata.combining(part))


def _names(dataset: Dataset) -> Iterator[str]:
    """Yield the parts of every name, and each name in one word, either way round."""
    for tag in _PEOPLE:
        for name in re.split(r"[=\\]", text_at(dataset, tag)):
            parts = [part for part in _SEPARATORS.split(name) if part]
            joined = ["".join(parts), "".join(reversed(parts))] if len(parts) > 1 else []
            pieces = [piece for part in parts for piece in part.translate(_AS_BLANKS).split()]
            for part in parts + pieces + joined:
                yield from filter(_is_telling, _spellings(part))


def _spellings(name: str) -> set[str]:
    composed = unicodedata.normalize("NFC", name).casefold()
    return {folded(name), folded(composed.translate(_WRITTEN_OUT))}


def _is_telling(word: str) -> bool:
    return len(word) >= (_SHORTEST_NAME if word.isascii() else 2)


def _numbers(dataset: Dataset) -> Iterator[str]:
    for tag in _NUMBERS:
        yield from texts_at(dataset, tag)
    others = element_at(dataset, _OTHER_IDS)
    for item in (items_of(others, dataset) if others is not None else None) or ():
        yield from texts_at(item, _PATIENT_ID)


def _birth_days(dataset: Dataset) -> Iterable[str]:
    """Return the birth date as digits, in the orders that people write it in."""
    born = _NO_DIGITS.sub("", text_at(dataset, _BIRTH_DATE))
    year, month, day = born[:4], born[4:6], born[6:8]
    return (born, day + month + year, month + day + year) if len(born) == 8 else ()


@lru_cache(1024)
def _pattern(words: frozenset[str]) -> re.Pattern[str] | None:
    """Compile words into one pattern; Latin letters count only as whole words."""
    parts = [
        rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word)
        for word in sorted(words)
    ]
    return re.compile("|".join(parts)) if parts else None
