import pytest

from imaging.dicom.deidentify import Deidentifier
from tests.imaging.dicom.instances import write

KEY = "a key for tests, which is no secret at all"


@pytest.fixture(scope="session")
def deidentifier() -> Deidentifier:
    """One with the default options, but that it looks at no pixels."""
    return Deidentifier(KEY, hold_back_pixels=False)


@pytest.fixture
def through_file(tmp_path):
    """De-identifies a data set by way of files, and reads what was written."""

    def deidentify(dataset, **options):
        source, target = write(dataset, tmp_path, "source.dcm"), tmp_path / "target.dcm"
        outcome = Deidentifier(KEY, **{"hold_back_pixels": False} | options).file(source, target)
        return target, outcome

    return deidentify
