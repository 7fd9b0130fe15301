"""Structures painted into one label map, the smaller over the larger, with names and colours."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.conversions.label_file import integer_type
from imaging.conversions.reports import Conversion, ConvertedLabel
from imaging.errors import InputError
from imaging.labels.dictionaries import Label, described, dictionary_of, write_dictionary
from imaging.labels.dictionaries.label import Color
from imaging.labels.naming import stem_of
from imaging.volumes.filling import Mask
from imaging.volumes.geometry import Geometry
from imaging.volumes.label_map import LabelMap
from imaging.volumes.nifti import write_nifti

_LONGEST_NAME = 200
_NO_VOXEL = "no centre of a voxel is inside"


@dataclass(frozen=True, slots=True)
class Found:
    """A structure to paint.

    Attributes:
        id: Its label id.
        name: As its source writes it.
        color: None where the source says none.
        note: What is odd about it.
    """

    id: int
    name: str
    color: Color | None
    note: str = ""


class Painter:
    """Paints structures into a label map, in any order of size.

    Args:
        geometry: The grid.
        count: How many structures there may be.
    """

    def __init__(self, geometry: Geometry, count: int) -> None:
        self._geometry = geometry
        self._map = LabelMap(geometry.shape, count)
        self._painted: dict[int, tuple[Found, int]] = {}  # by the integer in the map
        self._left: list[ConvertedLabel] = []

    def choose(self, there: Sequence[tuple[int, str]], wanted: Sequence[str]) -> set[int]:
        """Return the ids that names, patterns or ids mean.

        Args:
            there: Id and name of every structure.
            wanted: What was asked for; nothing for all.

        Raises:
            InputError: Something is not there; names what is.
        """
        if not wanted:
            return {label for label, _ in there}
        names = dictionary_of(label_of(Found(label, name, None)) for label, name in there)
        chosen = set(names.resolve(wanted))
        if unknown := sorted(chosen - {label.id for label in names}):
            held = ", ".join(f"{label.name} ({label.id})" for label in names)
            msg = f"there is no structure {unknown}; there are {held}"
            raise InputError(msg)
        return chosen

    def leave(self, found: Found, reason: str) -> None:
        """Note that nothing can be painted of a structure."""
        self._left.append(ConvertedLabel(found.id, found.name, 0, 0.0, reason))

    def paint(
        self, found: Found, voxels: NDArray[np.bool_], start: tuple[int, int, int] = (0, 0, 0)
    ) -> None:
        """Paint voxels, shape (slices, rows, columns), from a column, a row and a slice on."""
        column, row, first = start
        plane_of = np.full(self._geometry.shape[0], -1, dtype=np.intp)
        plane_of[first : first + len(voxels)] = np.arange(len(voxels))
        inside = np.ascontiguousarray(voxels, dtype=np.uint8)
        self.paint_mask(found, Mask(inside, (row, column), plane_of, self._geometry.shape))

    def paint_mask(self, found: Found, mask: Mask) -> None:
        """Paint a mask."""
        if (count := mask.voxels) == 0:
            self.leave(found, _NO_VOXEL)
            return
        self._painted[self._map.paint(mask, count)] = found, count

    def write(self, target: Path, notes: Sequence[str] = ()) -> Conversion:
        """Write the label map, and its dictionary beside it as ``_dseg.tsv``.

        Raises:
            InputError: There is nothing to write.
            OSError: A file cannot be written.
        """
        if not self._painted:
            reasons = "; ".join(f"{row.name}: {row.note}" for row in self._left[:20])
            msg = f"no structure has a voxel in the images: {reasons or 'there is none'}"
            raise InputError(msg)
        ids = [0, *(found.id for found, _ in self._painted.values())]
        table = np.array(ids, dtype=integer_type(ids))
        planes = (table[plane] for plane in self._map.labels)
        labels = [label_of(found) for found, _ in self._painted.values()]
        beside = target.with_name(f"{stem_of(target)}_dseg.tsv")
        write_dictionary(beside, dictionary_of(labels))
        write_nifti(target, self._geometry, table.dtype.type, planes)
        rows = sorted([*self._rows(), *self._left], key=lambda row: row.id)
        return Conversion((target, beside), tuple(rows), tuple(notes))

    def _rows(self) -> list[ConvertedLabel]:
        rows = []
        for label, (found, voxels) in self._painted.items():
            lost = self._map.overlapped(label)
            notes = [found.note] if found.note else []
            notes += [f"{lost} voxels are a smaller structure's"] if lost else []
            ml = voxels * self._geometry.voxel_cc
            rows.append(ConvertedLabel(found.id, found.name, voxels, ml, "; ".join(notes)))
        return rows


def label_of(found: Found) -> Label:
    """Describe a structure; a name that no table can hold is mended."""
    printable = "".join(sign if sign.isprintable() else " " for sign in found.name)
    name = " ".join(printable.split())[:_LONGEST_NAME].strip()
    if name in {"", "n/a"}:
        name = f"structure {found.id}"
    return described(found.id, name, color=found.color)
