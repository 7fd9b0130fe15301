"""A CT series: solids in a body of water, in air, with the noise of a scanner."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage

from imaging.phantoms.headers import StudyHeader, derive_seed, new_object, rename
from imaging.phantoms.solids import Point, Solid

AIR_HU = -1000.0
PADDING_HU = -1024.0
"""Outside the circle that a scanner reconstructs."""

NOISE_HU = 10.0
"""Such that deflate makes a series about 2.5 times smaller, as it does of a real one."""

_RESCALE_INTERCEPT = -1024


@dataclass(frozen=True, slots=True)
class CtGrid:
    """Where the voxels of a transverse, head-first supine series lie.

    Attributes:
        first_mm: x, y, z of the centre of the first voxel of the lowest slice.
        pixel_spacing_mm: Between rows, and between columns.
        slice_spacing_mm: Between slices.
        shape: Slices, rows, columns.
        column_spacing_mm: Between columns, where that is another than between rows.
    """

    first_mm: Point
    pixel_spacing_mm: float
    slice_spacing_mm: float
    shape: tuple[int, int, int]
    column_spacing_mm: float | None = None

    @property
    def z_mm(self) -> tuple[float, ...]:
        """The z of each slice, from the feet to the head."""
        return tuple(self.first_mm[2] + self.slice_spacing_mm * k for k in range(self.shape[0]))

    @property
    def spacing_mm(self) -> tuple[float, float]:
        """Between rows and between columns, as PixelSpacing has them."""
        return self.pixel_spacing_mm, self.column_spacing_mm or self.pixel_spacing_mm

    def plane_mm(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x of shape (1, columns) and y of shape (rows, 1)."""
        steps = np.arange(max(self.shape), dtype=np.float64)
        between_rows_mm, between_columns_mm = self.spacing_mm
        x = self.first_mm[0] + (steps * between_columns_mm)[: self.shape[2]]
        y = self.first_mm[1] + (steps * between_rows_mm)[: self.shape[1]]
        return x[None, :], y[:, None]


@dataclass(frozen=True, slots=True)
class CtSeries:
    """The identity of a series, which others refer to; the slices are made when asked for.

    Attributes:
        study: The study it belongs to.
        grid: Where its voxels lie.
        role: What tells it from another series of the study.
    """

    study: StudyHeader
    grid: CtGrid
    role: str = "CT"

    @property
    def series_instance_uid(self) -> UID:
        """SeriesInstanceUID."""
        return self.study.uid(f"series of {self.role}")

    def image_uid(self, index: int) -> UID:
        """Return the SOPInstanceUID of a slice, counted from the feet."""
        return self.study.uid(f"{self.role} {index}")

    def image_uid_at(self, z_mm: float) -> UID:
        """Return the SOPInstanceUID of the slice nearest to ``z_mm``."""
        offset = (z_mm - self.grid.first_mm[2]) / self.grid.slice_spacing_mm
        return self.image_uid(round(offset))

    def images(self, painted: Sequence[tuple[Solid, float]]) -> Iterator[Dataset]:
        """Make the slices, from the feet to the head.

        Args:
            painted: Solids and the HU inside them; later ones cover earlier ones.
        """
        for index, z_mm in enumerate(self.grid.z_mm):
            yield self._image(index, z_mm, painted)

    def _image(self, index: int, z_mm: float, painted: Sequence[tuple[Solid, float]]) -> Dataset:
        image = new_object(self.study, CTImageStorage, "CT", self.role)
        rename(image, self.image_uid(index))
        _describe(image, self.study, index)
        x, y, _ = self.grid.first_mm
        image.PixelSpacing = list(self.grid.spacing_mm)
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        image.ImagePositionPatient = [round(x, 6), round(y, 6), round(z_mm, 6)]
        image.SliceLocation = round(z_mm, 6)
        image.SliceThickness = self.grid.slice_spacing_mm
        rng = np.random.default_rng(derive_seed(self.study.seed, self.role, index))
        _set_pixels(image, hounsfield(self.grid, z_mm, painted), rng)
        return image


def hounsfield(
    grid: CtGrid, z_mm: float, painted: Sequence[tuple[Solid, float]]
) -> NDArray[np.float32]:
    """Return the HU of one slice without noise, shape (rows, columns)."""
    x, y = grid.plane_mm()
    z = np.array([[z_mm]])
    circle_mm = min(np.array(grid.spacing_mm) * grid.shape[1:]) / 2
    measured = np.hypot(x - x.mean(), y - y.mean()) <= circle_mm
    hu = np.where(measured, np.float32(AIR_HU), np.float32(PADDING_HU))
    for solid, value in painted:
        if abs(z_mm - solid.centre_mm[2]) <= solid.half_mm("SI"):
            hu[solid.contains(x, y, z)] = value
    return hu


def _describe(image: Dataset, study: StudyHeader, index: int) -> None:
    """Fill the modules that do not depend on where the slice lies (PS3.3 C.7.6.1, C.8.2.1)."""
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.SeriesDescription = "Planning CT"
    image.SeriesDate = image.AcquisitionDate = image.ContentDate = study.study_date
    image.SeriesTime = image.AcquisitionTime = image.ContentTime = image.StudyTime
    image.PatientPosition = "HFS"
    image.BodyPartExamined = "CHEST"
    image.KVP = 120
    image.XRayTubeCurrent = 200
    image.ExposureTime = 1000
    image.ConvolutionKernel = "STANDARD"
    image.AcquisitionNumber = 1
    image.InstanceNumber = index + 1


def _set_pixels(image: Dataset, hu: NDArray[np.float32], rng: np.random.Generator) -> None:
    noise = NOISE_HU * rng.standard_normal(hu.shape, dtype=np.float32)
    noisy = hu + noise * (hu > PADDING_HU)
    stored = np.rint(np.maximum(noisy - _RESCALE_INTERCEPT, 0)).astype("<i2")
    image.Rows, image.Columns = stored.shape
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit = 15
    image.PixelRepresentation = 1
    image.RescaleIntercept, image.RescaleSlope = _RESCALE_INTERCEPT, 1
    image.RescaleType = "HU"
    image.WindowCenter, image.WindowWidth = 40, 400
    image.PixelData = stored.tobytes()
