"""A name for a patient who must not have theirs: nobody's, the same each time, and easy to say."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from imaging.dicom.deidentify.keyed import ALPHABET
from imaging.dicom.deidentify.sham_names import FEMALE, MALE, NEUTRAL, SURNAMES

_GIVEN: Mapping[str, Sequence[str]] = MappingProxyType({"F": FEMALE, "M": MALE})


def sham_name(digest: bytes, sex: str) -> str:
    """Make a sham name (VR PN) out of a digest: ``Alder^Ada^7K2M``.

    The lists alone have too few names for a hospital. The mark in the third place, 20 bits of its
    own, tells patients apart who get the same ones; it also shows that the name is a sham.

    Args:
        digest: At least 12 bytes, evenly spread, that stand for the patient.
        sex: PatientSex; anything but F and M gets a given name that is for everybody.
    """
    given = _GIVEN.get(sex.strip().upper(), NEUTRAL)
    mark = "".join(ALPHABET[byte & 31] for byte in digest[8:12])
    return f"{_chosen(SURNAMES, digest[:4])}^{_chosen(given, digest[4:8])}^{mark}"


def _chosen(names: Sequence[str], digest: bytes) -> str:
    return names[int.from_bytes(digest, "big") % len(names)]
