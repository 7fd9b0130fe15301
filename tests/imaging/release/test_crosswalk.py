"""The crosswalk of a release: whom it lists, and what it never says where it fails."""

import errno
import traceback
from contextlib import closing

import pytest

from imaging.dicom import FolderArchive
from imaging.dicom.crosswalk import read
from imaging.errors import (
    InputError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SettingError,
)
from imaging.orthanc.answers import ServerFaultError
from imaging.release import check_crosswalk, crosswalk_rows, write_crosswalk
from tests.imaging.release.releases import (
    attributes,
    begin,
    change,
    one_file,
    phantom,
    place_in,
    release,
)

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of a test
NAMED_FOLDER = "DOE_JOHN_1950"


class Failing:
    """An archive that fails over some calls."""

    def __init__(self, archive, *errors, listing=None):
        self.archive = archive
        self.errors = list(errors)
        self.listing = listing

    def patients(self, patient_ids):
        if self.listing is not None:
            raise self.listing
        return self.archive.patients(patient_ids)

    def fetch(self, series, folder, instances=None, on_file=None):
        if self.errors:
            raise self.errors.pop(0)
        return self.archive.fetch(series, folder, instances, on_file)


def rows_of(archive, tmp_path, *errors, listing=None):
    """The rows of all patients."""
    run = begin(place_in(tmp_path))
    failing = Failing(archive, *errors, listing=listing)
    groups = run.in_groups(archive.patient_ids())
    return [row for group in groups for row in crosswalk_rows(failing, group, run)]


def test_the_crosswalk_leads_from_each_pseudonym_to_its_original(tmp_path, source):
    originals = {
        keyword: attributes(source, keyword)
        for keyword in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID")
    }
    for path in source.rglob("*.dcm"):
        change(path, AccessionNumber="ACC-4711")
    release(source, tmp_path)
    place = place_in(tmp_path)
    with place.at_work(), closing(FolderArchive(source, tmp_path / "index.sqlite")) as archive:
        run = begin(place)
        rows = [crosswalk_rows(archive, g, run) for g in run.in_groups(archive.patient_ids())]
        write_crosswalk(rows, place, PASSPHRASE)
        assert not place.staging.exists() or not list(place.staging.rglob("*.dcm"))

    found = read(place.crosswalk, PASSPHRASE)
    kinds = {"PatientID": "patient", "StudyInstanceUID": "study", "SeriesInstanceUID": "series"}
    for keyword, kind in kinds.items():
        own = [row for row in found if row.kind == kind]
        assert {row.original for row in own} == originals[keyword]
        assert {row.pseudonym for row in own} == attributes(place.data, keyword)
    (accession,) = [row for row in found if row.kind == "accession"]
    assert accession.original == "ACC-4711"
    assert {accession.pseudonym} == attributes(place.data, "AccessionNumber")
    assert b"MRN-77" not in place.crosswalk.read_bytes()


def test_who_has_nothing_in_the_release_is_not_listed(tmp_path, source, archive):
    for path in phantom(2).write(source):
        path.write_bytes(path.read_bytes()[:-700])
    release(source, tmp_path)
    rows = rows_of(archive, tmp_path)

    assert len(archive.patient_ids()) == 2
    assert [row[1] for row in rows if row[0] == "patient"] == ["MRN-770001"]
    assert {row[2] for row in rows if row[0] == "study"} == attributes(
        place_in(tmp_path).data, "StudyInstanceUID"
    )


def test_a_series_and_a_study_of_which_nothing_was_released_are_not_listed(
    tmp_path, source, archive
):
    change(one_file(source, "RTPLAN"), BurnedInAnnotation="YES")
    change(one_file(source, "RTDOSE"), BurnedInAnnotation="YES", StudyInstanceUID="2.25.9")
    release(source, tmp_path)
    place = place_in(tmp_path)

    rows = rows_of(archive, tmp_path)
    assert {row[2] for row in rows if row[0] == "series"} == attributes(
        place.data, "SeriesInstanceUID"
    )
    assert "2.25.9" not in {row[1] for row in rows}


@pytest.mark.parametrize(
    "error",
    [
        PermissionError(errno.EACCES, "Permission denied", f"/{NAMED_FOLDER}/1.2.dcm"),
        OSError(errno.EIO, "Input/output error", f"/{NAMED_FOLDER}/1.2.dcm"),
        ServerFaultError(f"GET /instances/{NAMED_FOLDER}/file: 500"),
        RemoteRejectedError(f"GET /instances/{NAMED_FOLDER}/file: 400"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_accession_number_comes_from_the_next_object_where_one_fails(
    tmp_path, source, archive, error
):
    for path in source.rglob("*.dcm"):
        change(path, AccessionNumber="ACC-4711")
    release(source, tmp_path)

    rows = rows_of(archive, tmp_path, error)
    assert [row[1] for row in rows if row[0] == "accession"] == ["ACC-4711"]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device", f"/{NAMED_FOLDER}/1.dcm"), OSError),
        (RemoteUnavailableError(f"/{NAMED_FOLDER}: 503"), RemoteUnavailableError),
        (RuntimeError(NAMED_FOLDER), InputError),
    ],
    ids=["full disk", "lost", "unforeseen"],
)
def test_what_fails_the_crosswalk_names_no_original(tmp_path, source, archive, error, kind):
    release(source, tmp_path)

    for errors, listing in (([error], None), ([], error)):
        with pytest.raises(kind) as failure:
            rows_of(archive, tmp_path, *errors, listing=listing)
        assert isinstance(error, OSError | RemoteUnavailableError) or "RuntimeError" in str(
            failure.value
        )
        assert NAMED_FOLDER not in "".join(traceback.format_exception(failure.value))
    assert list(place_in(tmp_path).staging.rglob("*.dcm")) == []


def test_an_archive_that_refuses_to_list_is_told_of_without_its_words(tmp_path, source, archive):
    release(source, tmp_path)

    with pytest.raises(InputError, match="RemoteRejectedError") as failure:
        rows_of(archive, tmp_path, listing=RemoteRejectedError(f"/instances/{NAMED_FOLDER}: 400"))
    assert NAMED_FOLDER not in str(failure.value)


def test_a_wrong_password_names_its_setting(tmp_path, source, archive):
    release(source, tmp_path)

    with pytest.raises(SettingError, match="IMAGING_ORTHANC_PASSWORD"):
        rows_of(archive, tmp_path, listing=SettingError("IMAGING_ORTHANC_PASSWORD", "refused"))


@pytest.mark.parametrize("passphrase", ["", "fifteen letters"])
def test_a_crosswalk_without_a_passphrase_is_refused_by_its_setting(tmp_path, passphrase):
    with pytest.raises(SettingError, match="IMAGING_CROSSWALK_KEY"):
        check_crosswalk(place_in(tmp_path), passphrase)


def test_a_crosswalk_of_another_passphrase_is_found_out_before_the_work(tmp_path):
    place = place_in(tmp_path)
    write_crosswalk([[("patient", "a", "b")]], place, PASSPHRASE)

    check_crosswalk(place, PASSPHRASE)
    with pytest.raises(SettingError, match="IMAGING_CROSSWALK_KEY"):
        check_crosswalk(place, PASSPHRASE[::-1])
