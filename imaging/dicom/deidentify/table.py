"""The Basic Profile's table (DICOM PS3.15, Table E.1-1), as dicom-anonymizer maintains it."""

from functools import cache

from dicomanonymizer.dicomfields_selector import dicom_anonymization_database_selector

EDITION = "2026c"
_ACTIONS = {
    "D_TAGS": "D",
    "Z_TAGS": "Z",
    "X_TAGS": "X",
    "U_TAGS": "U",
    "Z_D_TAGS": "Z/D",
    "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D",
    "X_Z_D_TAGS": "X/Z/D",
    "X_Z_U_STAR_TAGS": "X/Z/U*",
}


@cache
def basic_profile() -> dict[int, str]:
    """Return what the profile does with each attribute, by tag.

    The actions are the table's: X remove, Z empty, D a dummy value, U another UID, and with a
    slash what the object's definition needs of these. Repeating groups (curves, overlays) are not
    here: they go wholly.
    """
    lists = dicom_anonymization_database_selector(f"dicomfields_{EDITION}")
    return {
        tag[0] << 16 | tag[1]: action
        for name, action in _ACTIONS.items()
        for tag in lists[name]
        if len(tag) == 2
    }
