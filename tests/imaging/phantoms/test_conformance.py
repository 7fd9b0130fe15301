"""The objects satisfy their IODs, as dciodvfy of dicom3tools reads PS3.3."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from imaging.phantoms import Cohort, DoseEncoding, Fault, PhantomPatient, PhantomSize

# dciodvfy aborts on words of 32 bits, anybody's, so a dose is shown to it in 16; another test shows
# that nothing else differs.
SIXTEEN_BITS = DoseEncoding(bits=16)
BEAM = DoseEncoding(bits=16, summation_type="BEAM", beam_number=2, orientation="FFDL")

OBJECTS: dict[str, Callable[[PhantomPatient], Dataset]] = {
    "CT": lambda patient: next(patient.ct_images()),
    "RTSTRUCT": lambda patient: patient.rtstruct(),
    "RTPLAN": lambda patient: patient.rtplan(),
    "RTDOSE": lambda patient: patient.rtdose(SIXTEEN_BITS),
    "RTDOSE of a beam": lambda patient: patient.rtdose(BEAM),
}


def findings(program: str, dataset: Dataset, path: Path) -> list[str]:
    """Every error and warning that dciodvfy prints about an object."""
    dataset.save_as(path, enforce_file_format=True)
    run = subprocess.run([program, "-new", path], capture_output=True, text=True, check=False)
    assert run.returncode >= 0, run.stderr  # it died of a signal
    lines = (run.stdout + run.stderr).splitlines()
    return [line for line in lines if line.startswith(("Error", "Warning"))]


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_has_neither_errors_nor_warnings(name, patient, dciodvfy, tmp_path):
    assert findings(dciodvfy, OBJECTS[name](patient), tmp_path / "object.dcm") == []


def test_a_name_in_kanji_is_no_error(dciodvfy, tmp_path):
    cohort = Cohort(seed=1, size=PhantomSize.tiny())
    image = next(iter(cohort.add(Fault.NON_ASCII_NAME).datasets()))

    assert findings(dciodvfy, image, tmp_path / "object.dcm") == []


def test_an_object_without_its_frame_of_reference_is_found_out(patient, dciodvfy, tmp_path):
    image = next(patient.ct_images())
    del image.FrameOfReferenceUID

    assert findings(dciodvfy, image, tmp_path / "object.dcm")


def test_a_dose_in_16_bits_differs_from_one_in_32_in_its_pixels_only(patient):
    wide, narrow = patient.rtdose(), patient.rtdose(SIXTEEN_BITS)

    differing = {element.keyword for element in wide if element != narrow[element.tag]}

    pixel = {"BitsAllocated", "BitsStored", "HighBit", "DoseGridScaling", "PixelData"}
    assert differing == pixel
    assert len(wide) == len(narrow)
