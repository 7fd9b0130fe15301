import pytest

from imaging.phantoms import PhantomPatient, PhantomSize, write_datasets
from imaging.rt.doses.selection import select_dose
from imaging.volumes import CaseFiles, DoseSource


@pytest.fixture
def case(tmp_path):
    patient = PhantomPatient.synthetic(2, size=PhantomSize.tiny())
    paths = write_datasets(patient.datasets(), tmp_path / "in")
    *images, rtstruct, rtplan, rtdose = paths
    source = DoseSource((rtdose, rtplan), lambda: select_dose([rtdose], plans=[rtplan]))
    return CaseFiles(tuple(images), rtstruct, source)
