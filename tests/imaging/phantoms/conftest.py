import pytest

from imaging.phantoms import PhantomPatient, PhantomSize


@pytest.fixture(scope="session")
def patient() -> PhantomPatient:
    return PhantomPatient.synthetic(7, patient_id="SUB007", size=PhantomSize.tiny())
