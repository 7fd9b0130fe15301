"""What the archive no longer has leaves the release, whatever else goes wrong."""

import shutil
from contextlib import closing
from dataclasses import replace

import pytest

from imaging.dicom import FolderArchive
from imaging.errors import RemoteUnavailableError
from imaging.release import (
    PatientRecord,
    as_markdown,
    release_group,
    summarise,
    withdraw_absent,
)
from tests.imaging.release.releases import (
    attributes,
    begin,
    change,
    contents,
    dicom_files,
    one_file,
    phantom,
    place_in,
    release,
)


class Losing:
    """An archive that is lost over what is not there yet of one modality, after its others came."""

    def __init__(self, archive, modality, error):
        self._archive = archive
        self._modality = modality
        self._error = error
        self.patients = archive.patients

    def fetch(self, series, *asked):
        if series.modality == self._modality:
            raise self._error
        return self._archive.fetch(series, *asked)


@pytest.fixture
def two(tmp_path, source):
    """A release of two patients, of whom the archive has lost the second."""
    phantom(2).write(source)
    release(source, tmp_path, "one")
    shutil.rmtree(source / phantom(2).patient_id)
    return place_in(tmp_path)


def test_a_patient_who_was_named_and_is_gone_leaves_the_release(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path, "one")
    ids = [phantom().patient_id]
    shutil.rmtree(source / ids[0])
    place = place_in(tmp_path)
    with place.at_work(), closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        run = begin(place, "two")
        groups = run.in_groups(ids)
        release_group(archive, groups[0], run)
        summary = summarise(groups, run)

    assert contents(place.data) == contents(place.held_back) == {}
    assert [record.failure for record in summary.patients.values()] == ["not in the archive"]
    assert summary.released.total() == summary.held_back_objects == 0
    assert summary.is_clean


@pytest.mark.parametrize("error", [RemoteUnavailableError("down"), ValueError("?")])
def test_a_withdrawn_series_goes_while_another_fails(tmp_path, source, error):
    release(source, tmp_path, "one")
    one_file(source, "RTDOSE").unlink()
    one_file(source, number=3).unlink()
    change(one_file(source, "RTPLAN"), RTPlanLabel="other")
    place = place_in(tmp_path)
    with place.at_work(), closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        run = begin(place, "two")
        groups = run.in_groups(archive.patient_ids())
        losing = Losing(archive, "RTPLAN", error)
        if isinstance(error, RemoteUnavailableError):
            with pytest.raises(RemoteUnavailableError):
                release_group(losing, groups[0], run)
        else:
            release_group(losing, groups[0], run)
        summary = summarise(groups, run)

    assert summary.failed == 1
    assert summary.released["CT"] == 23
    assert "RTDOSE" not in summary.released
    assert "RTDOSE" not in attributes(place.data, "Modality")
    assert sum("/CT-" in str(path) for path in dicom_files(place.data)) == 23
    assert summary.is_clean


def test_findings_in_what_was_withdrawn_go_with_it(tmp_path, source):
    release(source, tmp_path, "one")
    place = place_in(tmp_path)
    (path,) = place.all_records()
    record = PatientRecord.read(path)
    series = next(row for row in record.series.values() if row.modality == "CT")
    first, second, *_ = (path for path in dicom_files(place.data) if "/CT-" in str(path))
    findings = ((first.name, "x", "TEXT"), (second.name, "x", "NAME"))
    record.with_series(replace(series, findings=findings)).write(path)
    originals = {path.stem: path for path in source.rglob("CT/*.dcm")}
    run = begin(place, "two")
    (gone,) = (path for uid, path in originals.items() if run.deidentifier.uid(uid) == first.stem)
    gone.unlink()
    summary, _ = release(source, tmp_path, "two")

    assert [kind.name for kind in summary.findings] == ["NAME"]


def test_who_the_archive_no_longer_has_leaves_when_all_are_chosen(tmp_path, source, two):
    with two.at_work(), closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        run = begin(two, "two")
        groups = run.in_groups(archive.patient_ids())
        assert withdraw_absent(groups, run) == 1
        assert withdraw_absent(groups, run) == 0
        release_group(archive, groups[0], run)
        summary = summarise(groups, run)

    assert [path.name for path in two.data.iterdir()] == [groups[0][0].pseudonym]
    assert (summary.withdrawn, summary.earlier, summary.is_clean) == (1, 0, True)
    assert "1 patients were removed" in as_markdown(summary)
    later, _ = release(source, tmp_path, "three")
    assert (later.withdrawn, later.earlier) == (0, 0)
    assert "were removed" not in as_markdown(later)


def test_who_comes_back_is_released_again(tmp_path, source, two):
    with two.at_work(), closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        run = begin(two, "two")
        withdraw_absent(run.in_groups(archive.patient_ids()), run)
    phantom(2).write(source)
    summary, fetched = release(source, tmp_path, "three")

    assert len(fetched) == 27
    assert summary.released.total() == 54


def test_who_was_not_chosen_stays_and_the_report_says_so(tmp_path, source, two):
    summary, _ = release(source, tmp_path, "two")

    assert len(list(two.data.iterdir())) == 2
    assert summary.earlier == 1
    assert "no longer has of them is still there" in as_markdown(summary)


def test_an_archive_of_nothing_but_the_release_withdraws_nobody(tmp_path, source):
    release(source, tmp_path, "one")
    place = place_in(tmp_path)
    run = begin(place, "two")
    groups = run.in_groups([path.stem for path in place.all_records()])

    assert groups == []
    assert withdraw_absent(groups, run) == 0
    assert len(list(dicom_files(place.data))) == 27
