"""Tags by the keywords of DICOM's dictionary (PS3.6)."""

from pydicom.tag import Tag


def tag_of(keyword: str) -> int:
    """Return the tag of a keyword.

    Raises:
        ValueError: The dictionary lacks it; as these are constants, an import fails.
    """
    return int(Tag(keyword))


def tags_of(keywords: str) -> frozenset[int]:
    """Return the tags of keywords with blanks between them."""
    return frozenset(tag_of(keyword) for keyword in keywords.split())
