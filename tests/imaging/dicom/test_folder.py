import os
import sqlite3
import stat
from datetime import date
from pathlib import Path

import pytest

from imaging.dicom import DateRange, FolderArchive
from imaging.dicom import index as index_module
from imaging.dicom.headers import read_header
from imaging.errors import SettingError
from imaging.phantoms import PhantomPatient, PhantomSize
from tests.imaging.dicom.instances import dicom_bytes, image, only_series, write, write_series


def test_files_are_found_by_content_in_any_subfolder(archive, folder):
    write(image(patient_id="P2"), folder / "a" / "b", "no-suffix")
    write(image(patient_id="P1"), folder, "x.txt")
    (folder / "notes.dcm").write_text("not DICOM")
    (folder / "empty").touch()

    assert archive.patient_ids() == ["P1", "P2"]
    assert archive.skipped == 2
    assert archive.unreadable == []


def test_hidden_and_unfinished_files_are_passed_over(archive, folder):
    write(image(), folder / ".hidden")
    write(image(), folder, ".secret.dcm")
    write(image(), folder, "copy.dcm.part")

    assert archive.patient_ids() == []


def test_patients_come_in_the_order_asked_for_and_once(archive, folder):
    for name in ("A", "B", "C"):
        write(image(patient_id=name), folder)

    rows = list(archive.patients(["C", "absent", "A", "C"]))

    assert [row.patient_id for row in rows] == ["C", "A"]


@pytest.mark.parametrize("patient_id", ["SUB*", "a_b", "A\\B", "Müller", "  pad", "", "o'brien"])
def test_a_patient_id_means_itself_only(archive, folder, patient_id):
    others = [
        image(patient_id=name) for name in ("SUB1", "SUB11", "aXb", "A", "B", "muller", "pad")
    ]
    own = image(patient_id=patient_id, SpecificCharacterSet="ISO_IR 192")
    for dataset in (*others, own):
        write(dataset, folder)

    (row,) = archive.patients([patient_id])

    assert row.patient_id == patient_id
    assert [i.sop_instance_uid for s in row.series for i in s.instances] == [own.SOPInstanceUID]


def test_names_are_decoded(archive, folder):
    write(image(PatientName="Müller^Jürgen", SpecificCharacterSet="ISO_IR 100"), folder)

    (row,) = archive.patients(["P1"])

    assert row.studies[0].patient_name == "Müller^Jürgen"


def test_study_dates_choose_patients_both_ends_included(archive, folder):
    for name, day in (
        ("A", "20240101"),
        ("B", "20240131"),
        ("C", None),
        ("E", ""),
        ("D", "20250101"),
    ):
        write(image(patient_id=name, StudyDate=day), folder)
    first, last = date(2024, 1, 1), date(2024, 1, 31)

    assert archive.patient_ids(DateRange(first, last)) == ["A", "B"]
    assert archive.patient_ids(DateRange(last=last)) == ["A", "B"]
    assert archive.patient_ids(DateRange(first=last)) == ["B", "D"]
    assert archive.patient_ids(DateRange()) == ["A", "B", "C", "D", "E"]


def test_an_instance_row_says_where_the_slice_lies(archive, folder):
    path = write(image(ImagePositionPatient=["-1.50", "2", "3e1"]), folder)

    (row,) = only_series(archive).instances

    assert list(row.position_mm) == [-1.5, 2.0, 30.0]
    assert list(row.orientation) == [1, 0, 0, 0, 1, 0]
    assert row.size == path.stat().st_size


def test_only_changed_files_are_read_again(archive, folder, monkeypatch):
    kept, changed, lost = write_series(folder, 3)
    archive.patient_ids()
    reread: list[Path] = []

    def read(path: Path):
        reread.append(path)
        return read_header(path)

    monkeypatch.setattr(index_module, "read_header", read)
    changed.write_bytes(dicom_bytes(image(SeriesDescription="second", InstanceNumber=9)))
    os.utime(changed, ns=(1, 1))
    lost.unlink()

    assert archive.patient_ids() == ["P1"]

    assert reread == [changed]
    names = {row.locator for row in only_series(archive).instances}
    assert names == {kept.name, changed.name}


def test_the_index_outlives_the_object_and_is_private(folder):
    write(image(), folder)
    with_closed(folder)
    index = folder / ".index.sqlite"

    assert stat.S_IMODE(index.stat().st_mode) == 0o600
    assert with_closed(folder) == ["P1"]


def with_closed(folder: Path, index: Path | None = None) -> list[str]:
    archive = FolderArchive(folder, index)
    try:
        return archive.patient_ids()
    finally:
        archive.close()


def test_a_folder_that_cannot_be_written_to_stays_as_it_is(folder, monkeypatch):
    write(image(), folder)
    monkeypatch.setattr("os.access", lambda *_: False)

    assert with_closed(folder) == ["P1"]
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_an_index_of_another_version_is_made_anew(folder, tmp_path):
    write(image(), folder)
    place = tmp_path / "elsewhere" / "index.sqlite"
    with_closed(folder, place)
    database = sqlite3.connect(place)
    database.executescript("PRAGMA user_version = 99; UPDATE files SET patient_id = 'old';")
    database.close()

    assert with_closed(folder, place) == ["P1"]


def test_an_index_that_is_no_database_is_a_setting_error(folder, tmp_path):
    folder.mkdir()
    place = tmp_path / "index.sqlite"
    place.write_text("something else that must not be overwritten" * 100)

    with pytest.raises(SettingError, match="IMAGING_DICOM_FOLDER"):
        FolderArchive(folder, place)

    assert place.read_text().startswith("something else")


def test_an_absent_folder_is_a_setting_error(tmp_path):
    with pytest.raises(SettingError, match="IMAGING_DICOM_FOLDER"):
        FolderArchive(tmp_path / "absent")


def test_a_file_twice_counts_once(archive, folder):
    dataset = image()
    write(dataset, folder / "b")
    write(dataset, folder / "a")

    (row,) = only_series(archive).instances

    assert row.locator == f"a/{dataset.SOPInstanceUID}.dcm"


def test_a_file_too_broken_to_tell_its_series_is_listed_by_name(archive, folder):
    path = write(image(), folder / "sub", "broken.dcm")
    path.write_bytes(path.read_bytes()[:400])

    assert archive.patient_ids() == []
    assert archive.unreadable == ["sub/broken.dcm"]


def test_a_truncated_rt_object_is_unreadable_in_its_series(archive, folder):
    dataset = PhantomPatient.synthetic(3, patient_id="P1", size=PhantomSize.tiny()).rtstruct()
    path = write(dataset, folder)
    path.write_bytes(path.read_bytes()[:-1000])

    series = only_series(archive)

    assert series.references == ()
    assert "cut short" in series.unreadable[dataset.SOPInstanceUID]
    assert len(series.instances) == 1


def test_logs_name_nobody(archive, folder, caplog):
    write(image(patient_id="SECRET-ID", PatientName="Secret^Name"), folder)
    caplog.set_level("DEBUG")

    list(archive.patients(archive.patient_ids()))

    assert "ecret" not in caplog.text.lower()
