"""Where the releases of flow tests lie, and what is in them."""

import shutil

from imaging.cohort import PatientSelection
from imaging.release import ReleaseFolder
from imaging.settings import settings

ONE = PatientSelection(patient_ids=["SUB001"])


def folders(name):
    """Where a release lies."""
    return ReleaseFolder.named(name, settings().data_root)


def dicom_files(folder):
    """The DICOM files below a folder, sorted."""
    return sorted(folder.rglob("*.dcm"))


def plant_an_original(name, phantoms):
    """Put into a release what it must not hold."""
    foreign = folders(name).data / "notes.dcm"
    foreign.parent.mkdir(parents=True)
    shutil.copyfile(dicom_files(phantoms[0])[0], foreign)
