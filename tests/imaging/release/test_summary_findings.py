"""What a release's audit finds: of every run, by each run's own options, each thing once."""

import gzip
import json
from contextlib import closing
from dataclasses import replace

import pydicom
import pytest

from imaging.dicom import FolderArchive
from imaging.dicom.audit import Kind
from imaging.release import PatientRecord, as_markdown, summarise
from imaging.release.auditing import Stray
from tests.imaging.release.releases import (
    begin,
    change,
    dicom_files,
    one_file,
    phantom,
    place_in,
    release,
)


@pytest.fixture
def other(tmp_path):
    """A folder with another patient, whose index is not that of the first."""
    folder = tmp_path / "other"
    phantom(2).write(folder)
    return folder


def release_other(other, tmp_path, **options):
    """Release the other patient, and not the first."""
    (tmp_path / "index.sqlite").unlink()
    summary, _ = release(other, tmp_path, "two", **options)
    assert summary.earlier == 1
    return summary


def note_finding(place, *findings):
    """Write into the only record that an audit against the originals found something."""
    (path,) = place.all_records()
    record = PatientRecord.read(path)
    series = next(row for row in record.series.values() if row.modality == "RTPLAN")
    record.with_series(replace(series, findings=findings)).write(path)


def plan(place):
    """The released plan."""
    (path,) = (path for path in dicom_files(place.data) if "/RTPLAN-" in str(path))
    return path


def test_what_was_found_in_a_patient_of_an_earlier_run_is_not_forgotten(tmp_path, source, other):
    release(source, tmp_path, "one")
    place = place_in(tmp_path)
    dirty = plan(place)
    note_finding(place, (dirty.name, "(0010,0020) PatientID", "SOURCE_ID"))
    summary = release_other(other, tmp_path)

    assert summary.findings == {Kind.SOURCE_ID: 1}
    (told,) = json.loads(place.audit.read_text())["findings"]
    assert told["file"] == dirty.relative_to(place.data).as_posix()
    assert told["kind"] == "SOURCE_ID"


def test_what_two_audits_found_counts_once_and_the_rest_is_added(tmp_path, source):
    release(source, tmp_path, "one")
    place = place_in(tmp_path)
    name = plan(place).name
    change(plan(place), PerformingPhysicianName="Quillfeather^A")
    first, _ = release(source, tmp_path, "two")
    (where,) = [row["place"] for row in json.loads(place.audit.read_text())["findings"]]
    ((kind, count),) = first.findings.items()
    assert count == 1
    elsewhere = ("file 9", "elsewhere", kind.name)
    note_finding(place, elsewhere)
    second, _ = release(source, tmp_path, "three")
    note_finding(place, elsewhere, (name, where, kind.name))
    third, _ = release(source, tmp_path, "four")

    assert second.findings == third.findings == {kind: 2}


def test_files_that_no_record_lists_are_found_and_told_of_without_their_names(tmp_path, source):
    release(source, tmp_path, "one")
    place = place_in(tmp_path)
    listed = plan(place)
    series = listed.parent
    (place.data / "quillfeather.csv").write_text("name")
    (series / "quillfeather.dcm.gz").write_bytes(gzip.compress(one_file(source).read_bytes()))
    (series / "quillfeather.dcm").touch()
    leftover = place.data / "Quillfeather" / "1.2.3" / "left.dcm"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(listed.read_bytes())
    with place.at_work(), closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        run = begin(place, "one")
        summary = summarise(run.in_groups(archive.patient_ids()), run)

    assert summary.findings == {Stray.UNLISTED: 4}
    told = place.audit.read_text()
    assert "quillfeather" not in told.lower()
    assert f"{series.relative_to(place.data).as_posix()}/unlisted file 2" in told
    assert Stray.UNLISTED in as_markdown(summary)
    assert "nobody listed" in as_markdown(summary)


@pytest.mark.parametrize("content", [b"", b"no DICOM", b"\0" * 128 + b"DICM"])
def test_a_listed_file_that_cannot_be_judged_is_a_finding(tmp_path, source, content):
    release(source, tmp_path, "one")
    plan(place_in(tmp_path)).write_bytes(content)
    summary, _ = release(source, tmp_path, "two")

    assert set(summary.findings) == {Kind.UNREADABLE}


def test_patients_are_judged_by_the_options_of_their_own_run(tmp_path, source, other):
    _rename_roi(one_file(source, "RTSTRUCT"), "Wunschname")
    release(source, tmp_path, "one", kept_roi_names=["Wunsch*"])

    assert release_other(other, tmp_path).is_clean


def test_what_one_run_kept_is_kept_of_no_other_patient(tmp_path, source, other):
    release(source, tmp_path, "one")
    place = place_in(tmp_path)
    (released,) = (path for path in dicom_files(place.data) if "/RTSTRUCT-" in str(path))
    _rename_roi(released, "Wunschname")
    summary = release_other(other, tmp_path, kept_roi_names=["Wunsch*"])

    assert summary.findings == {Kind.ROI_NAME: 1}


def test_annotation_that_was_let_out_unseen_stays_no_finding(tmp_path, source, other):
    change(one_file(source), BurnedInAnnotation="YES")
    first, _ = release(source, tmp_path, "one", hold_back_pixels=False)

    assert first.is_clean
    assert release_other(other, tmp_path).is_clean


def test_annotation_in_what_was_held_back_by_default_is_a_finding(tmp_path, source):
    release(source, tmp_path, "one")
    change(plan(place_in(tmp_path)), BurnedInAnnotation="YES")
    summary, _ = release(source, tmp_path, "two")

    assert summary.findings == {Kind.BURNED_IN: 1}


def test_files_that_are_no_readable_dicom_are_told_of(tmp_path, source):
    (source / "broken.dcm").write_bytes(b"\0" * 128 + b"DICMgarbage")
    place = place_in(tmp_path)
    with place.at_work(), closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        run = begin(place)
        groups = run.in_groups(archive.patient_ids())
        summary = summarise(groups, run, archive)

    assert summary.unreadable == 1
    assert "1 files of the archive could not be read as DICOM" in as_markdown(summary)
    assert "could not be read" not in as_markdown(summarise(groups, run))


def _rename_roi(path, name):
    dataset = pydicom.dcmread(path)
    dataset.StructureSetROISequence[0].ROIName = name
    dataset.save_as(path)
