"""Synthetic patients as DICOM, whose DVHs are known in closed form, and cohorts with faults."""

from imaging.phantoms.anatomy import PhantomSize, draw_dose, draw_rois
from imaging.phantoms.clinical import write_clinical
from imaging.phantoms.cohort import Cohort, CohortPatient
from imaging.phantoms.ct import CtGrid, CtSeries
from imaging.phantoms.discs import DIAGONAL_CASES, DISC_CASES, DiscCase, DiscScore, score_disc
from imaging.phantoms.dose import ORIENTATIONS, DoseEncoding, DoseGrid, rtdose
from imaging.phantoms.faults import Fault
from imaging.phantoms.headers import StudyHeader
from imaging.phantoms.nelms import TEST_1, TEST_2, TEST_3, NelmsCase, score, volume_errors
from imaging.phantoms.outlined import (
    Outline,
    at_height,
    rtdose_of,
    rtplan_of,
    rtstruct_of,
    write_object,
)
from imaging.phantoms.patient import PhantomPatient, write_datasets
from imaging.phantoms.plan import Prescription, rtplan
from imaging.phantoms.prisms import Prism, PrismDVH, SlopedDose
from imaging.phantoms.scores import ReadableDVH, Scored
from imaging.phantoms.solids import Cone, Cylinder, Solid, Sphere
from imaging.phantoms.structures import Roi, rtstruct
from imaging.phantoms.truth import ClosedFormDVH, LinearDose

__all__ = [
    "DIAGONAL_CASES",
    "DISC_CASES",
    "ORIENTATIONS",
    "TEST_1",
    "TEST_2",
    "TEST_3",
    "ClosedFormDVH",
    "Cohort",
    "CohortPatient",
    "Cone",
    "CtGrid",
    "CtSeries",
    "Cylinder",
    "DiscCase",
    "DiscScore",
    "DoseEncoding",
    "DoseGrid",
    "Fault",
    "LinearDose",
    "NelmsCase",
    "Outline",
    "PhantomPatient",
    "PhantomSize",
    "Prescription",
    "Prism",
    "PrismDVH",
    "ReadableDVH",
    "Roi",
    "Scored",
    "SlopedDose",
    "Solid",
    "Sphere",
    "StudyHeader",
    "at_height",
    "draw_dose",
    "draw_rois",
    "rtdose",
    "rtdose_of",
    "rtplan",
    "rtplan_of",
    "rtstruct",
    "rtstruct_of",
    "score",
    "score_disc",
    "volume_errors",
    "write_clinical",
    "write_datasets",
    "write_object",
]
