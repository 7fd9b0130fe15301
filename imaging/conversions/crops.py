"""Each label cut out of its label map, a few labels at a time, so that memory stays small."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.conversions.label_file import LabelFile, planes_of
from imaging.labels import LabelStatistics

_MOST_VOXELS = 1 << 27  # in memory at once, a byte each, unless one label alone is larger


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """A label's bounding box.

    Attributes:
        statistics: The label.
        inside: Shape (z, y, x) of the box.
    """

    statistics: LabelStatistics
    inside: NDArray[np.bool_]

    @property
    def corner(self) -> tuple[int, int, int]:
        """The first voxel of the box, (x, y, z)."""
        return self.statistics.box[0]


def crops_of(source: LabelFile, most_voxels: int = _MOST_VOXELS) -> Iterator[Crop]:
    """Cut out every label, in ascending order; the file is read once for each batch of labels.

    Raises:
        NiftiError: The file is damaged.
    """
    for batch in _batches(source.statistics, most_voxels):
        yield from _cut_out(source, batch)


def _batches(
    statistics: Sequence[LabelStatistics], most_voxels: int
) -> Iterator[list[LabelStatistics]]:
    """Put labels together whose boxes fit into memory."""
    batch: list[LabelStatistics] = []
    filled = 0
    for each in statistics:
        size = int(np.prod(_shape(each)))
        if batch and filled + size > most_voxels:
            yield batch
            batch, filled = [], 0
        batch.append(each)
        filled += size
    yield batch


def _cut_out(source: LabelFile, batch: Sequence[LabelStatistics]) -> list[Crop]:
    crops = [Crop(each, np.zeros(_shape(each), dtype=np.bool_)) for each in batch]
    for z, plane in enumerate(planes_of(source.path)):
        for crop in crops:
            (x0, y0, z0), (x1, y1, z1) = crop.statistics.box
            if z0 <= z <= z1:
                crop.inside[z - z0] = plane[y0 : y1 + 1, x0 : x1 + 1] == crop.statistics.id
    return crops


def _shape(each: LabelStatistics) -> tuple[int, int, int]:
    (x0, y0, z0), (x1, y1, z1) = each.box
    return z1 - z0 + 1, y1 - y0 + 1, x1 - x0 + 1
