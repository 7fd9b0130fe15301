"""Patients whose slices lie awkwardly."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset

from imaging.phantoms.edges.case import Answer, EdgeCase
from imaging.phantoms.edges.changes import STACKED, each_image
from imaging.phantoms.edges.enhanced import enhanced_ct, refer_to_frames
from imaging.phantoms.edges.patient import (
    BODY,
    LUNG,
    PTV,
    SLICE_MM,
    EdgePatient,
    Objects,
    only,
    someone,
    without,
)
from imaging.phantoms.headers import derive_seed, rename
from imaging.phantoms.solids import Cylinder

_PATIENT = EdgePatient(someone())
_SHORT = 40


def _drop(indices: tuple[int, ...]) -> Callable[[EdgePatient], Objects]:
    """Leave out slices, counted from the feet."""

    def make(patient: EdgePatient) -> Objects:
        items = patient.objects()
        return [item for index, item in enumerate(items) if index not in indices]

    return make


def _drop_some_locations(index: int, image: Dataset) -> None:
    if index % 3 == 0:
        del image.SliceLocation


def _reverse_location(_: int, image: Dataset) -> None:
    image.SliceLocation = -image.SliceLocation


def _thicker(_: int, image: Dataset) -> None:
    image.SliceThickness = 5.0


def _wobble(index: int, image: Dataset) -> None:
    tiny = (1e-6, -1e-6, 0.0)[index % 3]
    image.ImageOrientationPatient = [1.0, tiny, 0.0, -tiny, 1.0, tiny]


def _jitter(index: int, image: Dataset) -> None:
    x, y, z = (float(value) for value in image.ImagePositionPatient)
    image.ImagePositionPatient = [x, y, round(z + (0.005, -0.005, 0.002)[index % 3], 6)]


def _twice(patient: EdgePatient) -> Objects:
    copies = [
        rename(deepcopy(image), patient.study.uid(f"copy of CT {index}"))
        for index, image in enumerate(patient.ct_images())
    ]
    return [*patient.objects(), *copies]


def _shuffled(patient: EdgePatient) -> Objects:
    items = patient.objects()
    images = only(items, "CT")
    rng = np.random.default_rng(derive_seed(patient.study.seed, "order"))
    for image, number in zip(images, rng.permutation(len(images)), strict=True):
        image.InstanceNumber = int(number) + 1
        image.SliceLocation = float(number)
    return [*reversed(images), *without(items, "CT")]


def _two_spacings(patient: EdgePatient) -> Objects:
    """Leave out every second slice of the upper half."""
    items = patient.objects()
    upper = range(patient.slices // 2, patient.slices, 2)
    return [item for index, item in enumerate(items) if index not in upper]


def _localizer(patient: EdgePatient) -> Objects:
    items = patient.objects()
    scout = rename(deepcopy(items[patient.slices // 2]), patient.study.uid("localizer"))
    scout.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    scout.ImageOrientationPatient = [1, 0, 0, 0, 0, -1]
    scout.ImagePositionPatient = [-95, 0, 95]
    scout.InstanceNumber = patient.slices + 1
    return [scout, *items]


def _coarser(index: int, image: Dataset) -> None:
    """Give the two lowest slices a quarter of the pixels, in the same place."""
    if index > 1:
        return
    pixels = np.frombuffer(image.PixelData, dtype="<i2").reshape(image.Rows, image.Columns)
    image.PixelData = pixels[::2, ::2].tobytes()
    image.Rows, image.Columns = image.Rows // 2, image.Columns // 2
    image.PixelSpacing = [2 * float(spacing) for spacing in image.PixelSpacing]


def _wider_pixels(index: int, image: Dataset) -> None:
    if index < 2:
        image.PixelSpacing = [2.1, 2.1]


def _multi_frame(patient: EdgePatient) -> Objects:
    images, structures = list(patient.ct_images()), patient.rtstruct()
    enhanced = enhanced_ct(images, patient.study)
    refer_to_frames(structures, enhanced, [str(image.SOPInstanceUID) for image in images])
    return [enhanced, structures, patient.rtplan(), patient.rtdose()]


def _short() -> EdgePatient:
    body = replace(BODY, solid=Cylinder((0.3, -0.7, 0.0), 80.0, (_SHORT - 1) * SLICE_MM))
    return replace(_PATIENT, rois=(body, PTV, LUNG), slices=_SHORT)


def _review(*codes: str, slices: int = 48) -> Answer:
    return Answer(outcome="REVIEW", codes=codes, slices=slices)


IMAGE_CASES = (
    EdgeCase(
        "E10-three-slices-missing",
        "Three slices in a row are not there.",
        _drop((20, 21, 22)),
        _review("II_REV_003", "II_REV_007", slices=45),
    ),
    EdgeCase(
        "E11-some-slice-locations",
        "SliceLocation, which is optional, is on some slices only.",
        each_image(_drop_some_locations),
        STACKED,
    ),
    EdgeCase(
        "E12-forty-slices",
        "The CT has forty slices.",
        answer=replace(STACKED, slices=_SHORT),
        patient=_short(),
    ),
    EdgeCase(
        "E20-slice-location-reversed",
        "SliceLocation falls where the position rises.",
        each_image(_reverse_location),
        STACKED,
    ),
    EdgeCase(
        "E21-every-slice-twice",
        "Every slice is there twice, under two SOPInstanceUIDs.",
        _twice,
        _review("II_REV_008", slices=96),
    ),
    EdgeCase(
        "E24-one-slice-refused",
        "One slice was unreadable, and the archive refused it.",
        _drop((24,)),
        _review("II_REV_003", "II_REV_007", slices=47),
    ),
    EdgeCase(
        "N16-numbered-at-random",
        "InstanceNumber and SliceLocation are in no order, and the slices come from the head.",
        _shuffled,
        STACKED,
    ),
    EdgeCase(
        "N17-two-spacings",
        "Slices lie 2 mm apart below, 4 mm above.",
        _two_spacings,
        _review("II_REV_003", "II_REV_007", slices=36),
    ),
    EdgeCase(
        "N18-localizer-in-the-series",
        "A coronal localizer is in the series of the CT.",
        _localizer,
        _review("II_REV_009", slices=49),
    ),
    EdgeCase(
        "N19-two-matrices",
        "Two of the slices have half as many rows and columns, twice as far apart.",
        each_image(_coarser),
        _review("II_REV_011"),
    ),
    EdgeCase(
        "N23-two-pixel-spacings",
        "Two of the slices have wider pixels, and as many of them.",
        each_image(_wider_pixels),
        _review("XII_REV_002"),
    ),
    EdgeCase(
        "N20-enhanced-ct",
        "The CT is one multi-frame object (PS3.3 A.38).",
        _multi_frame,
        _review("II_REV_010", slices=1),
    ),
    EdgeCase(
        "N22-jitter", "Positions are off by 0.005 mm either way.", each_image(_jitter), STACKED
    ),
    EdgeCase(
        "N24-wobble",
        "Directions differ from slice to slice by what rounding makes of them.",
        each_image(_wobble),
        STACKED,
    ),
    EdgeCase(
        "N25-thick-slices",
        "Slices are 5 mm thick, and 2 mm apart: they overlap.",
        each_image(_thicker),
        STACKED,
    ),
)
