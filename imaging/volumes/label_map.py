"""All ROIs in one image of integers; where they overlap, the smaller one is seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.volumes.filling import Mask

_MOST_IN_A_BYTE = 255


@dataclass(frozen=True, slots=True)
class Label:
    """One row of the dictionary ``labels.tsv``, the columns of a BIDS ``dseg.tsv`` first.

    Attributes:
        index: The integer in the image.
        name: ROI Name, as in the RTSTRUCT.
        color: ``#RRGGBB``.
        roi_number: ROI Number.
        file: The mask, in ``masks``; empty where masks are not written.
        voxels: Of the whole ROI.
        volume_cc: Likewise.
        overlapped_voxels: How many of these belong to a smaller ROI in the image.
    """

    index: int
    name: str
    color: str
    roi_number: int
    file: str
    voxels: int
    volume_cc: float
    overlapped_voxels: int


class LabelMap:
    """A label map that masks are painted into one after the other, in any order of size.

    Attributes:
        labels: Shape (slices, rows, columns): 0 is outside all ROIs.
    """

    def __init__(self, shape: tuple[int, int, int], count: int) -> None:
        self.dtype = np.uint8 if count <= _MOST_IN_A_BYTE else np.uint16
        self.labels: NDArray[np.unsignedinteger] = np.zeros(shape, dtype=self.dtype)
        self._sizes = [0]  # in voxels, by label
        self._overlapped = np.zeros(count + 1, dtype=np.intp)

    def paint(self, mask: Mask, voxels: int) -> int:
        """Paint a mask of so many voxels over larger ones and under smaller ones.

        Of masks of one size the earlier is seen.

        Returns:
            Its label: 1, 2 and so on.
        """
        label = len(self._sizes)
        yields = np.array([size > voxels for size in self._sizes])
        yields[0] = True
        for index, box in mask.boxes():
            seen = mask.box_of(self.labels[index])
            inside = box.astype(np.bool_)
            if seen.any():
                inside = self._won(label, seen, inside, yields)
            seen[inside] = label
        self._sizes.append(voxels)
        return label

    def _won(
        self,
        label: int,
        seen: NDArray[np.generic],
        inside: NDArray[np.bool_],
        yields: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Say which voxels a new label gets, and count who loses how many."""
        old = seen[inside]
        gets = yields[old]
        self._overlapped += np.bincount(old[gets], minlength=self._overlapped.size)
        self._overlapped[label] += int(old.size - np.count_nonzero(gets))
        won = inside.copy()
        won[inside] = gets
        return won

    def overlapped(self, label: int) -> int:
        """Return how many voxels of an ROI are another's in the image."""
        return int(self._overlapped[label])


def as_tsv(labels: Sequence[Label]) -> str:
    """Write the dictionary as tab-separated text with a header."""
    lines = [list(Label.__slots__)]
    lines += [[_cell(getattr(label, name)) for name in Label.__slots__] for label in labels]
    return "\n".join("\t".join(line) for line in lines) + "\n"


def _cell(value: object) -> str:
    """Write a value so that no blank in it ends a cell or a line."""
    return f"{value:.4f}" if isinstance(value, float) else " ".join(str(value).split())
