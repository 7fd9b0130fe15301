"""What a conversion made of each label, and where the result lies."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ConvertedLabel:
    """One label, segment or ROI.

    Attributes:
        id: The label id, or the number of the segment or ROI; of an ROI that has none, its number.
        name: As its source writes it.
        voxels: How many voxels it has; 0 where nothing was made of it.
        ml: Their volume.
        note: What was lost or changed; empty when nothing was.
    """

    id: int
    name: str
    voxels: int
    ml: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was made.

    Attributes:
        files: What was written, the result first.
        labels: What became of each label, by id.
        notes: What is to be known of all of them.
    """

    files: tuple[Path, ...]
    labels: tuple[ConvertedLabel, ...]
    notes: tuple[str, ...] = ()
