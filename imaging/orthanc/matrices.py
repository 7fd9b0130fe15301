"""Rows and Columns of every image of a series, though Orthanc's index does not have them.

An image that is not compressed has the size of its pixels and of a header that hardly varies. So
images of one size have one matrix, which is asked of one of them. Of compressed images nothing can
be said without asking each.
"""

from collections.abc import Callable, Mapping
from math import prod

from imaging.dicom.references import Tags
from imaging.dicom.tags import matrix_of, tag_text

_SHARE, _LEAST_BYTES = 0.01, 1024  # by which a file must be larger to count as of another size
_MOST_SIZES = 8  # asked for, the most frequent first


def matrices(
    sizes: Mapping[str, int], first: str, tags: Tags, ask: Callable[[str], Tags]
) -> dict[str, tuple[int, ...]]:
    """Tell the matrices that can be told, by Orthanc id.

    Args:
        sizes: Of all files of the series in bytes, by Orthanc id.
        first: The image that is known already.
        tags: Its tags.
        ask: Gives those of another.
    """
    if not _is_plain(tags, sizes[first]):
        return {first: matrix_of(tags)}
    told: dict[str, tuple[int, ...]] = {}
    groups = sorted(_alike(sizes), key=len, reverse=True)
    for group in groups[:_MOST_SIZES]:
        one = first if first in group else min(group)
        own = tags if one == first else ask(one)
        told |= dict.fromkeys(group if _is_plain(own, sizes[one]) else [one], matrix_of(own))
    return told


def _alike(sizes: Mapping[str, int]) -> list[list[str]]:
    """Group images whose files differ no more than headers do."""
    groups: list[list[str]] = []
    smallest = 0
    for name, size in sorted(sizes.items(), key=lambda item: item[1]):
        if not groups or size - smallest > max(_LEAST_BYTES, _SHARE * smallest):
            groups.append([])
            smallest = size
        groups[-1].append(name)
    return groups


def _is_plain(tags: Tags, size: int) -> bool:
    """Tell whether a file has room for its pixels as they are, that is, is not compressed."""
    texts = {
        keyword: tag_text(tags, keyword)
        for keyword in ("Rows", "Columns", "BitsAllocated", "SamplesPerPixel", "NumberOfFrames")
    }
    numbers = [int(text) if text.isdecimal() else 1 for text in texts.values()]
    return bool(matrix_of(tags)) and 8 * size >= prod(numbers)
