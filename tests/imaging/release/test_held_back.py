"""What a person has to look at first, and what their word releases."""

import shutil
from io import BytesIO

import pydicom
import pytest

from imaging.dicom.deidentify import Suspicion
from imaging.errors import InputError
from tests.imaging.release.releases import (
    attributes,
    begin,
    change,
    contents,
    dicom_files,
    held_back_rows,
    one_file,
    place_in,
    release,
)


def test_a_suspicious_object_is_held_back_with_a_copy_to_look_at(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    summary, _ = release(source, tmp_path)

    place = place_in(tmp_path)
    assert summary.held_back == {Suspicion.BURNED_IN: 1}
    assert summary.failed == 0
    assert len(list(dicom_files(place.data))) == 26
    (copy,) = dicom_files(place.held_back)
    dataset = pydicom.dcmread(copy)
    assert dataset.PatientID in summary.patients
    assert dataset.PixelData == pydicom.dcmread(one_file(source)).PixelData
    (row,) = held_back_rows(place)
    assert row["series_instance_uid"] == dataset.SeriesInstanceUID
    assert row["sop_instance_uid"] == dataset.SOPInstanceUID
    assert row["reasons"] == Suspicion.BURNED_IN.value


def test_a_series_that_was_looked_at_is_released_from_then_on(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path, "one")
    reviewed, _ = release(source, tmp_path, "two", reviewed=to_review(tmp_path))
    later, again = release(source, tmp_path, "three")

    assert reviewed.released.total() == later.released.total() == 27
    assert again == []
    assert not list(place_in(tmp_path).held_back.rglob("*.dcm"))


def test_what_a_person_found_clean_says_so_and_passes_the_audit(tmp_path, source):
    pixels = pydicom.dcmread(change(one_file(source), BurnedInAnnotation="YES")).PixelData
    release(source, tmp_path, "one")
    copies = contents(place_in(tmp_path).held_back)
    summary, _ = release(source, tmp_path, "two", reviewed=to_review(tmp_path))

    assert summary.is_clean
    ((name, copy),) = copies.items()
    released = pydicom.dcmread(place_in(tmp_path).data / name)
    assert released.BurnedInAnnotation == "NO"
    assert released.PixelData == pixels
    shown = pydicom.dcmread(BytesIO(copy))
    shown.BurnedInAnnotation = "NO"
    assert released == shown


def test_a_review_adds_no_statement_to_an_object_that_made_none(tmp_path, source):
    change(one_file(source), ConversionType="WSD")
    release(source, tmp_path, "one")
    release(source, tmp_path, "two", reviewed=to_review(tmp_path))

    assert attributes(place_in(tmp_path).data, "BurnedInAnnotation") == {""}


def test_who_switches_holding_back_off_is_not_told_of_burned_in_annotation(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    summary, _ = release(source, tmp_path, hold_back_pixels=False)

    assert attributes(place_in(tmp_path).data, "BurnedInAnnotation") == {"", "YES"}
    (record,) = summary.patients.values()
    assert [one.findings for one in record.series.values()] == [()] * 4


def test_what_arrives_after_the_look_is_held_back(tmp_path, source):
    newer = one_file(source, number=1)
    later = change(newer, BurnedInAnnotation="YES").rename(tmp_path / "later.dcm")
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path, "one")
    shutil.move(later, newer)
    reviewed, _ = release(source, tmp_path, "two", reviewed=to_review(tmp_path))
    after, _ = release(source, tmp_path, "three")

    for summary in (reviewed, after):
        assert summary.released.total() == 26
        assert summary.held_back == {Suspicion.BURNED_IN: 1}
    second, _ = release(source, tmp_path, "four", reviewed=to_review(tmp_path))
    assert second.released.total() == 27


def test_what_was_replaced_after_the_look_is_held_back(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path, "one")
    uids = to_review(tmp_path)
    released, _ = release(source, tmp_path, "two", reviewed=uids)
    change(one_file(source), KVP="99")
    summary, _ = release(source, tmp_path, "three")

    assert (released.held_back_objects, summary.held_back_objects) == (0, 1)
    assert "99" not in attributes(place_in(tmp_path).data, "KVP")


def test_a_run_started_again_covers_only_what_its_first_start_did(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path, "one")
    uids = to_review(tmp_path)
    change(one_file(source, number=1), BurnedInAnnotation="YES")
    release(source, tmp_path, "two", reviewed=uids)
    place = place_in(tmp_path)
    with place.at_work():
        run = begin(place, "two", reviewed=uids)

    assert len(run.reviewed) == 1


def test_what_nobody_can_have_looked_at_is_not_reviewed(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path, "one")
    (copy,) = dicom_files(place_in(tmp_path).held_back)
    copy.unlink()
    summary, _ = release(source, tmp_path, "two", reviewed=to_review(tmp_path))

    assert summary.held_back_objects == 1


def test_a_review_outlasts_a_change_of_options(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path, "one")
    release(source, tmp_path, "two", reviewed=to_review(tmp_path))
    summary, _ = release(source, tmp_path, "three", retain_device_identity=True)

    assert summary.released.total() == 27


@pytest.mark.parametrize("is_reviewed", [False, True])
def test_uids_of_nothing_held_back_are_refused_before_anything_is_done(
    tmp_path, source, is_reviewed
):
    change(one_file(source), BurnedInAnnotation="YES")
    first, _ = release(source, tmp_path, "one")
    uids = to_review(tmp_path)
    if is_reviewed:
        release(source, tmp_path, "two", reviewed=uids)
    place = place_in(tmp_path)
    before = contents(place.records)
    other = next(uid for uid in _series_of(first) if uid not in uids)
    with pytest.raises(InputError, match=r"2 of the 3 UIDs .* held_back\.csv") as told:
        release(source, tmp_path, "three", reviewed=["2.25.1", *uids, other, ""])

    assert contents(place.records) == before
    assert "2.25." not in str(told.value)


def test_the_same_review_may_be_asked_for_again(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    release(source, tmp_path, "one")
    uids = to_review(tmp_path)
    release(source, tmp_path, "two", reviewed=uids)
    summary, again = release(source, tmp_path, "three", reviewed=uids)

    assert (summary.released.total(), again) == (27, [])


def test_a_review_does_not_release_what_is_not_wanted(tmp_path, source):
    first, _ = release(source, tmp_path, "one", attributes="ct_volume")
    uids = to_review(tmp_path)
    summary, _ = release(source, tmp_path, "two", attributes="ct_volume", reviewed=uids)

    assert summary.held_back == first.held_back == {Suspicion.NO_CT_VOLUME: 3}
    assert summary.released == {"CT": 24}
    assert not list(place_in(tmp_path).held_back.rglob("*.dcm"))


def to_review(root):
    """The series that the list of what was held back names."""
    return [row["series_instance_uid"] for row in held_back_rows(place_in(root))]


def _series_of(summary):
    return [key.split("/")[1] for row in summary.patients.values() for key in row.series]
