"""What is told of a failure names no original, neither in its text nor in what it came of."""

import traceback

import pytest

from imaging.errors import InputError, RemoteUnavailableError, SettingError
from imaging.release import release_group, release_patient
from imaging.release.auditing import audit_release
from tests.imaging.release.releases import begin, contents, dicom_files, place_in

UID = "1.2.826.0.1.3680043.2.1125.1"


class Failing:
    """An archive that names an original in its errors, after it gave some."""

    def __init__(self, archive, error, *, gives=0):
        self._archive = archive
        self._error = error
        self._gives = gives
        self.patients = archive.patients

    def fetch(self, series, folder, instances=None, on_file=None):
        self._gives -= 1
        if self._gives >= 0:
            return self._archive.fetch(series, folder, instances, on_file)
        cause = OSError(f"GET /series/{UID}")
        raise self._error from cause


def everything_of(error):
    """All that a log shows of an error."""
    return "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    "error", [RemoteUnavailableError(f"GET /instances/{UID}: 503"), SettingError("X", "wrong")]
)
@pytest.mark.parametrize("release", [release_group, release_patient])
def test_a_lost_archive_is_told_of_without_what_was_asked(tmp_path, archive, error, release):
    with place_in(tmp_path).at_work():
        run = begin(place_in(tmp_path))
        (group,) = run.in_groups(archive.patient_ids())
        what = group if release is release_group else group[0]
        with pytest.raises(type(error)) as raised:
            release(Failing(archive, error), what, run)

    assert UID not in everything_of(raised.value)
    if isinstance(error, SettingError):
        assert (raised.value.setting, str(raised.value)) == ("X", str(error))


def test_a_record_that_cannot_be_written_does_not_show_what_failed_before(tmp_path, archive):
    place = place_in(tmp_path)
    with place.at_work():
        run = begin(place)
        (group,) = run.in_groups(archive.patient_ids())

        class Full(Failing):
            """A disk that is full from the first fetch on: even the record is gone."""

            def fetch(self, *asked):
                place.record(group[0].pseudonym).unlink()
                return super().fetch(*asked)

        with pytest.raises(FileNotFoundError) as raised:
            release_group(Full(archive, OSError(28, "No space left", UID)), group, run)

    assert UID not in everything_of(raised.value)


def test_what_was_made_and_not_compared_does_not_stay(tmp_path, archive, monkeypatch):
    place = place_in(tmp_path)

    def failing(*_asked, **_more):
        raise ValueError(UID)

    with place.at_work():
        run = begin(place)
        (group,) = run.in_groups(archive.patient_ids())
        monkeypatch.setattr("imaging.release.series.audit", failing)
        record = release_patient(archive, group[0], run)

    assert record.failure == "an unforeseen error"
    assert contents(place.data) == {}
    assert audit_release(place).counts() == {}
    assert not list(dicom_files(place.held_back))


def test_the_log_tells_only_of_what_type_an_error_was(tmp_path, archive, caplog):
    with place_in(tmp_path).at_work():
        run = begin(place_in(tmp_path))
        (group,) = run.in_groups(archive.patient_ids())
        release_group(Failing(archive, ValueError(UID), gives=1), group, run)

    assert "ValueError" in caplog.text
    assert UID not in caplog.text


def test_a_folder_that_cannot_be_listed_is_told_of_without_its_name(tmp_path, monkeypatch):
    place = place_in(tmp_path)
    (place.data / UID).mkdir(parents=True)

    def walk(folder, *, onerror):
        onerror(PermissionError(13, "Permission denied", f"{folder}/{UID}"))
        return ()

    monkeypatch.setattr("imaging.dicom.audit.listing.os.walk", walk)
    with pytest.raises(InputError, match="trial cannot be listed") as raised:
        audit_release(place)

    assert UID not in everything_of(raised.value)
