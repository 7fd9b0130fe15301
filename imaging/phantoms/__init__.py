"""Synthetic patients as DICOM, whose DVHs are known in closed form, and cohorts with faults."""

from imaging.phantoms.anatomy import PhantomSize, draw_dose, draw_rois
from imaging.phantoms.cohort import Cohort, CohortPatient
from imaging.phantoms.ct import CtGrid, CtSeries
from imaging.phantoms.dose import ORIENTATIONS, DoseEncoding, DoseGrid, rtdose
from imaging.phantoms.faults import Fault
from imaging.phantoms.headers import StudyHeader
from imaging.phantoms.patient import PhantomPatient, write_datasets
from imaging.phantoms.plan import Prescription, rtplan
from imaging.phantoms.solids import Cone, Cylinder, Solid, Sphere
from imaging.phantoms.structures import Roi, rtstruct
from imaging.phantoms.truth import ClosedFormDVH, LinearDose

__all__ = [
    "ORIENTATIONS",
    "ClosedFormDVH",
    "Cohort",
    "CohortPatient",
    "Cone",
    "CtGrid",
    "CtSeries",
    "Cylinder",
    "DoseEncoding",
    "DoseGrid",
    "Fault",
    "LinearDose",
    "PhantomPatient",
    "PhantomSize",
    "Prescription",
    "Roi",
    "Solid",
    "Sphere",
    "StudyHeader",
    "draw_dose",
    "draw_rois",
    "rtdose",
    "rtplan",
    "rtstruct",
    "write_datasets",
]
