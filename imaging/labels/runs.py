"""Counts, boxes and centres of labels, run by run: a run is a row's stretch of one value."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.labels.coding import Coding

_FAR = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Stretches of equal patterns along x, in ascending order.

    Attributes:
        patterns: Shape (n,), as every other.
        x: Where each begins.
        y: Its row.
        z: Its slice.
        volume: Its volume; 0 in a file of three dimensions.
        lengths: In voxels.
    """

    patterns: NDArray[np.unsignedinteger]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    z: NDArray[np.int64]
    volume: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def of_volume(self, volume: int) -> "Runs":
        """Return those of one volume."""
        first, end = np.searchsorted(self.volume, [volume, volume + 1])
        cut = slice(int(first), int(end))
        return Runs(
            patterns=self.patterns[cut],
            x=self.x[cut],
            y=self.y[cut],
            z=self.z[cut],
            volume=self.volume[cut],
            lengths=self.lengths[cut],
        )


def runs_of(
    patterns: NDArray[np.unsignedinteger],
    first: int,
    shape: tuple[int, int, int],
    background: int | None,
) -> Runs:
    """Find the runs among voxels that follow each other in a file.

    Args:
        patterns: Shape (n,), at least one.
        first: How many voxels of the file come before them.
        shape: Of a volume, (x, y, z).
        background: The pattern that is passed over, if any is.
    """
    width, height, depth = shape
    is_last = patterns[1:] != patterns[:-1]
    ends_of_rows = slice((width - 1 - first) % width, None, width)
    # a run ends with its row; background need not, as it is dropped
    is_last[ends_of_rows] |= patterns[:-1][ends_of_rows] != background
    ends = np.append(np.flatnonzero(is_last) + 1, patterns.size)
    starts = np.append(0, ends[:-1])
    values = patterns[starts]
    if background is not None:
        seen = np.flatnonzero(values != background)
        starts, ends, values = starts[seen], ends[seen], values[seen]
    places = starts + first
    rows = places // width
    slices = rows // height
    volumes = slices // depth
    return Runs(
        patterns=values,
        x=places - rows * width,
        y=rows - slices * height,
        z=slices - volumes * depth,
        volume=volumes,
        lengths=ends - starts,
    )


class Slots:
    """Gives each label of a file a small number, in the order of their first voxels.

    Attributes:
        labels: The label of each number.
    """

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._numbers: dict[int, int] = {}
        is_narrow = coding.patterns.itemsize <= 2
        size = 256**coding.patterns.itemsize if is_narrow else 0
        self._table = np.full(size, -1, dtype=np.int64)
        self.labels: list[int] = []

    def of(self, patterns: NDArray[np.unsignedinteger]) -> NDArray[np.int64]:
        """Return the number of each pattern's label.

        Raises:
            NiftiError: One is no label.
        """
        if not self._table.size:
            values, which = np.unique(patterns, return_inverse=True)
            numbers = self._numbered(values)
            return numbers[which]
        slots: NDArray[np.int64] = self._table[patterns]
        if slots.min(initial=0) < 0:
            fresh = np.unique(patterns[slots < 0])
            self._table[fresh] = self._numbered(fresh)
            slots = self._table[patterns]
        return slots

    def _numbered(self, patterns: NDArray[np.unsignedinteger]) -> NDArray[np.int64]:
        numbers = [self._number(label) for label in self._coding.labels_of(patterns).tolist()]
        return np.array(numbers, dtype=np.int64)

    def _number(self, label: int) -> int:
        if label not in self._numbers:
            self._numbers[label] = len(self.labels)
            self.labels.append(label)
        return self._numbers[label]


class Tally:
    """Sums over the labels of one volume, by their numbers.

    Attributes:
        voxels: Shape (n,).
        sums: Shape (3, n): the sums of x, y and z over a label's voxels; exact.
        low: Shape (3, n): the least x, y and z.
        high: Shape (3, n): the greatest.
    """

    def __init__(self) -> None:
        self.voxels = np.zeros(0, dtype=np.int64)
        self.sums = np.zeros((3, 0))
        self.low = np.zeros((3, 0), dtype=np.int64)
        self.high = np.zeros((3, 0), dtype=np.int64)

    def add(self, slots: NDArray[np.int64], runs: Runs) -> None:
        """Add the runs of labels with these numbers."""
        self._grow(int(slots.max()) + 1)
        last = runs.x + runs.lengths - 1
        twice = runs.lengths * (runs.x + last)  # an even number, so halves stay whole
        count = self.voxels.size
        self.voxels += np.bincount(slots, runs.lengths, count).astype(np.int64)
        weights = (twice, runs.lengths * runs.y, runs.lengths * runs.z)
        for axis, weight in enumerate(weights):
            self.sums[axis] += np.bincount(slots, weight, count) / (1 if axis else 2)
        for axis, (low, high) in enumerate(((runs.x, last), (runs.y, runs.y), (runs.z, runs.z))):
            np.minimum.at(self.low[axis], slots, low)
            np.maximum.at(self.high[axis], slots, high)

    def _grow(self, count: int) -> None:
        more = count - self.voxels.size
        if more <= 0:
            return
        self.voxels = np.pad(self.voxels, (0, more))
        self.sums = np.pad(self.sums, ((0, 0), (0, more)))
        self.low = np.pad(self.low, ((0, 0), (0, more)), constant_values=_FAR)
        self.high = np.pad(self.high, ((0, 0), (0, more)), constant_values=-1)
