"""Goes through a data set and all that is nested in it, and makes another without an identity.

The source is never changed, and what is kept stays as the bytes it was read as: contours, doses and
pixels come out as they went in.
"""

import re
from collections import Counter
from collections.abc import Callable

from pydicom import Dataset
from pydicom.charset import python_encoding
from pydicom.dataelem import DataElement
from pydicom.sequence import Sequence

from imaging.dicom.deidentify.elements import (
    Element,
    decoded,
    dummied,
    element_at,
    emptied,
    is_misshapen,
    items_of,
    like,
    texts_of,
    unshared,
    vr_of,
    with_known_vr,
    with_texts,
)
from imaging.dicom.deidentify.keyed import Keyed
from imaging.dicom.deidentify.options import DeidentifyOptions
from imaging.dicom.deidentify.outcome import Done
from imaging.dicom.deidentify.rois import new_roi_name
from imaging.dicom.deidentify.rules import Rule, Rules, Ruling
from imaging.dicom.deidentify.subject import (
    Subject,
    accession_pseudonym,
    patient_pseudonym,
    sham_of,
)
from imaging.dicom.deidentify.values import (
    capped_age,
    shifted_date,
    shifted_datetime,
    sound_time,
)
from imaging.dicom.deidentify.words import cleaned_words

_PIXEL_GROUP = slice(0x7FE00000, 0x7FE10000)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UID = re.compile(r"[0-9.]{0,64}", re.ASCII)
_WHOLE = {Rule.PATIENT_ID, Rule.PATIENT_NAME, Rule.ACCESSION}
_NUMERALS = b"0123456789+-.eE\\ \0"


class Walk:
    """One object's walk."""

    def __init__(
        self, options: DeidentifyOptions, keyed: Keyed, rules: Rules, subject: Subject
    ) -> None:
        """Start a walk.

        Args:
            options: What is kept beyond the profile.
            keyed: Makes the pseudonyms.
            rules: Those of the options.
            subject: Whom the object is about.
        """
        self.counts: Counter[Done] = Counter()
        self.keyed = keyed
        self.subject = subject
        self._options = options
        self._ruling = rules.ruling

    def dataset(self, source: Dataset) -> Dataset:
        """Return what is left of a data set."""
        left = {}
        for tag in source.keys():  # noqa: SIM118 - to iterate a Dataset decodes its elements
            if tag.is_private:
                self.counts[Done.PRIVATE_REMOVED] += 1
            elif (kept := self._element(tag, source)) is not None:
                left[tag] = kept
        return like(source, left)

    def _element(self, tag: int, source: Dataset) -> Element | None:
        """Return what stands in an element's place; None when nothing does."""
        element = element_at(source, tag)
        if element is None:
            return None
        if is_misshapen(element):
            msg = "a value of a wrong length"
            raise ValueError(msg)
        # An unknown VR may be known by now; and some writers leave VRs out where they must not.
        if element.VR == "UN" or (element.VR is None and not source.original_encoding[0]):
            element = decoded(with_known_vr(element), source) or element
        ruling = self._ruling(int(tag), element.VR)
        if ruling.rule is Rule.KEEP:
            return self._done(Done.KEPT, unshared(element))
        if ruling.rule in _OF_TEXT:
            return self._replaced(element, source, ruling)
        if (special := _SPECIAL.get(ruling.rule)) is not None:
            return special(self, element, source)
        return self._plain(element, ruling.rule)

    def _plain(self, element: Element, rule: Rule) -> Element | None:
        if rule is Rule.EMPTY:
            return self._done(Done.EMPTIED, emptied(element))
        if rule is Rule.DUMMY and (dummy := dummied(element)) is not None:
            return self._done(Done.REPLACED, dummy)
        return self._done(Done.REMOVED, None)

    def _done(self, what: Done, element: Element | None) -> Element | None:
        self.counts[what] += 1
        return element

    def walked(self, element: Element, source: Dataset) -> Element | None:
        """Clean the items of a sequence; what is none goes."""
        items = items_of(element, source)
        if items is None:
            return self._plain(element, Rule.REMOVE)
        cleaned = Sequence([self.dataset(item) for item in items])
        for item in cleaned:  # pixels that nobody would look at
            del item[_PIXEL_GROUP]
        return self._done(Done.KEPT, DataElement(element.tag, "SQ", cleaned))

    def unless_betraying(self, element: Element, source: Dataset) -> Element | None:
        """Keep texts, but for those that hold something of the identity, or what is no text."""
        texts = texts_of(element, source)
        sound = [text if self._is_harmless(text) else "REMOVED" for text in texts]
        if sound == texts:
            return self._done(Done.KEPT, unshared(element))
        return self._done(Done.REPLACED, with_texts(element, sound))

    def _is_harmless(self, text: str) -> bool:
        return not _CONTROL.search(text) and not self.subject.betrayal.in_text(text)

    def numeral(self, element: Element, source: Dataset) -> Element | None:
        """Keep a number that is written as text; anything else there is emptied."""
        content = element.value
        is_number = not isinstance(content, bytes) or not content.translate(None, _NUMERALS)
        if is_number and vr_of(element) == "IS":
            texts = texts_of(element, source)
            is_number = not any(map(self.subject.betrayal.in_digits, texts))
        if not is_number:
            return self._plain(element, Rule.EMPTY)
        return self._done(Done.KEPT, unshared(element))

    def uid_or_none(self, element: Element, source: Dataset) -> Element | None:
        """Keep what is a UID."""
        if all(map(_UID.fullmatch, texts_of(element, source))):
            return self._done(Done.KEPT, unshared(element))
        return self._plain(element, Rule.REMOVE)

    def charset(self, element: Element, source: Dataset) -> Element | None:
        """Keep the names of character sets that there are."""
        if all(text in python_encoding for text in texts_of(element, source)):
            return self._done(Done.KEPT, unshared(element))
        return self._plain(element, Rule.REMOVE)

    def roi(self, element: Element, source: Dataset) -> Element | None:
        """Rename an ROI, unless its name is one that anybody may have."""
        name = "\\".join(texts_of(element, source))
        allowed = () if self.subject.betrayal.in_text(name) else self._options.kept_roi_names
        new = new_roi_name(name, self.keyed, allowed)
        if new == name:
            return self._done(Done.KEPT, unshared(element))
        return self._done(Done.ROI_RENAMED, with_texts(element, [new]))

    def _replaced(self, element: Element, source: Dataset, ruling: Ruling) -> Element | None:
        """Make other texts of an element's texts; where one cannot be, do what is otherwise."""
        what, of_text = _OF_TEXT[ruling.rule]
        texts, vr = texts_of(element, source), vr_of(element)
        if ruling.rule in _WHOLE:  # of one value, whatever is written into it
            texts = ["\\".join(texts)]
        if not any(texts):
            return self._done(Done.KEPT, emptied(element))
        made = [of_text(self, text, vr) for text in texts]
        sound = [text for text in made if text is not None]
        if len(sound) < len(made):
            return self._plain(element, ruling.otherwise)
        return self._done(what, with_texts(element, sound))

    def shifted(self, text: str, vr: str) -> str | None:
        """Return a date that has moved; None where dates are not retained, or it is none."""
        if not text:
            return text
        options, days = self._options, self.subject.days
        if not options.retain_longitudinal_intervals:
            return None
        if vr == "DT":
            return shifted_datetime(text, days, keep_time=options.retain_times_of_day)
        if vr == "TM":
            return sound_time(text) if options.retain_times_of_day else None
        return shifted_date(text, days)

    def birth_date(self, text: str, vr: str) -> str | None:
        """Return a birth date that has moved; of the oldest, none."""
        return None if self.subject.is_old else self.shifted(text, vr)

    def sham(self, name: str) -> str:
        """Return the name of nobody that takes the place of a name."""
        return sham_of(name, self.subject, self.keyed)

    def cleaned(self, text: str) -> str | None:
        """Return the words of a text that can be no name; None where there are none."""
        cleaned = cleaned_words(text)
        return None if not cleaned or self.subject.betrayal.in_text(cleaned) else cleaned


# Makes a text of one of a VR; None when that cannot be done. Functions of a walk, not methods bound
# to it: those would keep every walk alive until the garbage collector comes by.
_OF_TEXT: dict[Rule, tuple[Done, Callable[[Walk, str, str], str | None]]] = {
    Rule.UID: (Done.UID_MAPPED, lambda walk, text, _: walk.keyed.uid(text)),
    Rule.DATE: (Done.DATE_SHIFTED, Walk.shifted),
    Rule.BIRTH_DATE: (Done.DATE_SHIFTED, Walk.birth_date),
    Rule.AGE: (Done.KEPT, lambda _, text, __: capped_age(text)),
    Rule.WORDS: (Done.CLEANED, lambda walk, text, _: walk.cleaned(text)),
    Rule.PATIENT_ID: (Done.PSEUDONYM, lambda walk, text, _: patient_pseudonym(text, walk.keyed)),
    Rule.PATIENT_NAME: (
        Done.PSEUDONYM,
        lambda walk, text, _: sham_of(text, walk.subject, walk.keyed),
    ),
    Rule.ACCESSION: (Done.PSEUDONYM, lambda walk, text, _: accession_pseudonym(text, walk.keyed)),
}
_SPECIAL: dict[Rule, Callable[[Walk, Element, Dataset], Element | None]] = {
    Rule.WALK: Walk.walked,
    Rule.TEXT: Walk.unless_betraying,
    Rule.NUMBER: Walk.numeral,
    Rule.ROI_NAME: Walk.roi,
    Rule.ONLY_UID: Walk.uid_or_none,
    Rule.CHARSET: Walk.charset,
}
