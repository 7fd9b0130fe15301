"""De-identification that leaks nothing and breaks no link (DICOM PS3.15, Annex E)."""

from imaging.dicom.deidentify.deidentifier import Deidentifier
from imaging.dicom.deidentify.keyed import Keyed
from imaging.dicom.deidentify.options import DeidentifyOptions
from imaging.dicom.deidentify.outcome import Done, FileOutcome, Suspicion

__all__ = ["Deidentifier", "DeidentifyOptions", "Done", "FileOutcome", "Keyed", "Suspicion"]
