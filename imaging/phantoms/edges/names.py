"""Patients whose ROIs are called something that no file can be."""

from dataclasses import replace

from imaging.phantoms.edges.case import EdgeCase
from imaging.phantoms.edges.patient import BODY, LUNG, PTV, EdgePatient, someone
from imaging.phantoms.solids import Cylinder
from imaging.phantoms.structures import Roi

_PATIENT = EdgePatient(someone())
_NAMES = ("CON", "../../PTV", "PTV 50/25", "ptv 50_25", "肝臓", 'a*b?c:"d"<e>|', ".", "x" * 64)


def _with(*rois: Roi) -> EdgePatient:
    return replace(_PATIENT, rois=(BODY, *rois))


def _named() -> EdgePatient:
    """Give ROIs names that no file may have, and each another volume in the same place."""
    rois = [
        Roi(10 + index, name, Cylinder((30.6, 21.3, -7.0), 22.0, 48.0 - 4 * index))
        for index, name in enumerate(_NAMES)
    ]
    return replace(_with(*rois), study=someone(character_set="ISO_IR 192"))


NAME_CASES = (
    EdgeCase(
        "E19-slash-in-a-name",
        "An ROI is called 'CTV 50/25'.",
        patient=_with(replace(PTV, name="CTV 50/25"), LUNG),
    ),
    EdgeCase(
        "N84-two-of-one-name",
        "Two ROIs have the same name, as the standard allows.",
        patient=_with(PTV, replace(LUNG, name="PTV")),
    ),
    EdgeCase(
        "N85-names-no-file-may-have",
        "ROIs are called like devices, paths, patterns, in kanji, and alike but for a sign.",
        patient=_named(),
    ),
    EdgeCase(
        "N95-no-names",
        "Two ROIs have empty names, which the standard allows (type 2).",
        patient=_with(replace(PTV, name=""), replace(LUNG, name="")),
    ),
)
