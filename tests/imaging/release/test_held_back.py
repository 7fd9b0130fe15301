"""What a person has to look at first, and what their word releases."""

import pydicom

from imaging.dicom.deidentify import Suspicion
from tests.imaging.release.releases import (
    change,
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
    (row,) = held_back_rows(place_in(tmp_path))
    reviewed, _ = release(source, tmp_path, "two", reviewed=[row["series_instance_uid"]])
    later, again = release(source, tmp_path, "three")

    assert reviewed.released.total() == later.released.total() == 27
    assert again == []
    assert not list(place_in(tmp_path).held_back.rglob("*.dcm"))


def test_another_series_stays_held_back(tmp_path, source):
    change(one_file(source), BurnedInAnnotation="YES")
    summary, _ = release(source, tmp_path, reviewed=["2.25.1"])

    assert summary.held_back_objects == 1


def test_a_review_does_not_release_what_is_not_wanted(tmp_path, source):
    first, _ = release(source, tmp_path, "one", attributes="ct_volume")
    series = [key.split("/")[1] for row in first.patients.values() for key in row.series]
    summary, _ = release(source, tmp_path, "two", attributes="ct_volume", reviewed=series)

    assert summary.held_back == first.held_back == {Suspicion.NO_CT_VOLUME: 3}
    assert summary.released == {"CT": 24}
    assert not list(place_in(tmp_path).held_back.rglob("*.dcm"))
