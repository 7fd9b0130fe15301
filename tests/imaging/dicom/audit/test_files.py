"""What is searched beside DICOM: other files, and the names of all."""

import gzip
import json
import os
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest

from imaging.dicom.audit import Kind, audit
from imaging.errors import InputError
from tests.imaging.dicom.audit.conftest import SLICES, changed, deidentify, first

NAME, NUMBER = Kind.SOURCE_NAME, Kind.SOURCE_ID


def json_of(word: str) -> bytes:
    return json.dumps({"who": word}).encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("manifest.json", json_of("Örjan")),
        ("page.html", b"<p>&#214;rjan</p>"),
        ("page.html", "<p>Örjan</p>".encode("latin-1")),
        ("rows.csv", '1;"Örjan"\n'.encode()),
        ("rows.txt", "Örjan".encode("utf-16")),
        (".hidden", "Örjan".encode()),
        ("half.csv.part", "Örjan".encode()),
        ("rows.csv.gz", gzip.compress("Örjan".encode(), mtime=0)),
        ("broken.gz", "not packed: Örjan".encode()),
        ("uids.csv", b""),
        ("rows.csv", b" " * (1 << 22) + "Örjan".encode()),
        ("rows.csv", b" " * ((1 << 22) - 2) + "Örjan".encode()),
    ],
)
def test_other_files_are_searched(output, source, name, content):
    path = output / name
    uid = pydicom.dcmread(next(source.rglob("*.dcm"))).StudyInstanceUID
    path.write_bytes(content or uid.encode())

    report = audit(output, source)

    assert [(one.file, one.place, one.kind) for one in report.findings] == [
        (name, "content", NAME if content else Kind.SOURCE_UID)
    ]
    assert report.unreadable == (name,)


@pytest.mark.parametrize("where", ["a name in it", "its text"])
def test_zip_files_are_unpacked(output, source, where):
    with zipfile.ZipFile(output / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        name, text = ("Wetherby.xml", "") if where == "a name in it" else ("a.xml", "Wetherby")
        packed.writestr(name, text)

    assert audit(output, source).counts() == {NAME: 1}


@pytest.mark.parametrize("how", ["gzip", "zip", "empty"])
def test_an_object_that_is_packed_or_empty_is_no_clean_one(output, source, how):
    original = first_original(source)
    if how == "gzip":
        path = output / "one.dcm.gz"
        path.write_bytes(gzip.compress(original.read_bytes()))
    elif how == "zip":
        path = output / "one.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("readme", "of a hundred and thirty-two letters or more" * 9)
            packed.write(original, "one")
    else:
        path = output / "one.dcm"
        path.touch()

    report = audit(output)

    assert [(one.file, one.kind) for one in report.findings] == [(path.name, Kind.UNREADABLE)]
    assert report.unreadable == (path.name,)
    assert report.judged == report.files - 1


def first_original(source):
    return min(source.rglob("*.dcm"))


@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
def test_of_a_nifti_the_header_is_searched(output, source, name):
    image = nib.Nifti1Image(np.zeros((4, 4, 4), np.int16), np.eye(4))
    image.header["descrip"] = b"Quillfeather"
    nib.save(image, output / name)

    assert audit(output, source).counts() == {NAME: 1}


@pytest.mark.parametrize("place", ["name", "folder", "uid"])
def test_a_name_that_tells_is_found_and_not_repeated(output, source, place):
    path = first(output)
    uid = pydicom.dcmread(next(source.rglob("*.dcm"))).SOPInstanceUID
    target = {
        "name": path.with_name("ct_SUB-7001.dcm"),
        "folder": path.parent / "Quillfeather O" / "1.dcm",
        "uid": path.with_name(f"{uid}.dcm"),
    }[place]
    target.parent.mkdir(exist_ok=True)
    path.rename(target)
    with changed(target) as dataset:
        dataset.PatientSex = "F"

    report = audit(output, source)
    rows = {(one.file, one.place, one.kind) for one in report.findings}
    number = sorted(p.relative_to(output).as_posix() for p in output.rglob("*.dcm")).index(
        target.relative_to(output).as_posix()
    )

    file = f"file {number + 1}"
    expected = {
        "name": (file, "file name", NUMBER),
        "folder": ("folder 2", "folder name", NAME),
        "uid": (file, "file name", Kind.SOURCE_UID),
    }[place]
    assert rows == {expected, (file, "(0010,0040) PatientSex", Kind.VALUE)}
    for text in (report.as_markdown(), json.dumps(report.to_json())):
        assert "SUB-7001" not in text
        assert "Quill" not in text
        assert uid not in text


def test_a_file_name_in_another_encoding_is_searched_and_can_be_printed(output, source):
    for name in ("Örjan", "Märzen"):
        Path(os.fsdecode(os.fsencode(output) + b"/" + name.encode("latin-1"))).write_bytes(b"x")

    report = audit(output, source)

    assert report.counts() == {NAME: 1}
    assert report.unreadable == ("M\\xe4rzen", "file 12")


def test_files_named_by_uids_that_were_retained_are_no_finding(source, tmp_path):
    output = tmp_path / "output"
    deidentify(source, output, retain_uids=True)
    uid = pydicom.dcmread(first(output)).SOPInstanceUID
    first(output).rename(output / f"{uid}.dcm")

    assert audit(output, source).is_clean


def test_nothing_to_look_for_is_no_clean_source(output, tmp_path):
    (tmp_path / "empty").mkdir()

    with pytest.raises(InputError, match="no DICOM"):
        audit(output, tmp_path / "empty")


@pytest.mark.parametrize("folder", ["absent", "empty"])
def test_nothing_to_search_is_not_clean(tmp_path, folder):
    (tmp_path / "empty").mkdir()

    with pytest.raises(InputError, match=r"no such folder|holds no files"):
        audit(tmp_path / folder)


def test_progress_reaches_the_number_of_files(output, source):
    told = []

    audit(output, source, on_progress=lambda done, total: told.append((done, total)))

    both = 4 * (SLICES + 3)
    assert told == [(done, both) for done in range(1, both + 1)]


@pytest.mark.parametrize("what", ["pipe", "lost link", "link to a folder"])
def test_what_is_no_file_is_not_opened_but_told_of(output, tmp_path, what):
    path = output / "odd"
    if what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(tmp_path if what == "link to a folder" else "nowhere")

    report = audit(output)
    (finding,) = report.findings

    assert (finding.file, finding.kind) == ("odd", Kind.UNREADABLE)
    assert report.unreadable == ("odd",)


def test_without_a_source_a_path_is_told(output):
    path: Path = first(output)
    path.write_bytes(b"\x08\0\x05\0CS\x0a\0ISO_IR 100")

    (finding,) = audit(output).findings

    assert finding.file == path.relative_to(output).as_posix()
    assert finding.kind is Kind.UNREADABLE
