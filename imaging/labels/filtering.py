"""Keeping some labels of a label map, in constant memory and to the byte."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from imaging.errors import InputError, NiftiError
from imaging.labels.coding import Coding
from imaging.labels.dictionaries import LabelDictionary
from imaging.labels.geometry import affine_mm, voxel_ml
from imaging.labels.header import NiftiHeader
from imaging.labels.lookup import Selection, filter_for
from imaging.labels.naming import Names, Remap, Wanted
from imaging.labels.source import LabelSource, opened
from imaging.labels.target import written

Missing = Literal["ignore", "refuse"]


@dataclass(frozen=True, slots=True)
class FilterReport:
    """What became of a label map.

    Attributes:
        kept: How many voxels stayed, by the label's id in the source; only ids that were there.
        missing: The ids that were to be kept and that the source does not hold.
        present: Every id of the source but 0, in ascending order.
        trailing_bytes: How many bytes after the source's voxels were left out.
        voxel_ml: The volume of a voxel; None where the header gives its voxels no size.
    """

    kept: dict[int, int]
    missing: tuple[int, ...]
    present: tuple[int, ...]
    trailing_bytes: int
    voxel_ml: float | None = None

    @property
    def ml(self) -> dict[int, float]:
        """The volume of each label in ``kept``; empty where the header gives voxels no size."""
        if self.voxel_ml is None:
            return {}
        return {label: voxels * self.voxel_ml for label, voxels in self.kept.items()}


def filter_labels(  # noqa: PLR0913 - each changes what is written
    source: str | Path,
    target: str | Path,
    keep: Collection[Wanted],
    *,
    remap: Remap | None = None,
    compress_level: int = 1,
    dictionary: LabelDictionary | None = None,
    missing: Missing = "ignore",
) -> FilterReport:
    """Write a label map anew with some labels only; all else becomes 0, the background.

    The header, its extensions and every voxel that stays are the source's byte for byte, in its
    data type and byte order. The whole source is checked to its last checksum before the target
    gets its name. What was written as gzip is one member, since NiiVue reads no more than one.

    Args:
        source: ``.nii`` or ``.nii.gz``, or either file of a pair ``.hdr`` and ``.img``.
        target: Whole, or not there; packed if the name ends in ``.gz``. Of a pair it names either
            file, and the ``.hdr`` appears last.
        keep: Ids as a reader sees them, with the header's scaling applied, and ranges of them
            (``5-7``); or names, patterns and groups (``liver``, ``rib_left_*``, ``all ribs``).
        remap: New ids of labels that are kept; two may become one. All labels of a pattern or a
            group become one; a new id may be the name of one label.
        compress_level: Of isal, 0 to 3; 1 is nearly as quick as 0 and its files are smaller.
        dictionary: What names mean; where it is not given, ``dictionary_for`` finds it. Without
            names none is read.
        missing: Whether the target is written where the source has not one voxel of something that
            is to be kept. The report names the ids that it lacks. Where that is refused, so are
            unknown names, by the list of what the source holds.

    Raises:
        InputError: A name is unknown; what is to be kept is missing, and is not ignored; or
            ``remap``, ``compress_level`` or the target's name cannot be followed.
        NiftiError: The source is damaged, contradicts itself or is no label map.
        OSError: A file cannot be read or written.
    """
    source, target = Path(source), Path(target)
    names = Names(source, dictionary)
    wanted = names.ids_of(keep, may_be_unknown=missing == "refuse")  # below, with what is there
    ids = {label for found in wanted.values() for label in found}
    new_ids = names.new_ids(remap or {})
    with opened(source) as labels:
        coding = Coding(labels.header)
        lookup = filter_for(coding, Selection(coding, ids, new_ids))
        with written(target, labels.header_file, compress_level) as write:
            for piece in labels.before_voxels():
                write(piece)
            for voxels in labels.voxels():
                write(lookup.apply(voxels))
            voxels_of = lookup.counted()
            if missing == "refuse" and (lacking := names.lacking(wanted, voxels_of)):
                raise InputError(lacking)  # here, so that no target appears
    return _report(ids, voxels_of, labels)


def _report(
    ids: Collection[int], voxels_of: Mapping[int, int], labels: LabelSource
) -> FilterReport:
    wanted = sorted(set(ids) - {0})
    return FilterReport(
        kept={label: voxels_of[label] for label in wanted if label in voxels_of},
        missing=tuple(label for label in wanted if label not in voxels_of),
        present=tuple(sorted(voxels_of.keys() - {0})),
        trailing_bytes=labels.trailing_bytes,
        voxel_ml=_voxel_ml(labels.header),
    )


def _voxel_ml(header: NiftiHeader) -> float | None:
    try:
        return voxel_ml(affine_mm(header))
    except NiftiError:
        return None  # its voxels can be filtered all the same
