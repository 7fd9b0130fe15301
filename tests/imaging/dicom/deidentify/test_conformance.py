"""De-identification breaks no object: dciodvfy finds no error that it did not find before."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from imaging.dicom.deidentify import Deidentifier
from imaging.errors import DicomError
from imaging.phantoms import DoseEncoding, PhantomPatient, PhantomSize
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.deidentify.test_shipped_files import FILES
from tests.imaging.dicom.instances import write

_VALUE = re.compile(r"<(?!/)[^>]*>")  # not the path to an attribute, which begins with a slash

GIVES_UP = ("read failed", "not valid DICOM")  # on what it cannot read, as deflated files

EVERYTHING = {
    "retain_times_of_day": True,
    "retain_device_identity": True,
    "retain_patient_characteristics": True,
    "retain_uids": True,
    "clean_descriptors": True,
    "clean_structured_content": True,
    "kept_roi_names": ("*",),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "default": {},
    "everything": EVERYTHING,
    "no dates": {"retain_longitudinal_intervals": False},
    "structured content": {"clean_structured_content": True},
}
OBJECTS = {
    "CT": lambda patient: next(patient.ct_images()),
    "RTSTRUCT": lambda patient: patient.rtstruct(),
    "RTPLAN": lambda patient: patient.rtplan(),
    "RTDOSE": lambda patient: patient.rtdose(DoseEncoding(bits=16)),  # it aborts on 32 bits
}


def errors(program: str, path: Path) -> set[str]:
    """The errors that dciodvfy prints of a file, without the values in them."""
    run = subprocess.run([program, "-new", path], capture_output=True, check=False)
    if run.returncode < 0:
        return {f"{GIVES_UP[0]}: signal {-run.returncode}"}
    lines = (run.stdout + run.stderr).decode("utf-8", "replace").splitlines()
    return {_VALUE.sub("<>", line) for line in lines if line.startswith("Error")}


@pytest.fixture(scope="module")
def patient():
    return PhantomPatient.synthetic(7, size=PhantomSize.tiny())


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", OBJECTS)
def test_a_phantoms_object_has_no_error(name, options, patient, dciodvfy, tmp_path):
    source, target = write(OBJECTS[name](patient), tmp_path, "source.dcm"), tmp_path / "target.dcm"
    assert errors(dciodvfy, source) == set()

    Deidentifier(KEY, **OPTIONS[options]).file(source, target)

    assert errors(dciodvfy, target) == set()


@pytest.fixture(scope="module")
def known(dciodvfy):
    """What is wrong with each file that dciodvfy reads to its end."""
    found = {path: errors(dciodvfy, path) for path in FILES}
    return {
        path: errors
        for path, errors in found.items()
        if not any(words in error for error in errors for words in GIVES_UP)
    }


@pytest.mark.filterwarnings("ignore::UserWarning:pydicom")
@pytest.mark.parametrize("options", OPTIONS)
def test_no_file_has_an_error_that_it_had_not(options, known, dciodvfy, tmp_path):
    deidentifier = Deidentifier(KEY, hold_back_pixels=False, **OPTIONS[options])
    new, compared = {}, 0
    for path, before in known.items():
        target = tmp_path / "target.dcm"
        try:
            is_written = deidentifier.file(path, target).is_written
        except DicomError:
            continue
        if is_written:
            new[path.name] = errors(dciodvfy, target) - before
            compared += 1

    assert compared > 100
    assert not {name: lines for name, lines in new.items() if lines}
