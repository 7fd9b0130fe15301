"""A first look at a label map, in constant memory: how much of each label, and where to cut."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.errors import NiftiError
from imaging.labels.coding import Coding
from imaging.labels.header import NiftiHeader
from imaging.labels.lookup import MOST_LABELS
from imaging.labels.runs import Runs, Slots, runs_of
from imaging.labels.source import opened

_MOST_BINS = 1024  # along an axis; more slices share bins, so that no header can ask for memory
_MOST_APART = 512  # labels that count by themselves in the choice of a plane
_AS_GOOD = 0.98  # of the best: among such slices the one in their middle is taken


@dataclass(frozen=True, slots=True)
class Survey:
    """What a picture of a label map needs to know before it is drawn.

    Attributes:
        header: The file's.
        voxels: How many voxels each label of the first volume has.
        best: The slice across each axis of the voxels on which most is to be seen.
        spans: The first and the last slice with labels, for each axis; all where there are none.
    """

    header: NiftiHeader
    voxels: dict[int, int]
    best: tuple[int, int, int]
    spans: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def survey(source: Path) -> Survey:
    """Read a label map once, to its last checksum; only its first volume counts.

    Raises:
        NiftiError: The file is damaged, contradicts itself or is no label map.
        OSError: It cannot be read.
    """
    with opened(source) as labels:
        for _ in labels.before_voxels():
            pass
        coding = Coding(labels.header)
        slots = Slots(coding)
        profiles = _Profiles(labels.header.volume_shape)
        first = 0
        for piece in labels.voxels():
            patterns = np.frombuffer(piece, coding.patterns)
            runs = runs_of(patterns, first, labels.header.volume_shape, coding.background)
            first += patterns.size
            numbers = slots.of(runs.patterns)  # of every volume: what is no label is refused
            profiles.add(numbers[runs.volume == 0], runs.of_volume(0))
            if len(slots.labels) > MOST_LABELS:
                msg = f"The file holds more than {MOST_LABELS} labels"
                raise NiftiError(msg)
    return profiles.surveyed(labels.header, slots.labels)


class _Profiles:
    """How much of each label every slice shows, across each axis."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._shape = shape
        self._bins = [min(count, _MOST_BINS) for count in shape]
        self._areas = [np.zeros((0, bins + 1)) for bins in self._bins]
        self._voxels = np.zeros(0, dtype=np.int64)

    def add(self, slots: NDArray[np.int64], runs: Runs) -> None:
        """Add the runs of labels with these numbers."""
        if not slots.size:
            return
        self._grow(int(slots.max()) + 1)
        np.add.at(self._voxels, slots, runs.lengths)
        rows = np.minimum(slots, _MOST_APART - 1)
        x, y, z = self._areas
        np.add.at(x, (rows, self._bin(runs.x, 0)), 1)  # where runs begin, less where they end
        np.add.at(x, (rows, self._bin(runs.x + runs.lengths - 1, 0) + 1), -1)
        np.add.at(y, (rows, self._bin(runs.y, 1)), runs.lengths)
        np.add.at(z, (rows, self._bin(runs.z, 2)), runs.lengths)

    def surveyed(self, header: NiftiHeader, labels: list[int]) -> Survey:
        """Choose the slices."""
        voxels = {
            labels[slot]: int(self._voxels[slot])
            for slot in np.flatnonzero(self._voxels).tolist()
            if labels[slot] != 0  # background in another pattern than its usual one, as -0.0 is
        }
        if not voxels:
            x, y, z = self._shape
            return Survey(
                header, {}, (x // 2, y // 2, z // 2), ((0, x - 1), (0, y - 1), (0, z - 1))
            )
        x_areas, y_areas, z_areas = self._areas
        areas = (np.cumsum(x_areas, axis=1), y_areas, z_areas)
        is_label = np.array([label != 0 for label in labels[: len(x_areas)]])
        shown = [np.sqrt(area[is_label, :-1]).sum(axis=0) for area in areas]
        best = [self._slice(_middle_of_best(seen), axis) for axis, seen in enumerate(shown)]
        spans = [self._span(np.flatnonzero(seen), axis) for axis, seen in enumerate(shown)]
        return Survey(header, voxels, (best[0], best[1], best[2]), (spans[0], spans[1], spans[2]))

    def _bin(self, index: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
        return index * self._bins[axis] // self._shape[axis]

    def _slice(self, bin_: int, axis: int) -> int:
        """Return the first slice of a bin."""
        return -(-bin_ * self._shape[axis] // self._bins[axis])

    def _span(self, bins: NDArray[np.intp], axis: int) -> tuple[int, int]:
        first, last = int(bins[0]), int(bins[-1])
        return self._slice(first, axis), self._slice(last + 1, axis) - 1

    def _grow(self, count: int) -> None:
        more = count - self._voxels.size
        if more <= 0:
            return
        self._voxels = np.pad(self._voxels, (0, more))
        rows = min(count, _MOST_APART) - len(self._areas[0])
        self._areas = [np.pad(area, ((0, rows), (0, 0))) for area in self._areas]


def _middle_of_best(shown: NDArray[np.float64]) -> int:
    """Choose among the slices that show most: the square root lets small organs count too."""
    good = np.flatnonzero(shown >= _AS_GOOD * shown.max())
    return int(good[good.size // 2])
