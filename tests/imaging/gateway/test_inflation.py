import tracemalloc

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from imaging.errors import DicomError
from imaging.gateway.inflation import check_inflation
from tests.imaging.gateway.bodies import bomb, deflated, slice_bytes

REFUSED = {
    "a bomb": (bomb(300), "inflates to more than"),
    "a bomb without preamble": (bomb(300)[132:], "needs the preamble"),
    "a bomb that names its syntax elsewhere": (
        slice_bytes(ImageComments=DeflatedExplicitVRLittleEndian),
        "needs the preamble",
    ),
    "no deflated bytes": (bomb(0)[:-2] + b"\xff" * 200, "cannot be inflated"),
    "nothing": (b"", "empty"),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file-1.dcm"


@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_should_inflate_is_refused(path, name):
    content, said = REFUSED[name]
    path.write_bytes(content)

    with pytest.raises(DicomError, match=said):
        check_inflation(path)


def test_to_find_out_takes_no_memory(path):
    path.write_bytes(bomb(300))
    tracemalloc.start()

    with pytest.raises(DicomError):
        check_inflation(path)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(path.read_bytes()) < 1 << 20
    assert most_bytes < 4 << 20


READ = {
    "a deflated file": deflated(1 << 20),
    "one with a byte after its end": deflated(1 << 20) + b"\0",
    "a slice": slice_bytes(),
    "a text": b"Dear colleague",
    "one byte": b"1",
}


@pytest.mark.parametrize("name", READ)
def test_all_else_is_for_the_reader(path, name):
    path.write_bytes(READ[name])

    check_inflation(path)
