"""Patients who lie otherwise than on their back, head first, across upright square pixels."""

from dataclasses import replace

from pydicom.dataset import Dataset

from imaging.phantoms.edges.case import Answer, EdgeCase
from imaging.phantoms.edges.changes import STACKED, each_image
from imaging.phantoms.edges.patient import EdgePatient, someone
from imaging.phantoms.edges.turning import FFS, HFDR, HFP, OBLIQUE, SAGITTAL, Turn, tilt

_PATIENT = EdgePatient(someone())
_TILT_DEGREES = 15.0


def _state_tilt(_: int, image: Dataset) -> None:
    image.GantryDetectorTilt = _TILT_DEGREES


def _lying(turn: Turn) -> EdgePatient:
    return replace(_PATIENT, turn=turn)


LYING_CASES = (
    EdgeCase(
        "E09-gantry-tilt",
        "The gantry is tilted by 15 degrees: slices lean against their stack.",
        each_image(_state_tilt),
        Answer(outcome="REVIEW", codes=("II_REV_009",)),
        _lying(tilt(_TILT_DEGREES)),
    ),
    EdgeCase(
        "N10-rectangular-pixels",
        "Columns lie 1.75 mm apart, rows 2 mm.",
        answer=STACKED,
        patient=replace(_PATIENT, between_columns_mm=1.75),
    ),
    EdgeCase("N11-prone", "The patient lies prone.", answer=STACKED, patient=_lying(HFP)),
    EdgeCase(
        "N12-feet-first", "The patient goes in feet first.", answer=STACKED, patient=_lying(FFS)
    ),
    EdgeCase(
        "N13-on-the-right-side",
        "The patient lies on their right side.",
        answer=STACKED,
        patient=_lying(HFDR),
    ),
    EdgeCase(
        "N14-sagittal-slices", "The slices are sagittal.", answer=STACKED, patient=_lying(SAGITTAL)
    ),
    EdgeCase(
        "N15-oblique-slices",
        "The slices are at an angle to all three axes, and stacked along their normal.",
        answer=STACKED,
        patient=_lying(OBLIQUE),
    ),
    EdgeCase(
        "N21-tilt-stated-only",
        "GantryDetectorTilt is stated, and the slices are straight.",
        each_image(_state_tilt),
        STACKED,
    ),
)
