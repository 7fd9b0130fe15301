from dataclasses import replace
from pathlib import Path

import pytest

from imaging.errors import DicomError, InstanceGoneError
from tests.imaging.dicom.instances import dicom_bytes, image, only_series, write_series


def test_fetch_copies_files_whole_and_tells_of_each(archive, folder, tmp_path):
    paths = write_series(folder, 3)
    series = only_series(archive)
    told: list[Path] = []

    size = archive.fetch(series, tmp_path / "out", on_file=lambda _, path: told.append(path))

    assert sorted(told) == sorted((tmp_path / "out").iterdir())
    assert {path.name: path.read_bytes() for path in told} == {
        path.name: path.read_bytes() for path in paths
    }
    assert size == sum(path.stat().st_size for path in paths)


def test_fetch_takes_only_what_is_wanted(archive, folder, tmp_path):
    write_series(folder, 3)
    series = only_series(archive)

    archive.fetch(series, tmp_path / "out", series.instances[1:2])

    assert [path.stem for path in (tmp_path / "out").iterdir()] == [
        series.instances[1].sop_instance_uid
    ]


def test_a_truncated_slice_is_told_after_the_others_came(archive, folder, tmp_path):
    paths = write_series(folder, 4)
    paths[1].write_bytes(paths[1].read_bytes()[:-10])
    series = only_series(archive)

    with pytest.raises(DicomError, match="cut short") as caught:
        archive.fetch(series, tmp_path / "out")

    assert caught.value.uid == paths[1].stem
    assert paths[1].stem in series.unreadable
    assert {path.stem for path in (tmp_path / "out").iterdir()} == {
        path.stem for path in paths if path != paths[1]
    }


def test_a_file_deleted_since_it_was_listed_is_gone(archive, folder, tmp_path):
    paths = write_series(folder, 3)
    series = only_series(archive)
    paths[0].unlink()

    with pytest.raises(InstanceGoneError) as caught:
        archive.fetch(series, tmp_path / "out")

    assert caught.value.uids == [paths[0].stem]
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_file_that_another_has_replaced_is_refused(archive, folder, tmp_path):
    (path,) = write_series(folder, 1)
    series = only_series(archive)
    other = image(SOPInstanceUID=path.stem[:-1] + ("1" if path.stem[-1] != "1" else "2"))
    path.write_bytes(dicom_bytes(other))
    rows = [replace(series.instances[0], size=path.stat().st_size)]

    with pytest.raises(DicomError, match="another instance"):
        archive.fetch(series, tmp_path / "out", rows)

    assert list((tmp_path / "out").iterdir()) == []


def test_an_interrupted_fetch_leaves_no_half_file(archive, folder, tmp_path):
    write_series(folder, 3)
    series = only_series(archive)

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archive.fetch(series, tmp_path / "out", on_file=interrupt)

    assert [path.suffix for path in (tmp_path / "out").iterdir()] == [".dcm"]


@pytest.mark.parametrize("uid", ["../../x", ".hidden", "", "a/b", "-rf"])
def test_a_uid_that_could_name_another_file_is_refused(archive, folder, tmp_path, uid):
    write_series(folder, 1)
    series = only_series(archive)
    row = replace(series.instances[0], sop_instance_uid=uid)

    with pytest.raises(DicomError, match="cannot name a file"):
        archive.fetch(series, tmp_path / "out", [row])
