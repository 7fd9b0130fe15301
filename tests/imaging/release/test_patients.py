"""What is released of patients, what is not, and what a later run does."""

import shutil
import stat

import pydicom
import pytest

from imaging.release import PatientRecord
from tests.imaging.release.releases import (
    attributes,
    change,
    contents,
    dicom_files,
    one_file,
    phantom,
    place_in,
    release,
)


def test_every_object_is_released_by_pseudonym_study_and_series(tmp_path, source):
    summary, _ = release(source, tmp_path)

    place = place_in(tmp_path)
    files = list(dicom_files(place.data))
    assert len(files) == len(list(source.rglob("*.dcm")))
    assert summary.released == {"CT": 24, "RTSTRUCT": 1, "RTPLAN": 1, "RTDOSE": 1}
    for path in files:
        dataset = pydicom.dcmread(path)
        folder = f"{dataset.Modality}-{dataset.SeriesInstanceUID}"
        where = path.relative_to(place.data).as_posix()
        name = f"{dataset.SOPInstanceUID}.dcm"
        assert where == f"{dataset.PatientID}/{dataset.StudyInstanceUID}/{folder}/{name}"
    assert set(contents(place.data)) == {path.relative_to(place.data).as_posix() for path in files}
    assert summary.is_clean
    assert summary.audited == len(files)


def test_what_does_not_leave_is_for_its_owner_only(tmp_path, source):
    release(source, tmp_path)

    records = place_in(tmp_path).records
    for folder in (records, records.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not records.is_relative_to(place_in(tmp_path).data.parent)


def test_no_original_stays_behind(tmp_path, source):
    place = place_in(tmp_path)
    left = place.staging / "P1" / "killed.dcm"
    left.parent.mkdir(parents=True)
    shutil.copyfile(one_file(source), left)
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path)

    assert not place.staging.exists()
    names = {path.name for path in source.rglob("*.dcm")}
    kept = {path.name for folder in (place.data, place.records) for path in folder.rglob("*")}
    assert not names & kept


def test_a_second_run_fetches_nothing_and_changes_nothing(tmp_path, source):
    first, fetched = release(source, tmp_path, "one")
    before = contents(place_in(tmp_path).data)
    second, again = release(source, tmp_path, "two")

    assert len(fetched) == 27
    assert again == []
    assert contents(place_in(tmp_path).data) == before
    assert second.done == first.done


def test_a_file_that_was_lost_from_the_release_is_made_again(tmp_path, source):
    release(source, tmp_path, "one")
    before = contents(place_in(tmp_path).data)
    next(iter(dicom_files(place_in(tmp_path).data))).unlink()
    _, again = release(source, tmp_path, "two")

    assert len(again) == 1
    assert contents(place_in(tmp_path).data) == before


def test_content_that_was_replaced_under_its_uid_is_made_anew(tmp_path, source):
    size = change(one_file(source), KVP="98").stat().st_size
    release(source, tmp_path, "one")
    change(one_file(source), KVP="99")
    assert one_file(source).stat().st_size == size
    _, again = release(source, tmp_path, "two")

    assert again == [one_file(source).stem]
    assert "99" in attributes(place_in(tmp_path).data, "KVP")


def test_a_broken_file_is_refused_and_stays_where_it_was(tmp_path, source):
    victim = one_file(source, number=5)
    broken = victim.read_bytes()[:-500]
    victim.write_bytes(broken)
    summary, _ = release(source, tmp_path)

    assert summary.released.total() == 26
    assert [count for _, count in summary.refused.items()] == [1]
    assert "cut short" in next(iter(summary.refused))
    assert summary.failed == 1
    assert victim.read_bytes() == broken


def test_a_mended_file_is_all_that_is_fetched_again(tmp_path, source):
    victim = one_file(source, number=5)
    whole = victim.read_bytes()
    victim.write_bytes(whole[:-500])
    release(source, tmp_path, "one")
    victim.write_bytes(whole)
    summary, again = release(source, tmp_path, "two")

    assert again == [victim.stem]
    assert summary.failed == 0
    assert summary.released.total() == 27


def test_one_patients_failure_leaves_the_others_whole(tmp_path, source):
    phantom(2).write(source)
    for path in (source / phantom(2).patient_id).rglob("*.dcm"):
        path.write_bytes(path.read_bytes()[:-100])
    summary, _ = release(source, tmp_path)

    assert len(summary.patients) == 2
    assert summary.failed == 1
    assert sorted(
        sum(one.is_released for one in row.instances) for row in summary.patients.values()
    ) == [0, 27]


def test_a_full_disk_is_the_patients_failure_and_says_so(tmp_path, source):
    place = place_in(tmp_path)
    place.data.parent.mkdir(parents=True)
    place.data.write_text("in the way")
    summary, _ = release(source, tmp_path)

    (record,) = summary.patients.values()
    assert record.failure == "disk: Not a directory"


def test_what_the_source_no_longer_has_is_removed(tmp_path, source):
    release(source, tmp_path, "one")
    one_file(source, "RTDOSE").unlink()
    summary, _ = release(source, tmp_path, "two")

    assert "RTDOSE" not in summary.released
    assert attributes(place_in(tmp_path).data, "Modality") == {"CT", "RTSTRUCT", "RTPLAN"}
    assert not list(place_in(tmp_path).data.rglob("RTDOSE-*"))


def test_what_a_killed_run_left_half_written_goes(tmp_path, source):
    release(source, tmp_path, "one")
    before = contents(place_in(tmp_path).data)
    folder = next(iter(dicom_files(place_in(tmp_path).data))).parent
    (folder / ".abc.part-1.dcm").write_bytes(b"half")
    (folder / "stray.dcm").write_bytes(b"stray")
    release(source, tmp_path, "two")

    assert contents(place_in(tmp_path).data) == before


def test_other_options_make_everything_anew(tmp_path, source):
    release(source, tmp_path, "one", retain_patient_characteristics=True)
    before = contents(place_in(tmp_path).data)
    _, again = release(source, tmp_path, "two")

    now = contents(place_in(tmp_path).data)
    assert len(again) == 27
    assert now.keys() == before.keys()
    assert now != before


def test_what_other_options_made_is_removed(tmp_path, source):
    release(source, tmp_path, "one", retain_uids=True)
    before = set(contents(place_in(tmp_path).data))
    release(source, tmp_path, "two")

    now = set(contents(place_in(tmp_path).data))
    assert len(now) == len(before) == 27
    assert not before & now


def test_the_same_patient_is_the_same_in_every_release(tmp_path, source):
    release(source, tmp_path, name="one")
    release(source, tmp_path, name="two")

    one, two = (contents(place_in(tmp_path, name).data) for name in ("one", "two"))
    assert one == two


def test_records_hold_no_value_of_the_source(tmp_path, source):
    change(one_file(source, "RTPLAN"), AccessionNumber="ACC-4711")
    release(source, tmp_path)

    said = "".join(path.read_text() for path in place_in(tmp_path).records.rglob("*.json"))
    dataset = pydicom.dcmread(one_file(source))
    assert dataset.PatientID not in said
    assert "Quillfeather" not in said
    assert dataset.StudyInstanceUID not in said
    assert dataset.SOPInstanceUID not in said
    assert dataset.PatientBirthDate not in said
    assert "ACC-4711" not in said
    assert f'"source_size": {one_file(source).stat().st_size}' in said


def test_patients_of_earlier_runs_stay_and_are_told_of(tmp_path, source):
    release(source, tmp_path, "one")
    other = tmp_path / "other"
    phantom(2).write(other)
    (tmp_path / "index.sqlite").unlink()
    summary, _ = release(other, tmp_path, "two")

    assert summary.earlier == 1
    assert len(list(place_in(tmp_path).data.iterdir())) == 2


def test_a_record_reads_as_it_was_written(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    summary, _ = release(source, tmp_path)

    ((pseudonym, record),) = summary.patients.items()
    path = place_in(tmp_path).record(pseudonym)
    assert PatientRecord.read(record.write(path)) == record
    path.write_text('{"series": 1}')
    assert PatientRecord.read_or_none(path) is None


@pytest.mark.parametrize("modality", ["DOE^JANE", "../../x", ""])
def test_a_modality_that_is_none_names_no_folder(tmp_path, source, modality):
    victim = one_file(source, "RTPLAN")
    stated = b"\x06\x00\x00\x00RTPLAN"  # its length and it; pydicom would not write the others
    assert stated in victim.read_bytes()
    other = b"\x08\x00\x00\x00" + modality.encode().ljust(8)
    victim.write_bytes(victim.read_bytes().replace(stated, other))
    release(source, tmp_path)

    folders = {path.parent.name.split("-")[0] for path in dicom_files(place_in(tmp_path).data)}
    assert folders == {"CT", "RTSTRUCT", "RTDOSE", "OT"}
