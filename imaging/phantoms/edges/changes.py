"""Changes to a patient's objects that several kinds of cases are made by."""

from collections.abc import Callable

from pydicom.dataset import Dataset

from imaging.phantoms.edges.case import Answer
from imaging.phantoms.edges.patient import EdgePatient, Objects, only

STACKED = Answer(
    not_codes=("II_REV_003", "II_REV_007", "II_REV_008", "II_REV_009", "II_REV_010", "II_REV_011")
)
"""Slices that make a volume."""


def each_image(change: Callable[[int, Dataset], None]) -> Callable[[EdgePatient], Objects]:
    """Change every image, counted from the feet."""

    def make(patient: EdgePatient) -> Objects:
        items = patient.objects()
        for index, image in enumerate(only(items, "CT")):
            change(index, image)
        return items

    return make


def structures_changed(change: Callable[[Dataset], None]) -> Callable[[EdgePatient], Objects]:
    """Change the RTSTRUCT."""

    def make(patient: EdgePatient) -> Objects:
        items = patient.objects()
        for structures in only(items, "RTSTRUCT"):
            change(structures)
        return items

    return make
