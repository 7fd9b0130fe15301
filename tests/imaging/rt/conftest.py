from dataclasses import dataclass
from pathlib import Path

import pytest

from imaging.phantoms import PhantomPatient, PhantomSize, write_datasets
from imaging.rt import DVH, dvhs_of_files


@dataclass(frozen=True, slots=True)
class RtFiles:
    """One patient's RT objects on disk."""

    patient: PhantomPatient
    rtstruct: Path
    rtplan: Path
    rtdose: Path


def write_rt(patient: PhantomPatient, folder: Path) -> RtFiles:
    objects = (patient.rtstruct(), patient.rtplan(), patient.rtdose())
    return RtFiles(patient, *write_datasets(objects, folder))


@pytest.fixture(scope="session")
def rt_files(tmp_path_factory) -> RtFiles:
    """A patient of ordinary resolution: contours and dose planes 3 mm apart."""
    return write_rt(PhantomPatient.synthetic(1), tmp_path_factory.mktemp("rt"))


@pytest.fixture(scope="session")
def dvhs(rt_files) -> list[DVH]:
    return dvhs_of_files(rt_files.rtstruct, rt_files.rtdose, rtplan=rt_files.rtplan)


@pytest.fixture(scope="session")
def dicompyler_dvhs(rt_files) -> list[DVH]:
    return dvhs_of_files(rt_files.rtstruct, rt_files.rtdose, engine="dicompyler")


@pytest.fixture(scope="session")
def tiny() -> PhantomPatient:
    return PhantomPatient.synthetic(2, size=PhantomSize.tiny())
