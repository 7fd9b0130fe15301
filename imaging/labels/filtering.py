"""Keeping some labels of a label map, in constant memory and to the byte."""

import operator
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from imaging.labels.coding import Coding
from imaging.labels.lookup import Selection, filter_for
from imaging.labels.source import opened
from imaging.labels.target import written


@dataclass(frozen=True, slots=True)
class FilterReport:
    """What became of a label map.

    Attributes:
        kept: How many voxels stayed, by the label's id in the source; only ids that were there.
        missing: The ids that were to be kept and that the source does not hold.
        present: Every id of the source but 0, in ascending order.
        trailing_bytes: How many bytes after the source's voxels were left out.
    """

    kept: dict[int, int]
    missing: tuple[int, ...]
    present: tuple[int, ...]
    trailing_bytes: int


def filter_labels(
    source: Path,
    target: Path,
    keep: Collection[int],
    *,
    remap: Mapping[int, int] | None = None,
    compress_level: int = 1,
) -> FilterReport:
    """Write a label map anew with some labels only; all else becomes 0, the background.

    The header, its extensions and every voxel that stays are the source's byte for byte, in its
    data type and byte order. The whole source is checked to its last checksum before the target
    gets its name. What was written as gzip is one member, since NiiVue reads no more than one.

    Args:
        source: ``.nii`` or ``.nii.gz``, or either file of a pair ``.hdr`` and ``.img``.
        target: Whole, or not there; packed if the name ends in ``.gz``. Of a pair it names either
            file, and the ``.hdr`` appears last.
        keep: Ids as a reader sees them, with the header's scaling applied. Ids that the source
            lacks are no error here: the report names them.
        remap: New ids of labels that are kept; two may become one.
        compress_level: Of isal, 0 to 3; 1 is nearly as quick as 0 and its files are smaller.

    Raises:
        InputError: ``remap``, ``compress_level`` or the target's name cannot be followed.
        NiftiError: The source is damaged, contradicts itself or is no label map.
        OSError: A file cannot be read or written.
    """
    keep = {operator.index(label) for label in keep}  # numpy's integers too, but no fractions
    with opened(source) as labels:
        coding = Coding(labels.header)
        lookup = filter_for(coding, Selection(coding, keep, remap or {}))
        with written(target, labels.header_file, compress_level) as write:
            for piece in labels.before_voxels():
                write(piece)
            for voxels in labels.voxels():
                write(lookup.apply(voxels))
            voxels_of = lookup.counted()
    present = tuple(sorted(voxels_of.keys() - {0}))
    wanted = sorted(keep - {0})
    return FilterReport(
        kept={label: voxels_of[label] for label in wanted if label in voxels_of},
        missing=tuple(label for label in wanted if label not in voxels_of),
        present=present,
        trailing_bytes=labels.trailing_bytes,
    )
