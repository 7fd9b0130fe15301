"""Which rule an attribute falls under: the profile's table, its options, and what neither says.

The table lists what is known to identify. Beyond it, what cannot be judged goes: attributes that
DICOM's dictionary does not know, unknown VRs, whole groups of curves and overlays. Free text of any
length is replaced, dates move as the listed ones do, and names and application entities go.
"""

from enum import Enum, auto
from typing import NamedTuple

from pydicom.datadict import dictionary_has_tag, dictionary_VR, keyword_for_tag

from imaging.dicom.deidentify import retained
from imaging.dicom.deidentify.options import DeidentifyOptions
from imaging.dicom.deidentify.table import basic_profile
from imaging.dicom.deidentify.tags import tag_of, tags_of


class Rule(Enum):
    """What happens to an attribute."""

    KEEP = auto()
    TEXT = auto()  # kept, unless it holds a word of the identity
    NUMBER = auto()  # a number in letters is kept, unless it is no number
    AGE = auto()
    WALK = auto()  # a sequence is kept, and each of its items cleaned
    WORDS = auto()  # what can be no name is kept
    UID = auto()
    DATE = auto()  # moved, or where it cannot be read, as the profile says
    REMOVE = auto()
    EMPTY = auto()
    DUMMY = auto()
    PATIENT_ID = auto()
    PATIENT_NAME = auto()
    BIRTH_DATE = auto()
    ACCESSION = auto()
    ROI_NAME = auto()
    ONLY_UID = auto()  # kept if it is one
    CHARSET = auto()


class Ruling(NamedTuple):
    """A rule, and what happens to a value that it cannot be applied to."""

    rule: Rule
    otherwise: Rule = Rule.REMOVE


_SPECIAL = {
    tag_of("PatientID"): Ruling(Rule.PATIENT_ID),
    tag_of("PatientName"): Ruling(Rule.PATIENT_NAME),
    tag_of("PatientBirthDate"): Ruling(Rule.BIRTH_DATE, Rule.EMPTY),
    tag_of("AccessionNumber"): Ruling(Rule.ACCESSION),
    tag_of("ROIName"): Ruling(Rule.ROI_NAME),
    tag_of("SegmentLabel"): Ruling(Rule.ROI_NAME),
    tag_of("SpecificCharacterSet"): Ruling(Rule.CHARSET),
    # A patient named as a coding scheme is must not make every code unreadable.
    tag_of("CodeValue"): Ruling(Rule.KEEP),
    tag_of("CodingSchemeDesignator"): Ruling(Rule.KEEP),
}
_PLAIN = {
    "X": Rule.REMOVE,
    "Z": Rule.EMPTY,
    "X/Z": Rule.EMPTY,
    "U": Rule.UID,
    "X/Z/U*": Rule.WALK,
}
_SEQUENCE_OF = {"X/D": Rule.REMOVE, "X/Z/D": Rule.EMPTY}
# The table replaces them by a dummy; every identifying attribute within is in the table itself.
_WALKED = tags_of("VerifyingObserverSequence FlowIdentifierSequence")
# Free text by its VR, yet written by programs in codes of their own.
_CODED = tags_of("FractionPattern LongCodeValue URNCodeValue")
# Not in the table, but not harmless: opaque bytes that may hold what was taken away, birth dates
# in other calendars, numbers of orders, and names of people and machines.
_ALSO_REMOVED = tags_of("""
    EncryptedAttributesSequence EncryptedContent Signature HPGLDocument RecordKey PriorRecordKey
    ObjectBinaryIdentifierTrial ObjectDirectoryBinaryIdentifierTrial
    PatientBirthDateInAlternativeCalendar PatientDeathDateInAlternativeCalendar
    PatientAlternativeCalendar PlacerOrderNumberProcedure FillerOrderNumberProcedure
    PlacerOrderNumberImagingServiceRequestRetired FillerOrderNumberImagingServiceRequestRetired
    OtherStudyNumbers ContactDisplayName HangingProtocolCreator OwnerID DeviceID
    RadiationMachineName NTPSourceAddress BreedRegistrationNumber ItineraryID ItineraryIDType
    ItineraryIDAssigningAuthority RouteID RouteIDAssigningAuthority CarrierID
    CarrierIDAssigningAuthority
""")
# Short by its VR, free text by what it is for.
_REMARKS = ("Comment", "Comments", "Notes", "Description", "Explanation", "Label")
_ALSO_REMARKS = tags_of("RTImageName")
_DATES = frozenset({"DA", "TM", "DT"})
_FREE_TEXT = frozenset({"LT", "ST", "UT", "UC", "UR"})
_ALIKE = (
    {"LO", "SH", "UC", "ST", "LT", "UT"},
    {"DS", "IS"},
    {"US", "SS", "UL", "SL"},
    {"OB", "OW", "OF", "OD", "OL", "OV"},
)
_KEPT = {
    "SQ": Rule.WALK,
    "AS": Rule.AGE,
    "UI": Rule.ONLY_UID,
    **dict.fromkeys(("DS", "IS"), Rule.NUMBER),
    **dict.fromkeys(("LO", "SH", "CS", "UC", "ST", "LT", "UT"), Rule.TEXT),
}
_UNLISTED = {
    "SQ": Ruling(Rule.WALK),
    "PN": Ruling(Rule.EMPTY),
    "AS": Ruling(Rule.EMPTY),
    "AE": Ruling(Rule.REMOVE),
    "UN": Ruling(Rule.REMOVE),
    "LO": Ruling(Rule.TEXT),
    "SH": Ruling(Rule.TEXT),
    "CS": Ruling(Rule.TEXT),
    "DS": Ruling(Rule.NUMBER),
    "IS": Ruling(Rule.NUMBER),
}


class Rules:
    """The rulings under some options; each is made once."""

    def __init__(self, options: DeidentifyOptions) -> None:
        """Take the options."""
        self._options = options
        self._profile = basic_profile()
        self._made: dict[tuple[int, str | None], Ruling] = {}

    def ruling(self, tag: int, vr: str | None) -> Ruling:
        """Return what happens to an attribute.

        Args:
            tag: Its tag, which is no private one.
            vr: The VR it has in this object; None when the transfer syntax does not say.
        """
        try:
            return self._made[tag, vr]
        except KeyError:
            ruling = self._made[tag, vr] = self._made_for(tag, vr)
            return ruling

    def _made_for(self, tag: int, vr: str | None) -> Ruling:
        judged_as = _judged_as(tag, vr) if _can_be_judged(tag) else None
        if judged_as is None:
            return Ruling(Rule.REMOVE)
        if self._options.attributes == "ct_volume":
            if tag not in retained.CT_VOLUME:
                return Ruling(Rule.REMOVE)
            if judged_as in _DATES:  # a volume needs none, its definition only that they are there
                return Ruling(Rule.EMPTY)
        if special := _SPECIAL.get(tag):
            return special
        action = self._profile.get(tag)
        if action is None:
            return self._unlisted(tag, judged_as)
        return self._retained(tag, judged_as, _of_profile(tag, judged_as, action))

    def _retained(self, tag: int, vr: str, plain: Rule) -> Ruling:
        """Return what the options make of what the profile alone would do."""
        options, is_sequence = self._options, vr == "SQ"
        names_objects = plain is Rule.UID and tag not in retained.NOT_RETAINED_UIDS
        if options.retain_uids and (names_objects or tag in retained.REFERENCES):
            return Ruling(Rule.WALK if is_sequence else Rule.ONLY_UID)
        if vr in _DATES and tag not in retained.NOT_SHIFTED:
            return Ruling(Rule.DATE, plain)
        if self._keeps(tag):
            return Ruling(_KEPT.get(vr, Rule.KEEP), plain)
        if self._cleans(tag):
            return Ruling(Rule.WALK if is_sequence else Rule.WORDS, plain)
        return Ruling(plain)

    def _keeps(self, tag: int) -> bool:
        """Whether an option keeps an attribute as it is: K in the table."""
        options = self._options
        return (
            (options.retain_device_identity and tag in retained.DEVICE)
            or (options.retain_patient_characteristics and tag in retained.PATIENT)
            or (options.clean_structured_content and tag in retained.STRUCTURED_CONTENT)
        )

    def _cleans(self, tag: int) -> bool:
        """Whether an option keeps of an attribute what identifies nobody: C in the table."""
        options = self._options
        return (options.clean_descriptors and tag in retained.DESCRIPTORS) or (
            options.retain_patient_characteristics and tag in retained.PATIENT_CLEANED
        )

    def _unlisted(self, tag: int, vr: str) -> Ruling:
        if tag in _ALSO_REMOVED:
            return Ruling(Rule.REMOVE)
        if vr in _DATES:
            return Ruling(Rule.DATE, Rule.DUMMY)
        if _is_free_text(tag, vr):
            cleans = self._options.clean_descriptors
            return Ruling(Rule.WORDS if cleans else Rule.DUMMY, Rule.DUMMY)
        if vr == "UI":
            kept = self._options.retain_uids or _names_a_class(tag)
            return Ruling(Rule.ONLY_UID if kept else Rule.UID)
        return _UNLISTED.get(vr, Ruling(Rule.TEXT if tag in _CODED else Rule.KEEP))


def _can_be_judged(tag: int) -> bool:
    """Whether an attribute belongs into a data set, and is one that the dictionary knows."""
    group, element = tag >> 16, tag & 0xFFFF
    is_repeated = group >> 8 in {0x50, 0x60}  # curves and overlays
    is_of_data = 8 <= group < 0xFFFE and element != 0  # above are items and their delimiters
    return is_of_data and not is_repeated and dictionary_has_tag(tag)


def _is_free_text(tag: int, vr: str) -> bool:
    if vr in {"LO", "SH"}:
        return tag in _ALSO_REMARKS or keyword_for_tag(tag).endswith(_REMARKS)
    return vr in _FREE_TEXT and tag not in _CODED


def _judged_as(tag: int, vr: str | None) -> str | None:
    """Return the VR that an attribute is judged by; None where it cannot have the one it has.

    Some VRs changed over the years, and some writers mix them up: of two texts, the freer counts.
    """
    stated = dictionary_VR(tag).split(" or ")
    if vr is None or " or " in vr:
        return stated[0]
    if vr in stated:
        return vr
    alike = next((family for family in _ALIKE if {vr, stated[0]} <= family), set())
    if not alike:
        return None
    return stated[0] if stated[0] in _FREE_TEXT else vr


def _names_a_class(tag: int) -> bool:
    """Whether a UID says what an object is and how it is written, not which one it is."""
    keyword = keyword_for_tag(tag)
    return "SOPClass" in keyword or "TransferSyntax" in keyword


def _of_profile(tag: int, vr: str, action: str) -> Rule:
    """Return the one thing to do of those that the table leaves to the object's definition.

    A dummy satisfies every definition and an empty value most; a sequence can often do without.
    """
    if vr == "SQ":
        if tag in _WALKED:
            return Rule.WALK
        return _SEQUENCE_OF.get(action) or _PLAIN.get(action, Rule.DUMMY)
    if vr == "UI" and action.endswith("D"):
        return Rule.UID
    return _PLAIN.get(action, Rule.DUMMY)
