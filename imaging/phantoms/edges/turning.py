"""Turning a patient: images and contours as they are when somebody lies otherwise.

DICOM's coordinates are the patient's (PS3.3 C.7.6.2.1.1), so it is the scanner that turns: the
orientation of the images is another, and the phantom is turned with them to keep its pixels.
"""

import math

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from scipy.spatial.transform import Rotation

from imaging.phantoms.headers import set_decimals

Turn = tuple[tuple[float, ...], ...]
"""Rows of a matrix; its columns are the directions of rows, columns and slices of the images."""

UPRIGHT: Turn = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
HFP: Turn = ((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0))
FFS: Turn = ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
HFDR: Turn = ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
SAGITTAL: Turn = ((0.0, 0.0, -1.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0))
OBLIQUE: Turn = tuple(
    tuple(row) for row in Rotation.from_euler("xyz", [20, -15, 30], degrees=True).as_matrix()
)

_POSITION = {HFP: "HFP", FFS: "FFS", HFDR: "HFDR"}


def tilt(degrees: float) -> Turn:
    """Return what a tilted gantry does: slices lean, and are stacked along the table still.

    That is no rotation: a solid of a series so tilted has ``cos(degrees)`` times its volume.
    """
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return ((1.0, 0.0, 0.0), (0.0, cosine, 0.0), (0.0, -sine, 1.0))


def turn_image(image: Dataset, turn: Turn) -> Dataset:
    """Turn a CT slice, in place, and return it."""
    if turn != UPRIGHT:
        matrix = np.array(turn)
        directions = np.array(image.ImageOrientationPatient, dtype=np.float64).reshape(2, 3)
        position_mm = np.array(image.ImagePositionPatient, dtype=np.float64)
        image.ImageOrientationPatient = _rounded((directions @ matrix.T).ravel())
        image.ImagePositionPatient = _rounded(matrix @ position_mm)
        image.PatientPosition = _POSITION.get(turn, "HFS")
    return image


def turn_structures(structures: Dataset, turn: Turn) -> Dataset:
    """Turn every contour of an RTSTRUCT, in place, and return it."""
    if turn != UPRIGHT:
        for contour in contours_in(structures):
            set_points(contour, points_of(contour) @ np.array(turn).T)
    return structures


def turn_plan(plan: Dataset, turn: Turn) -> Dataset:
    """Say in a plan how the patient lies, in place, and return it."""
    plan.PatientSetupSequence[0].PatientPosition = _POSITION.get(turn, "HFS")
    return plan


def contours_in(structures: Dataset) -> list[Dataset]:
    """Return the contours of all ROIs."""
    return [
        contour
        for roi in structures.ROIContourSequence
        for contour in roi.get("ContourSequence") or ()
    ]


def points_of(contour: Dataset) -> NDArray[np.float64]:
    """Return the points of a contour that was written by ``set_points``, shape (n, 3), in mm."""
    text = contour.get_item("ContourData").value  # as bytes: as numbers it would take seconds
    return np.array(text.split(b"\\"), dtype=np.float64).reshape(-1, 3)


def set_points(contour: Dataset, points_mm: NDArray[np.float64]) -> None:
    """Give a contour other points, shape (n, 3)."""
    contour.NumberOfContourPoints = len(points_mm)
    set_decimals(contour, "ContourData", points_mm.ravel().tolist())


def _rounded(values: NDArray[np.float64]) -> list[float]:
    """Round to what a DS can hold; 0.0 is added as there is no use in a negative zero."""
    return [round(value, 9) + 0.0 for value in values.tolist()]
