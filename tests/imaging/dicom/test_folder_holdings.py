import errno
import os
from pathlib import Path

import pytest

from imaging.dicom import Changes, FolderArchive
from tests.imaging.dicom.instances import image, only_series, write, write_series


def held(folder: Path) -> dict[str, str]:
    """The digest of every patient, by an archive opened anew."""
    archive = FolderArchive(folder)
    try:
        return {each.patient_id: each.digest for each in archive.holdings(archive.patient_ids())}
    finally:
        archive.close()


@pytest.fixture
def two(folder):
    """Two patients, and the first file of the first."""
    first, *_ = write_series(folder / "a", 3)
    write(image(patient_id="P2"), folder / "b")
    return first


def touch(path):
    os.utime(path, ns=(1, 1))


def overwrite(path):
    path.write_bytes(path.read_bytes() + b"\0\0")


def move(path):
    path.rename(path.with_name("moved.dcm"))


def add(path):
    write(image(), path.parent, "another.dcm")


@pytest.mark.parametrize("change", [touch, overwrite, move, add, Path.unlink])
def test_every_change_of_a_file_shows_in_its_patients_digest_only(folder, two, change):
    before = held(folder)
    assert held(folder) == before

    change(two)

    after = held(folder)
    assert after["P1"] != before["P1"]
    assert after["P2"] == before["P2"]


def test_a_folder_needs_no_cursor(archive, folder):
    write(image(), folder)
    write(image(patient_id="P2"), folder)
    changes = archive.changes_since("whatever")
    found = [
        each
        for given in (changes, Changes(), None)
        for each in archive.holdings(["P2", "absent", "P1", "P2"], given)
    ]

    assert archive.cursor() == ""
    assert changes == Changes(frozenset())
    assert [each.patient_id for each in found] == ["P2", "P1"] * 3
    assert all(each.is_stable and not each.is_touched for each in found)


def test_every_image_has_its_matrix_and_other_objects_none(archive, folder):
    sides = {write(image(side=side), folder).stem: side for side in (8, 16)}
    write(image(Modality="RTDOSE", SeriesInstanceUID="1.2.9"), folder)

    (row,) = archive.patients(["P1"])

    found = {i.sop_instance_uid: i.matrix for series in row.series for i in series.instances}
    assert {uid: found.pop(uid) for uid in sides} == {uid: (s, s) for uid, s in sides.items()}
    assert list(found.values()) == [()]


def test_birth_date_and_time_are_those_of_each_study(archive, folder):
    for day, born, time in (("20240101", "19500102", "101500"), ("20240102", "", None)):
        study = f"1.2.{day}"
        write(
            image(
                StudyDate=day,
                PatientBirthDate=born,
                StudyTime=time,
                StudyInstanceUID=study,
                SeriesInstanceUID=study + ".1",
            ),
            folder,
        )

    (row,) = archive.patients(["P1"])

    found = [(study.patient_birth_date, study.study_time) for study in row.studies]
    assert found == [("19500102", "101500"), ("", "")]


def test_a_full_disk_is_the_systems_error_and_leaves_no_half_file(
    folder, archive, full_disk, tmp_path
):
    write_series(folder, 3)
    series = only_series(archive)
    target = tmp_path / "out"
    target.mkdir()
    bad = series.instances[1].sop_instance_uid
    (target / f"{bad}.dcm.part").symlink_to(full_disk)

    with pytest.raises(OSError, match="No space left") as caught:
        archive.fetch(series, target)

    assert caught.value.errno == errno.ENOSPC
    uids = {row.sop_instance_uid for row in series.instances}
    assert {path.name for path in target.iterdir()} < {f"{uid}.dcm" for uid in uids - {bad}} | {""}
