"""Which files of a folder are RT objects: whatever says so, readable or not."""

import pytest
from pydicom.uid import RTDoseStorage, RTPlanStorage

from imaging.errors import DicomError, InputError
from imaging.rt import dvhs_of_files, file_of, files_of


def written(dataset, path, **changes):
    for keyword, value in changes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Modality": "OT"},
        {"SOPClassUID": "", "Modality": ""},
        {"SOPClassUID": RTPlanStorage},
    ],
)
def test_a_dose_is_one_by_its_class_wherever_that_is_stated(tiny, tmp_path, changes):
    path = written(tiny.rtdose(), tmp_path / "dose", **changes)
    (tmp_path / "note.txt").write_text("RTDOSE")

    assert files_of(tmp_path, "RTDOSE") == (path,)


def test_the_modality_counts_only_where_no_class_is_stated(tiny, tmp_path):
    dataset = tiny.rtdose()
    del dataset.file_meta.MediaStorageSOPClassUID
    path = written(dataset, tmp_path / "dose", SOPClassUID="")
    assert files_of(tmp_path, "RTDOSE") == (path,)

    written(dataset, path, SOPClassUID=RTPlanStorage)
    with pytest.raises(InputError, match=r"none of the 1 files in the folder .* is an RTDOSE"):
        file_of(tmp_path, "RTDOSE")


def test_a_dose_that_was_cut_short_is_found_and_refused_by_its_reader(rt_files, tmp_path):
    whole = rt_files.rtdose.read_bytes()
    assert RTDoseStorage.encode() in whole
    (tmp_path / "dose").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(DicomError, match="cut short"):
        dvhs_of_files(rt_files.rtstruct, file_of(tmp_path, "RTDOSE"))
