"""Who may run a release, under which key, of what, and of whom."""

import shutil

import pytest

from imaging.dicom.deidentify import Deidentifier, DeidentifyOptions, FileOutcome
from imaging.errors import (
    InputError,
    SettingError,
)
from imaging.release import (
    Release,
    ReleaseBusyError,
    ReleaseFailedError,
    open_release,
    release_group,
    summarise,
)
from imaging.settings import Settings, project_key, release_key
from tests.imaging.release.releases import (
    KEY,
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


class Leaky(Deidentifier):
    """Copies a file as it is, and says that it did its work."""

    def file(self, source, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return FileOutcome(self.uid(source.stem))


class Watching:
    """An archive that remembers which originals lay staged whenever it was asked for more."""

    def __init__(self, archive, staging):
        self._archive = archive
        self._staging = staging
        self.patients = archive.patients
        self.seen = []

    def fetch(self, *asked):
        self.seen.append(list(self._staging.rglob("*.dcm")))
        return self._archive.fetch(*asked)


def test_two_runs_of_one_release_are_refused(tmp_path):
    with (
        place_in(tmp_path).at_work(),
        pytest.raises(ReleaseBusyError, match="trial"),
        place_in(tmp_path).at_work(),
    ):
        pass


def test_what_a_killed_run_left_goes_before_the_next_begins(tmp_path):
    place = place_in(tmp_path)
    for left in (place.staging / "P1" / "1.dcm", place.data / "P1" / ".a.part-1.dcm"):
        left.parent.mkdir(parents=True)
        left.write_bytes(b"identified")

    with place.at_work():
        assert not place.staging.exists()
        assert contents(place.data) == {}


def test_originals_go_as_soon_as_their_series_is_done(tmp_path, archive):
    place = place_in(tmp_path)
    with place.at_work():
        run = begin(place)
        (group,) = run.in_groups(archive.patient_ids())
        watching = Watching(archive, place.staging)
        release_group(watching, group, run)
        left = list(place.staging.rglob("*.dcm"))

    assert watching.seen == [[]] * 4
    assert left == []


def test_another_key_needs_another_release(tmp_path, source):
    release(source, tmp_path, "one")
    before = contents(place_in(tmp_path).data)
    with pytest.raises(InputError, match="another name"):
        release(source, tmp_path, "two", key=KEY[::-1])

    assert contents(place_in(tmp_path).data) == before


def test_a_release_of_an_archive_is_none_of_a_cohort(tmp_path):
    begin(place_in(tmp_path))
    with pytest.raises(InputError, match="something else"):
        open_release(
            place_in(tmp_path), KEY, DeidentifyOptions(), "two", made_of="a cohort's cases"
        )


def test_ids_that_differ_by_blanks_are_one_patient(tmp_path):
    run = begin(place_in(tmp_path))
    (group,) = run.in_groups(["7 ", "7", " 7"])

    assert [patient.patient_ids for patient in group] == [("7 ", "7", " 7")]


def test_what_was_sent_back_to_the_archive_is_not_released_again(tmp_path):
    run = begin(place_in(tmp_path))
    groups = run.in_groups(["MRN-1", run.pseudonym("MRN-1"), "MRN-2"])

    ids = [id_ for group in groups for patient in group for id_ in patient.patient_ids]
    assert sorted(ids) == ["MRN-1", "MRN-2"]


def test_a_pseudonym_alone_is_known_from_what_the_release_holds(tmp_path, source, caplog):
    for path in (source / phantom(1).patient_id).rglob("*.dcm"):
        change(path, PatientID="")
    phantom(2).write(source)
    release(source, tmp_path)
    place = place_in(tmp_path)
    folders = {path.name for path in place.data.iterdir()}
    records = {path.stem for path in place.all_records()}
    assert folders - records
    (place.data / "MRN-1").mkdir()

    run = begin(place, "two")
    groups = run.in_groups(["MRN-1", *(f" {name}" for name in sorted(folders | records))])

    assert [patient.patient_ids for group in groups for patient in group] == [("MRN-1",)]
    assert "3 patients are left out" in caplog.text


def test_a_run_begins_without_empty_folders(tmp_path, source):
    release(source, tmp_path, "one")
    place = place_in(tmp_path)
    (place.data / "P1" / "1").mkdir(parents=True)
    before = contents(place.data)

    with place.at_work():
        assert not (place.data / "P1").exists()
        assert contents(place.data) == before


def test_patients_without_an_id_are_told_apart_by_their_objects(tmp_path, source):
    other = phantom(2, patient_name="Oystercatcher^Una")
    other.write(source)
    for path in source.rglob("*.dcm"):
        change(path, PatientID="")
    release(source, tmp_path)

    place = place_in(tmp_path)
    assert len(attributes(place.data, "PatientID")) == 2
    for path in dicom_files(place.data):
        assert attributes(path.parent, "PatientID") == {path.relative_to(place.data).parts[0]}
    assert len(list(dicom_files(place.data))) == 2 * 27


def test_a_value_of_the_original_in_the_output_is_found_and_fails_the_run(tmp_path, archive):
    place = place_in(tmp_path)
    with place.at_work():
        honest = begin(place)
        leaky = Leaky(KEY)
        run = Release(place, "run", leaky, leaky, honest.reviewed)
        (group,) = run.in_groups(archive.patient_ids())
        release_group(archive, group, run)
        summary = summarise([group], run)

    assert not summary.is_clean
    kinds = {kind.name for kind in summary.findings}
    assert {"SOURCE_ID", "SOURCE_NAME", "SOURCE_UID", "NAME"} <= kinds
    assert "Quillfeather" not in place.audit.read_text()
    with pytest.raises(ReleaseFailedError, match="must not leave"):
        summary.check(100)


def test_a_foreign_file_in_the_release_is_found(tmp_path, source):
    release(source, tmp_path, "one")
    shutil.copyfile(one_file(source), place_in(tmp_path).data / "slice.dcm")
    summary, _ = release(source, tmp_path, "two")

    assert not summary.is_clean


def test_the_releases_key_is_neither_the_projects_nor_to_be_guessed(tmp_path):
    place = Settings(data_root=tmp_path, project_key="k" * 32)
    assert len(release_key(place)) == 32
    assert release_key(place) != project_key(place)
    assert release_key(place) == release_key(place)

    with pytest.raises(SettingError, match="IMAGING_PROJECT_KEY"):
        release_key(Settings(data_root=tmp_path, project_key="k" * 31))
