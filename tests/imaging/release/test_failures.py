"""What goes wrong is told of its patient, and of nothing else."""

import pytest

from imaging.errors import (
    DicomError,
    InstanceGoneError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)
from imaging.release import (
    ReleaseFailedError,
    release_group,
    release_patient,
    summarise,
)
from tests.imaging.release.releases import (
    begin,
    contents,
    one_file,
    phantom,
    place_in,
    release,
)


class Failing:
    """An archive that fails over all it is asked to fetch."""

    def __init__(self, archive, error):
        self._archive = archive
        self._error = error
        self.patients = archive.patients

    def fetch(self, *_asked):
        raise self._error


def test_who_is_not_in_the_archive_is_not_complete(tmp_path, archive):
    with place_in(tmp_path).at_work():
        run = begin(place_in(tmp_path))
        groups = run.in_groups(["nobody"])
        release_group(archive, groups[0], run)
        summary = summarise(groups, run)

    assert [record.failure for record in summary.patients.values()] == ["not in the archive"]
    with pytest.raises(ReleaseFailedError, match="1 of 1"):
        summary.check(100)


def test_a_record_of_an_earlier_run_tells_nothing_of_this_one(tmp_path, source, archive):
    release(source, tmp_path, "one")
    run = begin(place_in(tmp_path), "two")
    summary = summarise(run.in_groups(archive.patient_ids()), run)

    assert [record.failure for record in summary.patients.values()] == ["never ended"]


def test_a_step_that_never_ended_is_told(tmp_path):
    run = begin(place_in(tmp_path))
    summary = summarise(run.in_groups(["MRN-1"]), run)

    assert [record.failure for record in summary.patients.values()] == ["never ended"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (InstanceGoneError(["1.2.3"]), "gone from the archive"),
        (RemoteRejectedError("GET /series: 404"), "refused by the archive"),
        (DicomError("1.2.3", "cut short"), "cut short"),
    ],
)
def test_what_does_not_come_is_refused_with_its_reason(tmp_path, archive, error, reason):
    with place_in(tmp_path).at_work():
        run = begin(place_in(tmp_path))
        (group,) = run.in_groups(archive.patient_ids())
        record = release_patient(Failing(archive, error), group[0], run)

    assert {one.refused for one in record.instances} == {reason}
    assert record.failure == "27 refused"


def test_what_was_refused_is_asked_for_again(tmp_path, archive):
    with place_in(tmp_path).at_work():
        run = begin(place_in(tmp_path))
        (group,) = run.in_groups(archive.patient_ids())
        release_patient(Failing(archive, RemoteRejectedError("403")), group[0], run)
        record = release_patient(archive, group[0], begin(place_in(tmp_path), "two"))

    assert (record.failure, len(record.files()[0])) == ("", 27)


def test_what_other_options_made_goes_even_where_nothing_new_comes(tmp_path, source, archive):
    release(source, tmp_path, "one", retain_patient_characteristics=True)
    place = place_in(tmp_path)
    with place.at_work():
        run = begin(place, "two")
        (group,) = run.in_groups(archive.patient_ids())
        with pytest.raises(RemoteUnavailableError):
            release_group(Failing(archive, RemoteUnavailableError("down")), group, run)

    assert contents(place.data) == {}


def test_an_error_nobody_foresaw_is_told_without_its_text(tmp_path, archive, caplog):
    with place_in(tmp_path).at_work():
        run = begin(place_in(tmp_path))
        (group,) = run.in_groups(archive.patient_ids())
        release_patient(Failing(archive, ValueError("Quillfeather")), group[0], run)
        summary = summarise([group], run)

    (record,) = summary.patients.values()
    assert record.failure == "an unforeseen error"
    assert "ValueError" in caplog.text
    assert "Quillfeather" not in caplog.text


@pytest.mark.parametrize("error", [RemoteUnavailableError("down"), SettingError("X", "wrong")])
def test_a_lost_archive_is_told_to_who_may_try_again(tmp_path, archive, error):
    with place_in(tmp_path).at_work():
        run = begin(place_in(tmp_path))
        (group,) = run.in_groups(archive.patient_ids())
        with pytest.raises(type(error)):
            release_group(Failing(archive, error), group, run)
        assert not run.place.staging.exists() or not list(run.place.staging.rglob("*.dcm"))
        lost = summarise([group], run)
        release_group(archive, group, run)
        mended = summarise([group], run)

    assert [record.failure for record in lost.patients.values()] == ["the archive was lost"]
    assert (mended.failed, mended.released.total()) == (0, 27)


def test_the_share_that_may_fail_is_the_callers(tmp_path, source):
    phantom(2).write(source)
    one_file(source).write_bytes(one_file(source).read_bytes()[:-100])
    summary, _ = release(source, tmp_path)

    summary.check(50)
    with pytest.raises(ReleaseFailedError, match="1 of 2"):
        summary.check(49)
