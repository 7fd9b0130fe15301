"""What is wrong with a DICOM file around its data set, and with what it says of itself."""

from collections.abc import Iterator

from imaging.dicom.audit.findings import Kind
from imaging.dicom.audit.judging import is_new_uid
from imaging.dicom.audit.objects import AuditedObject
from imaging.dicom.deidentify.tags import tag_of

_NEEDED = frozenset(
    0x00020000 | element for element in (0x0, 0x1, 0x2, 0x3, 0x10, 0x12, 0x13)
)  # PS3.10, table 7.1-1, type 1, and the version name of the writer
_STORED_UID = 0x00020003
_REMOVED = tag_of("PatientIdentityRemoved")
_METHOD = tag_of("DeidentificationMethod")
_RETAINS_UIDS = "113110"


def structural_findings(audited: AuditedObject) -> Iterator[tuple[str, Kind]]:
    """Yield where something is wrong around the data set, and what."""
    if any(audited.preamble):
        yield "preamble", Kind.PREAMBLE
    for element in audited.meta:
        if element.tag not in _NEEDED:
            yield element.place, Kind.META
        elif element.tag == _STORED_UID and _RETAINS_UIDS not in audited.codes:
            yield from ((element.place, Kind.UID) for uid in element.texts() if not is_new_uid(uid))
    if audited.trailing:
        yield "after the pixel data", Kind.TRAILING
    if audited.texts(_REMOVED) != ["YES"]:
        yield "PatientIdentityRemoved", Kind.UNMARKED
    if not audited.texts(_METHOD) or not audited.codes:
        yield "DeidentificationMethod", Kind.UNMARKED
