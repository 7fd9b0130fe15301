"""A folder of outputs: no other files in it, and one run at a time."""

from pathlib import Path

import pytest

from imaging.errors import InputError
from imaging.segmentations import OutputsBusyError, outputs_in
from tests.imaging.segmentations.files import label_map


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_folder_of_other_files_is_not_written_into(folder):
    label_map(folder / "precious.nii.gz")

    with pytest.raises(InputError, match="holds other files"), outputs_in(folder):
        pass
    assert [path.name for path in folder.iterdir()] == ["precious.nii.gz"]


def test_two_runs_in_one_folder_are_refused_and_the_next_one_is_not(folder):
    with (
        outputs_in(folder),
        pytest.raises(OutputsBusyError, match="another run writes"),
        outputs_in(folder),
    ):
        pass
    with outputs_in(folder):
        pass


def test_a_file_is_no_folder_for_outputs(tmp_path):
    file = label_map(tmp_path / "a.nii")

    for output in (file, file / "below"):
        with pytest.raises(InputError, match="choose a folder"), outputs_in(output):
            pass


def test_a_run_that_was_killed_before_its_mark_does_not_close_the_folder(folder):
    folder.mkdir()
    (folder / ".lock").touch()

    with outputs_in(folder) as found:
        assert found == folder
