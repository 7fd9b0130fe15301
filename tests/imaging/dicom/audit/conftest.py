import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from imaging.dicom.deidentify import Deidentifier
from imaging.phantoms import PhantomPatient, PhantomSize, write_datasets

KEY = "a key of thirty-two bytes, at least"
SLICES = 2
PATIENTS = {"SUB-7001": "Quillfeather^Örjan", "SUB-7002": "Wetherby=山田^太郎"}

Output = Callable[..., Path]


def identified(dataset: Dataset) -> Dataset:
    """Add what clinics add."""
    number = dataset.PatientID[-4:]
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.InstitutionName = "Quellental Hospital"
    dataset.InstitutionAddress = "Talstrasse 8\r\n8001 Quellental"
    dataset.ReferringPhysicianName = "Okonjo^Ada"
    dataset.AccessionNumber = f"ACC{number}"
    dataset.OtherPatientIDs = [f"{number}99-X", "7"]
    dataset.PatientWeight, dataset.PatientSize = 71, 1.7
    return dataset


@pytest.fixture(scope="session")
def source(tmp_path_factory) -> Path:
    """Two patients: some CT slices, RTSTRUCT, RTPLAN and RTDOSE of each."""
    folder: Path = tmp_path_factory.mktemp("audit") / "source"
    for seed, (patient_id, name) in enumerate(PATIENTS.items()):
        patient = PhantomPatient.synthetic(
            seed, patient_id=patient_id, patient_name="Nemo", size=PhantomSize.tiny()
        )
        objects = [*islice(patient.ct_images(), SLICES)]
        objects += [patient.rtstruct(), patient.rtplan(), patient.rtdose()]
        for dataset in objects:
            identified(dataset).PatientName = name
        write_datasets(objects, folder)
    return folder


@pytest.fixture(scope="session")
def deidentified(source, tmp_path_factory) -> Output:
    """Makes the output of some options; each is made once."""
    made: dict[str, Path] = {}

    def make(**options) -> Path:
        name = repr(options)
        if name not in made:
            made[name] = tmp_path_factory.mktemp("output")
            deidentify(source, made[name], **options)
        return made[name]

    return make


@pytest.fixture
def output(deidentified, tmp_path) -> Path:
    """A clean output of its own, to put a leak into."""
    return Path(shutil.copytree(deidentified(), tmp_path / "output"))


def deidentify(source: Path, target: Path, **options) -> None:
    """De-identify a folder, and name the files by number."""
    deidentifier = Deidentifier(KEY, **options)
    for number, path in enumerate(sorted(source.rglob("*.dcm"))):
        modality = path.parent.name
        deidentifier.file(path, target / f"{number // 5}" / f"{modality}-{number}.dcm")


def first(folder: Path, modality: str = "CT") -> Path:
    """The first file of a modality."""
    return min(folder.rglob(f"{modality}-*.dcm"))


@contextmanager
def changed(path: Path) -> Iterator[Dataset]:
    """Gives the data set of a file to be changed, and writes it back."""
    dataset = pydicom.dcmread(path)
    yield dataset
    dataset.save_as(path)
