"""An RTDOSE: a dose sampled at the centres of a grid's voxels, in any of eight orientations."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import RTDoseStorage

from imaging.phantoms.headers import StudyHeader, new_object, reference_to
from imaging.phantoms.solids import Point
from imaging.phantoms.truth import DoseField

Orientation = Literal["HFS", "HFP", "HFDL", "HFDR", "FFS", "FFP", "FFDL", "FFDR"]

ORIENTATIONS: dict[Orientation, tuple[int, int, int, int, int, int]] = {
    "HFS": (1, 0, 0, 0, 1, 0),
    "HFP": (-1, 0, 0, 0, -1, 0),
    "HFDL": (0, -1, 0, 1, 0, 0),
    "HFDR": (0, 1, 0, -1, 0, 0),
    "FFS": (-1, 0, 0, 0, 1, 0),
    "FFP": (1, 0, 0, 0, -1, 0),
    "FFDL": (0, 1, 0, 1, 0, 0),
    "FFDR": (0, -1, 0, -1, 0, 0),
}
"""ImageOrientationPatient of a transverse image, by the position the patient lay in."""


@dataclass(frozen=True, slots=True)
class DoseGrid:
    """Where the voxel centres lie, whatever the order they are stored in.

    Attributes:
        first_mm: The smallest x, y and z.
        spacing_mm: Along x, y and z.
        shape: Number along z, y and x, as numpy has it.
    """

    first_mm: Point
    spacing_mm: Point
    shape: tuple[int, int, int]

    def axis_mm(self, index: int) -> NDArray[np.float64]:
        """Return the coordinates along x (0), y (1) or z (2), increasing."""
        steps = np.arange(self.shape[2 - index], dtype=np.float64)
        return self.first_mm[index] + self.spacing_mm[index] * steps


@dataclass(frozen=True, slots=True)
class DoseEncoding:
    """How a dose is written and named; nothing here changes the dose itself.

    Attributes:
        orientation: Which way rows, columns and frames run.
        bits: BitsAllocated.
        absolute_offsets: GridFrameOffsetVector holds z itself, not the distance from the first
            frame (PS3.3 C.8.8.3.2).
        units: DoseUnits.
        summation_type: DoseSummationType.
        beam_number: The beam that a BEAM dose belongs to.
        role: What tells the object from another dose of the study.
    """

    orientation: Orientation = "HFS"
    bits: Literal[16, 32] = 32
    absolute_offsets: bool = False
    units: Literal["GY", "RELATIVE"] = "GY"
    summation_type: Literal["PLAN", "BEAM"] = "PLAN"
    beam_number: int = 1
    role: str = "RTDOSE"


@dataclass(frozen=True, slots=True)
class _Stored:
    """The grid in the order of the file: frames, rows, columns.

    Attributes:
        values_gy: Shape (frames, rows, columns).
        position_mm: x, y, z of the first voxel.
        frames_mm: Coordinate of each frame along the normal's axis.
        spacing_mm: Between frames, rows and columns.
    """

    values_gy: NDArray[np.float64]
    position_mm: NDArray[np.float64]
    frames_mm: NDArray[np.float64]
    spacing_mm: tuple[float, ...]


def rtdose(
    study: StudyHeader,
    dose: DoseField,
    grid: DoseGrid,
    plan: Dataset,
    encoding: DoseEncoding | None = None,
) -> Dataset:
    """Sample ``dose`` on ``grid`` for ``plan`` (PS3.3 A.18).

    Args:
        study: The study it belongs to.
        dose: Gives Gy at x, y, z in mm; negative values are stored as 0.
        grid: Where it is sampled.
        plan: The RTPLAN referred to, and through it the RTSTRUCT; ``add_dvhs`` names it here too.
        encoding: How it is written; 32 bits, head-first supine, in Gy by default.
    """
    encoding = encoding or DoseEncoding()
    stored = _sampled(dose, grid, encoding.orientation)
    dataset = new_object(study, RTDoseStorage, "RTDOSE", encoding.role)
    dataset.SeriesDescription = "Dose"
    dataset.ContentDate, dataset.ContentTime = study.study_date, dataset.StudyTime
    dataset.InstanceNumber = 1
    dataset.DoseUnits = encoding.units
    dataset.DoseType = "PHYSICAL"
    dataset.DoseSummationType = encoding.summation_type
    dataset.TissueHeterogeneityCorrection = "IMAGE"
    dataset.ReferencedRTPlanSequence = [_plan_reference(plan, encoding)]
    _set_geometry(dataset, stored, encoding)
    _set_pixels(dataset, stored.values_gy, encoding.bits)
    return dataset


def _sampled(dose: DoseField, grid: DoseGrid, orientation: Orientation) -> _Stored:
    """Sample the dose in the order that the orientation asks for."""
    cosines = np.array(ORIENTATIONS[orientation])
    along_columns, along_rows = cosines[:3], cosines[3:]
    directions = (np.cross(along_columns, along_rows), along_rows, along_columns)
    indices = [int(np.flatnonzero(direction)[0]) for direction in directions]
    lines = [
        grid.axis_mm(index)[:: int(direction[index])]
        for index, direction in zip(indices, directions, strict=True)
    ]
    mesh = np.meshgrid(*lines, indexing="ij", sparse=True)
    by_axis = dict(zip(indices, mesh, strict=True))
    first = {index: line[0] for index, line in zip(indices, lines, strict=True)}
    return _Stored(
        values_gy=np.maximum(dose(by_axis[0], by_axis[1], by_axis[2]), 0.0),
        position_mm=np.array([first[0], first[1], first[2]]),
        frames_mm=lines[0],
        spacing_mm=tuple(grid.spacing_mm[index] for index in indices),
    )


def _plan_reference(plan: Dataset, encoding: DoseEncoding) -> Dataset:
    item = reference_to(plan)
    if encoding.summation_type == "BEAM":
        beam, group = Dataset(), Dataset()
        beam.ReferencedBeamNumber = encoding.beam_number
        group.ReferencedBeamSequence = [beam]
        group.ReferencedFractionGroupNumber = 1
        item.ReferencedFractionGroupSequence = [group]
    return item


def _set_geometry(dataset: Dataset, stored: _Stored, encoding: DoseEncoding) -> None:
    between_frames, between_rows, between_columns = stored.spacing_mm
    dataset.ImageOrientationPatient = list(ORIENTATIONS[encoding.orientation])
    dataset.ImagePositionPatient = [round(float(value), 6) for value in stored.position_mm]
    dataset.PixelSpacing = [between_rows, between_columns]
    dataset.SliceThickness = between_frames
    frames = stored.frames_mm
    offsets = frames if encoding.absolute_offsets else np.abs(frames - frames[0])
    dataset.FrameIncrementPointer = Tag("GridFrameOffsetVector")
    dataset.GridFrameOffsetVector = [round(float(value), 6) for value in offsets]


def _set_pixels(dataset: Dataset, values_gy: NDArray[np.float64], bits: int) -> None:
    # A DS holds so many digits; what it loses may be two steps of 32 bits too many at the maximum.
    scaling = float(f"{float(values_gy.max()) / (2**bits - 2):.9e}")
    dataset.DoseGridScaling = scaling
    stored = np.minimum(np.rint(values_gy / scaling), 2**bits - 1).astype(f"<u{bits // 8}")
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = 0
    dataset.PixelData = stored.tobytes()
