"""A CBCT series as DICOM: teeth and jaws in air, and what a check before payment must refuse."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from imaging.files import whole_file
from imaging.phantoms.headers import StudyHeader, derive_seed, new_object, rename
from imaging.phantoms.teeth import WITHOUT_TWO_WISDOM_TEETH, ToothPlace

AIR_HU, TISSUE_HU, BONE_HU, TOOTH_HU = -1000.0, 40.0, 900.0, 2200.0
NOISE_HU = 40.0
"""Of a CBCT, which is noisier than a CT: deflate makes a series less than twice as small."""

_INTERCEPT = -1000

Axis = NDArray[np.floating]
"""Coordinates of rows or columns, in mm."""

Change = Callable[[int, Dataset], None]
"""Given the number of a slice, from 0 at the feet, and its dataset: makes it another."""


def _unchanged(_: int, __: Dataset) -> None:
    """Leave a slice as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cbct:
    """A CBCT of a synthetic patient; all that is not said is as a scanner would have it.

    Attributes:
        slices: How many there are.
        matrix: Rows and columns.
        voxel_mm: Edge of a voxel.
        slice_spacing_mm: Between slices; 0 is as the edge of a voxel.
        seed: What UIDs and noise come of.
        patient_name: PatientName.
        patient_id: PatientID.
        skip: Slices that are missing, counted from 0 at the feet.
        twice: Slices that are there twice, under another SOPInstanceUID.
        tilt_deg: Of a gantry: slices are shifted along y as they rise.
        localizer: A scout image lies among the slices, in a series of its own.
        series: How many CT series of the same geometry there are.
        modality: Modality of every image.
    """

    slices: int = 120
    matrix: int = 256
    voxel_mm: float = 0.3
    slice_spacing_mm: float = 0.0
    seed: int = 1
    patient_name: str = "Quillfeather^CBCT"
    patient_id: str = "SUB001"
    skip: tuple[int, ...] = ()
    twice: tuple[int, ...] = ()
    tilt_deg: float = 0.0
    localizer: bool = False
    series: int = 1
    modality: str = "CT"

    @property
    def study(self) -> StudyHeader:
        """The patient and the study."""
        return StudyHeader(
            self.seed,
            self.patient_id,
            self.patient_name,
            patient_birth_date="19790314",
            study_date="20260105",
            study_description="Dental CBCT",
        )

    @property
    def step_mm(self) -> float:
        """From slice to slice."""
        return self.slice_spacing_mm or self.voxel_mm

    def position_mm(self, index: int) -> tuple[float, float, float]:
        """Return ImagePositionPatient of a slice: the teeth lie in the middle of the volume."""
        half = (self.matrix - 1) * self.voxel_mm / 2
        rise = (index - (self.slices - 1) / 2) * self.step_mm
        shift = rise * math.tan(math.radians(self.tilt_deg))
        return tuple(round(value, 6) for value in (-half, shift - half, rise))  # type: ignore[return-value]

    def images(self) -> Iterator[tuple[str, int, Dataset]]:
        """Make the images, from the feet to the head: a neutral name, the slice, the dataset."""
        painted = _blobs()
        for number in range(self.series):
            role = f"CBCT {number}" if number else "CBCT"
            for index in range(self.slices):
                if index in self.skip:
                    continue
                image = self._image(role, index, painted)
                yield f"{number}-{index:04}", index, image
                if index in self.twice:
                    again = rename(image, self.study.uid(f"{role} {index} again"))
                    yield f"{number}-{index:04}-again", index, again
        if self.localizer:
            yield "localizer", -1, self._localizer()

    def _image(self, role: str, index: int, painted: list["Blob"]) -> Dataset:
        image = new_object(self.study, CTImageStorage, self.modality, role)
        rename(image, self.study.uid(f"{role} {index}"))
        position = self.position_mm(index)
        _describe(image, self.study, index)
        image.PixelSpacing = [self.voxel_mm, self.voxel_mm]
        image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        image.ImagePositionPatient = list(position)
        image.SliceLocation = position[2]
        image.SliceThickness = self.step_mm
        rng = np.random.default_rng(derive_seed(self.seed, role, index))
        _set_pixels(image, self._hounsfield(position, painted), rng)
        return image

    def _localizer(self) -> Dataset:
        image = self._image("scout", self.slices // 2, [])
        image.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
        image.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
        image.SeriesDescription = "Scout"
        del image.RescaleType  # a scout has no Hounsfield units (PS3.3 C.8.2.1.1.1)
        return image

    def _hounsfield(
        self, position: tuple[float, float, float], painted: list["Blob"]
    ) -> NDArray[np.float32]:
        """Return the HU of one slice without noise, shape (rows, columns)."""
        x = position[0] + np.arange(self.matrix) * self.voxel_mm
        y = position[1] + np.arange(self.matrix) * self.voxel_mm
        head = np.hypot(x[None, :] / 60, y[:, None] / 70) <= 1
        hu = np.where(head, np.float32(TISSUE_HU), np.float32(AIR_HU))
        for blob in painted:
            blob.paint(hu, x, y, position[2])
        return hu


class Blob(NamedTuple):
    """An upright ellipsoid of one HU."""

    centre_mm: tuple[float, float, float]
    half_mm: tuple[float, float, float]
    value: float

    def paint(self, hu: NDArray[np.float32], x: Axis, y: Axis, z: float) -> None:
        """Paint what of it lies in the slice at ``z``."""
        left = 1 - ((z - self.centre_mm[2]) / self.half_mm[2]) ** 2
        if left <= 0:
            return
        columns = _window(x, self.centre_mm[0], self.half_mm[0])
        rows = _window(y, self.centre_mm[1], self.half_mm[1])
        across = ((x[columns] - self.centre_mm[0]) / self.half_mm[0]) ** 2
        along = ((y[rows] - self.centre_mm[1]) / self.half_mm[1]) ** 2
        hu[rows, columns][across[None, :] + along[:, None] <= left] = self.value


def write_cbct(
    folder: Path, cbct: Cbct | None = None, *, change: Change = _unchanged
) -> list[Path]:
    """Write a series, a file a slice, under names that say nothing of the patient.

    Args:
        folder: Where to; made if absent.
        cbct: What it is like; one that is right in every respect by default.
        change: Given each slice before it is written, to make it wrong.

    Returns:
        The files, from the feet to the head.
    """
    paths = []
    for name, index, image in (cbct or Cbct()).images():
        change(index, image)
        target = folder / f"{name}.dcm"
        with whole_file(target) as part:
            image.save_as(part, enforce_file_format=True)
        paths.append(target)
    return paths


def _blobs() -> list[Blob]:
    """Return bone first, then the teeth in it."""
    places = [ToothPlace.of(fdi) for fdi in WITHOUT_TWO_WISDOM_TEETH]
    bones = [_bone(place) for place in places]
    return [*bones, *(_tooth(place) for place in places)]


def _bone(place: ToothPlace) -> Blob:
    x, y, height = place.neck_mm
    return Blob((x, y, height * 1.7), (6.0, 6.0, 7.0), BONE_HU)


def _tooth(place: ToothPlace) -> Blob:
    size, (x, y, neck) = place.size, place.neck_mm
    side = 1 if place.is_upper else -1
    middle = neck + side * (size.root_mm - size.crown_mm) / 2
    width = (size.mesiodistal_mm + size.buccolingual_mm) / 4
    return Blob((x, y, middle), (width, width, (size.crown_mm + size.root_mm) / 2), TOOTH_HU)


def _window(axis: Axis, centre: float, half: float) -> slice:
    first, last = np.searchsorted(axis, [centre - half, centre + half])
    return slice(int(first), int(last))


def _describe(image: Dataset, study: StudyHeader, index: int) -> None:
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.SeriesDescription = "CBCT"
    image.SeriesDate = image.AcquisitionDate = image.ContentDate = study.study_date
    image.SeriesTime = image.AcquisitionTime = image.ContentTime = image.StudyTime
    image.PatientPosition = "HFS"
    image.BodyPartExamined = "JAW"
    image.KVP = 90
    image.XRayTubeCurrent = 8
    image.ExposureTime = 9000
    image.AcquisitionNumber = 1
    image.InstanceNumber = index + 1


def _set_pixels(image: Dataset, hu: NDArray[np.float32], rng: np.random.Generator) -> None:
    noise = NOISE_HU * rng.standard_normal(hu.shape, dtype=np.float32)
    stored = np.rint(np.maximum(hu + noise - _INTERCEPT, 0)).astype("<u2")
    image.Rows, image.Columns = stored.shape
    image.SamplesPerPixel = 1
    image.PhotometricInterpretation = "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = 16
    image.HighBit = 15
    image.PixelRepresentation = 0
    image.RescaleIntercept, image.RescaleSlope = _INTERCEPT, 1
    image.RescaleType = "HU"
    image.WindowCenter, image.WindowWidth = 600, 3000
    image.PixelData = stored.tobytes()
