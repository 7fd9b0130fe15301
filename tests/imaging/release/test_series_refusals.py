"""What is wrong with one original is told of it, and the rest goes on."""

import errno
from dataclasses import replace

import pytest

from imaging.dicom import PatientRow
from imaging.dicom.arrival import file_name
from imaging.orthanc.answers import ServerFaultError
from imaging.release import release_patient, summarise
from tests.imaging.release.releases import (
    begin,
    change,
    dicom_files,
    one_file,
    place_in,
    release,
)

ELSEWHERE = "/mnt/pacs/DOE_JANE_1950/1.dcm"


class Failing:
    """An archive that fails over one instance, and gives the others first."""

    def __init__(self, archive, victim, error):
        self._archive = archive
        self._victim = victim
        self._error = error
        self.patients = archive.patients

    def fetch(self, series, folder, instances, on_file):
        rows = [row for row in instances if row.sop_instance_uid != self._victim]
        size = self._archive.fetch(series, folder, rows, on_file)
        if len(rows) < len(instances):
            raise self._error
        return size


class InPlace:
    """Originals that are worked on where they lie; a path of one series leads astray."""

    def __init__(self, archive, root, victim):
        self._root = root
        self._victim = victim
        self.patients = archive.patients

    def fetch(self, _series, _folder, instances, on_file):
        for row in instances:
            path = self._root / row.locator
            on_file(row, self._victim if path.stem == self._victim.stem else path)
        return 0


class WithoutUids:
    """An archive whose objects of a modality have no SOPInstanceUID."""

    def __init__(self, archive, modality):
        self._archive = archive
        self._modality = modality

    def patients(self, patient_ids):
        for row in self._archive.patients(patient_ids):
            studies = (
                replace(study, series=tuple(map(self._bare, study.series))) for study in row.studies
            )
            yield PatientRow(row.patient_id, tuple(studies))

    def fetch(self, series, folder, instances, on_file):
        if any(not row.sop_instance_uid for row in instances):
            file_name("")
        return self._archive.fetch(series, folder, instances, on_file)

    def _bare(self, series):
        if series.modality != self._modality:
            return series
        rows = tuple(replace(row, sop_instance_uid="") for row in series.instances)
        return replace(series, instances=rows)


def released(tmp_path, archive, source):
    """Release everyone of an archive by way of another source; return the summary."""
    with place_in(tmp_path).at_work():
        run = begin(place_in(tmp_path))
        (group,) = run.in_groups(archive.patient_ids())
        release_patient(source, group[0], run)
        return summarise([group], run)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ServerFaultError("GET /instances/0a: 500"), "the archive failed over it"),
        (PermissionError(errno.EACCES, "x", ELSEWHERE), "cannot be read: Permission denied"),
        (OSError(errno.EIO, "x"), "cannot be read: Input/output error"),
        (OSError("the file shrank"), "cannot be read: it changed"),
    ],
)
def test_a_fault_over_one_original_is_its_own(tmp_path, source, archive, error, reason):
    failing = Failing(archive, one_file(source).stem, error)
    summary = released(tmp_path, archive, failing)

    assert summary.refused == {reason: 1}
    assert summary.released == {"CT": 23, "RTSTRUCT": 1, "RTPLAN": 1, "RTDOSE": 1}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE])
def test_a_disk_that_takes_no_more_is_no_originals_fault(tmp_path, source, archive, number):
    failing = Failing(archive, one_file(source).stem, OSError(number, "x", ELSEWHERE))
    summary = released(tmp_path, archive, failing)

    assert summary.refused == {}
    (record,) = summary.patients.values()
    assert record.failure == "disk: x"


@pytest.mark.parametrize("place", ["staging/P1/2.25.1/1.dcm.part", "staging", "."])
def test_a_folder_that_cannot_be_written_to_is_no_originals_fault(
    tmp_path, source, archive, place, monkeypatch
):
    failing = Failing(archive, one_file(source).stem, None)

    def fetch(_series, folder, _instances, _on_file):
        staged = folder if place.endswith("part") else place_in(tmp_path).records / place
        raise PermissionError(errno.EACCES, "x", str(staged))

    monkeypatch.setattr(failing, "fetch", fetch, raising=False)
    summary = released(tmp_path, archive, failing)

    assert summary.refused == {}
    assert [record.failure for record in summary.patients.values()] == ["disk: x"]


@pytest.mark.parametrize("leads_to", ["/nowhere/1.dcm", "/proc/self/mem"])
def test_an_original_that_cannot_be_read_where_it_lies_is_refused(
    tmp_path, source, archive, leads_to
):
    victim = tmp_path / "astray" / one_file(source).name
    victim.parent.mkdir()
    victim.symlink_to(leads_to)  # the second can be opened, but not read
    summary = released(tmp_path, archive, InPlace(archive, source, victim))

    (reason,) = summary.refused
    assert reason.startswith("cannot be read: ")
    assert summary.refused[reason] == 1
    assert summary.released.total() == 26


def test_an_output_that_cannot_be_written_is_no_originals_fault(tmp_path, archive, monkeypatch):
    def full(_header, *_rest, **_more):
        raise OSError(errno.EIO, "x")

    monkeypatch.setattr("imaging.dicom.deidentify.deidentifier.write_object", full)
    summary = released(tmp_path, archive, archive)

    assert summary.refused == {}
    assert [record.failure for record in summary.patients.values()] == ["disk: x"]


@pytest.mark.parametrize("keyword", ["SeriesInstanceUID", "StudyInstanceUID"])
def test_a_retained_uid_that_leads_elsewhere_refuses_its_series_alone(tmp_path, source, keyword):
    change(one_file(source, "RTPLAN"), **{keyword: "1.2/../3"})
    summary, _ = release(source, tmp_path, retain_uids=True)

    assert summary.refused == {"a UID of its study or series that cannot name a folder": 1}
    assert summary.released == {"CT": 24, "RTSTRUCT": 1, "RTDOSE": 1}
    assert len(list(dicom_files(tmp_path / "released"))) == 26


def test_a_uid_that_leads_elsewhere_does_no_harm_where_none_is_retained(tmp_path, source):
    change(one_file(source, "RTPLAN"), SeriesInstanceUID="1.2/../3")
    summary, _ = release(source, tmp_path)

    assert (summary.released.total(), summary.failed) == (27, 0)


def test_each_object_without_a_uid_counts(tmp_path, archive):
    summary = released(tmp_path, archive, WithoutUids(archive, "CT"))

    assert summary.refused == {"a SOPInstanceUID that cannot name a file": 24}
    assert summary.released.total() == 3
