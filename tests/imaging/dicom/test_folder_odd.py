"""What lies in a folder and cannot be read costs itself only, and names nobody."""

import os
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from imaging.dicom import index as index_module
from imaging.dicom.headers import read_header
from imaging.dicom.index import Index
from imaging.dicom.tags import vector
from tests.imaging.dicom.instances import image, only_series, write


@pytest.fixture
def good(folder, archive):  # noqa: ARG001 - the archive's fixture makes the folder
    return write(image(), folder, "good.dcm")


def fail(monkeypatch, name: str, error: type[OSError], *methods: str):
    """Let those methods of Path fail for one file, as the operating system lets them."""

    def failing(method):
        def call(self, *args, **kwargs):
            if self.name == name:
                raise error(1, "no", str(self))
            return method(self, *args, **kwargs)

        return call

    for method in methods:
        monkeypatch.setattr(Path, method, failing(getattr(Path, method)))


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize("kept", [360, 400, 450])
def test_a_deflated_file_cut_short_costs_itself_only(archive, folder, kept):
    dataset = image(patient_id="P2", syntax=DeflatedExplicitVRLittleEndian)
    cut = write(dataset, folder, "cut.dcm")
    cut.write_bytes(cut.read_bytes()[:kept])

    assert archive.patient_ids() == ["P1"]
    assert archive.unreadable == ["cut.dcm"]


def test_a_name_that_is_not_utf_8_is_unreadable(archive, folder, good):
    bad = os.fsencode(folder) + b"/M\xfcller.dcm"
    Path(os.fsdecode(bad)).write_bytes(good.read_bytes())

    assert archive.patient_ids() == ["P1"]
    assert archive.unreadable == ["M\\xfcller.dcm"]
    assert archive.patient_ids() == ["P1"]


def test_no_path_is_logged(archive, folder, monkeypatch, caplog):
    caplog.set_level("DEBUG")
    for name in ("Secret^1.dcm", "Secret^2.dcm"):
        write(image(), folder, name)
    fail(monkeypatch, "Secret^1.dcm", PermissionError, "stat", "open")
    fail(monkeypatch, "Secret^2.dcm", FileNotFoundError, "open")

    assert archive.patient_ids() == []
    assert "2 files unreadable" in caplog.text
    assert "Secret" not in caplog.text


def test_a_file_that_vanishes_while_the_folder_is_listed_is_no_file(
    archive, folder, good, monkeypatch
):
    (folder / "Secret^Name.dcm").write_bytes(good.read_bytes())
    with monkeypatch.context() as gone:
        gone.setattr(Path, "is_file", lambda _: True)
        fail(gone, "Secret^Name.dcm", FileNotFoundError, "stat")

        assert archive.patient_ids() == ["P1"]

    assert archive.unreadable == []
    assert [row.locator for row in only_series(archive).instances] == ["good.dcm"]


@pytest.mark.usefixtures("good")
@pytest.mark.parametrize("methods", [("stat", "open"), ("open",)])
def test_a_file_that_may_not_be_read_is_unreadable_until_it_may(
    archive, folder, monkeypatch, methods
):
    write(image(patient_id="P2"), folder, "closed.dcm")
    with monkeypatch.context() as closed:
        fail(closed, "closed.dcm", PermissionError, *methods)

        assert archive.patient_ids() == ["P1"]
        assert archive.unreadable == ["closed.dcm"]

    assert archive.patient_ids() == ["P1", "P2"]
    assert archive.unreadable == []


@pytest.mark.usefixtures("good")
def test_a_subfolder_that_may_not_be_listed_is_unreadable(archive, folder, monkeypatch):
    write(image(patient_id="P2"), folder / "closed")
    scandir = os.scandir

    def refuse(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(13, "no", os.fspath(path))
        return scandir(path)

    with monkeypatch.context() as closed:
        closed.setattr(os, "scandir", refuse)

        assert archive.patient_ids() == ["P1"]
        assert archive.unreadable == ["closed"]

    assert archive.patient_ids() == ["P1", "P2"]
    assert archive.unreadable == []


@pytest.mark.parametrize("error", [RuntimeError("Secret^Name"), AssertionError(), MemoryError()])
def test_whatever_reading_a_file_raises_costs_that_file_only(
    archive, folder, good, monkeypatch, error
):
    write(image(patient_id="P2"), folder, "Secret^Name.dcm")

    def failing(path):
        if path.name != good.name:
            raise error
        return read_header(path)

    monkeypatch.setattr(index_module, "read_header", failing)

    assert archive.patient_ids() == ["P1"]
    assert archive.unreadable == ["Secret^Name.dcm"]


@pytest.mark.parametrize("text", ["0\\nan\\1", "inf\\0\\0", "0\\0\\-1e999"])
def test_a_vector_has_finite_numbers_or_none(text):
    assert vector(text) == ()


def test_a_position_that_is_not_finite_is_none(archive, folder):
    path = write(image(ImagePositionPatient=["0", "0", "7.5"]), folder)
    path.write_bytes(path.read_bytes().replace(b"0\\0\\7.5", b"0\\0\\nan"))

    (row,) = only_series(archive).instances

    assert row.position_mm == ()
    assert list(row.orientation) == [1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("version", [0, 99])
def test_many_may_open_a_new_index_at_once(tmp_path, version):
    for number in range(10):
        place = tmp_path / f"{number}.sqlite"
        if version:
            database = sqlite3.connect(place)
            database.executescript(f"CREATE TABLE files (a); PRAGMA user_version = {version};")
            database.close()

        for index in opened_at_once(8, tmp_path, place):
            assert index.patient_ids() == {}
            index.close()


def opened_at_once(count: int, root: Path, place: Path) -> list[Index]:
    start = threading.Barrier(count)

    def opened(_: int) -> Index:
        start.wait()
        return Index(root, place)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(opened, range(count)))
