"""One phantom with CT and RTSTRUCT for all conversions; tests do not write into it."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from imaging.conversions.series import ImageSeries, image_series
from imaging.phantoms import (
    CtGrid,
    CtSeries,
    PhantomPatient,
    PhantomSize,
    write_datasets,
)
from imaging.phantoms.outlined import PLAIN_STUDY


@pytest.fixture(scope="session")
def patient() -> PhantomPatient:
    return PhantomPatient.synthetic(
        2, patient_id="Quartermain", patient_name="Zebulon^Q", size=PhantomSize.tiny()
    )


@pytest.fixture(scope="session")
def case(patient, tmp_path_factory) -> Path:
    """The folder of the patient's CT, and of the other objects of the study."""
    folder: Path = tmp_path_factory.mktemp("case")
    write_datasets([*patient.ct_images(), patient.rtstruct(), patient.rtplan()], folder)
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Path:
    """The folder of a small CT, with a spacing of its own along each axis, of another patient."""
    folder: Path = tmp_path_factory.mktemp("small")
    grid = CtGrid((-31.3, 12.7, -200.05), 0.9765, 2.5, (9, 16, 21), column_spacing_mm=1.37)
    images = list(CtSeries(PLAIN_STUDY, grid, "small").images([]))
    for image in images:
        image.SpecificCharacterSet, image.PatientName = "ISO_IR 100", "Søren^Åse"
    write_datasets(images[::2] + images[1::2][::-1], folder)
    return folder


@pytest.fixture(scope="session")
def series(small) -> ImageSeries:
    return image_series(small)


@pytest.fixture(scope="session")
def rtstruct(case) -> Path:
    (path,) = case.rglob("RTSTRUCT/*.dcm")
    assert isinstance(path, Path)
    return path


@pytest.fixture(scope="session")
def faults_of(dciodvfy: str) -> Callable[[Path], list[str]]:
    """What dciodvfy finds wrong with an object."""

    def run(path: Path) -> list[str]:
        done = subprocess.run(
            [dciodvfy, "-new", path], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode >= 0, done.stderr  # it died of a signal
        lines = (done.stdout + done.stderr).splitlines()
        return [line for line in lines if line.startswith(("Error", "Warning"))]

    return run
