"""What is in a label map: size, place and extent of every label, in one pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError, NiftiError
from imaging.labels.coding import Coding
from imaging.labels.dictionaries import LabelDictionary
from imaging.labels.geometry import affine_mm, voxel_ml
from imaging.labels.lookup import MOST_LABELS
from imaging.labels.naming import dictionary_for
from imaging.labels.runs import Runs, Slots, Tally, runs_of
from imaging.labels.source import LabelSource, opened

Place = tuple[float, float, float]
Voxel = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class LabelStatistics:
    """One label of one volume.

    Attributes:
        id: As a reader sees it, with the header's scaling applied.
        name: As the dictionary has it; empty where it does not know the id.
        voxels: How many there are.
        ml: Their volume.
        box: The first and the last voxel (x, y, z) of the bounding box, both inside it.
        centroid_voxels: The mean voxel index (x, y, z), counted from 0.
        centroid_mm: The same place in millimetres, right, anterior, superior.
        volume: Which volume of a file of four dimensions or more, counted from 0 in the file's
            order.
    """

    id: int
    name: str
    voxels: int
    ml: float
    box: tuple[Voxel, Voxel]
    centroid_voxels: Place
    centroid_mm: Place
    volume: int = 0


def measure_labels(
    source: str | Path, dictionary: LabelDictionary | None = None
) -> list[LabelStatistics]:
    """Measure every label but 0, volume by volume and within each in ascending order.

    Args:
        source: ``.nii`` or ``.nii.gz``, or either file of a pair ``.hdr`` and ``.img``.
        dictionary: What fills in the names; where it is not given, ``dictionary_for`` finds it, and
            if that cannot be read, they stay empty.

    Raises:
        NiftiError: The file is damaged, contradicts itself, is no label map, or places its voxels
            nowhere.
        OSError: It cannot be read.
    """
    source = Path(source)
    with opened(source) as labels:
        affine = affine_mm(labels.header)
        for _ in labels.before_voxels():
            pass
        coding = Coding(labels.header)
        slots = Slots(coding)
        tallies: dict[int, Tally] = {}
        count = 0
        for volume, runs in _runs(labels, coding):
            tally = tallies.setdefault(volume, Tally())
            count -= tally.voxels.size
            tally.add(slots.of(runs.patterns), runs)
            count += tally.voxels.size
            if count > MOST_LABELS:
                msg = f"The file holds more than {MOST_LABELS} labels, over all its volumes"
                raise NiftiError(msg)
    named = _named(slots.labels, _own(source) if dictionary is None else dictionary)
    return [
        statistics
        for volume, tally in sorted(tallies.items())
        for statistics in sorted(_rows(tally, named, affine, volume), key=lambda row: row.id)
    ]


def _own(source: Path) -> LabelDictionary:
    """Find a file's own dictionary; to measure it, none is needed."""
    try:
        return dictionary_for(source).dictionary
    except InputError:
        return LabelDictionary(())


def _named(labels: list[int], dictionary: LabelDictionary) -> list[tuple[int, str]]:
    """Give each label its name, or an empty one."""
    known = {label.id: label.name for label in dictionary}
    return [(label, known.get(label, "")) for label in labels]


def _runs(labels: LabelSource, coding: Coding) -> Iterator[tuple[int, Runs]]:
    """Give the runs of each piece, apart by volume."""
    first = 0
    for piece in labels.voxels():
        patterns = np.frombuffer(piece, coding.patterns)
        runs = runs_of(patterns, first, labels.header.volume_shape, coding.background)
        first += patterns.size
        for volume in np.unique(runs.volume).tolist():
            yield volume, runs.of_volume(volume)


def _rows(
    tally: Tally, labels: list[tuple[int, str]], affine: NDArray[np.float64], volume: int
) -> Iterator[LabelStatistics]:
    """Give a row for each label that the volume holds."""
    for slot in np.flatnonzero(tally.voxels).tolist():
        label_id, name = labels[slot]
        if label_id == 0:  # background in another pattern than its usual one, as -0.0 is
            continue
        voxels = int(tally.voxels[slot])
        centroid = tally.sums[:, slot] / voxels
        yield LabelStatistics(
            id=label_id,
            name=name,
            voxels=voxels,
            ml=voxels * voxel_ml(affine),
            box=(_voxel(tally.low[:, slot]), _voxel(tally.high[:, slot])),
            centroid_voxels=_place(centroid),
            centroid_mm=_place(affine[:, :3] @ centroid + affine[:, 3]),
            volume=volume,
        )


def _voxel(index: NDArray[np.int64]) -> Voxel:
    x, y, z = index.tolist()
    return x, y, z


def _place(point: NDArray[np.float64]) -> Place:
    x, y, z = point.tolist()
    return x, y, z
