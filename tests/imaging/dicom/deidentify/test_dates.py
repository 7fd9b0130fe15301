"""Dates that move together, and dates that go."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.tag import Tag

from imaging.dicom.deidentify import Deidentifier
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.instances import image

INTERVALS, CLOCK = Deidentifier(KEY), Deidentifier(KEY, retain_times_of_day=True)
NO_DATES = Deidentifier(KEY, retain_longitudinal_intervals=False, retain_times_of_day=True)


def days_moved(before, after):
    return (date.fromisoformat(after) - date.fromisoformat(before)).days


def moved(deidentifier=INTERVALS, **values):
    # A UID drawn at random would become one that may hold the digits of a year.
    return deidentifier.dataset(image(**{"SOPInstanceUID": "1.2.3", **values}))


def is_empty(dataset, keyword):
    return keyword in dataset and dataset[keyword].is_empty


@settings(max_examples=50, deadline=None)
@given(
    first=st.dates(date(1930, 1, 1), date(2030, 1, 1)),
    second=st.dates(date(1930, 1, 1), date(2030, 1, 1)),
)
def test_the_days_between_two_objects_of_a_patient_stay(first, second):
    one, other = (moved(StudyDate=f"{day:%Y%m%d}") for day in (first, second))

    assert days_moved(one.StudyDate, other.StudyDate) == (second - first).days


def test_all_dates_of_a_patient_move_alike():
    keywords = ("StudyDate", "SeriesDate", "AcquisitionDate", "PatientBirthDate", "RTPlanDate")

    made = moved(**dict.fromkeys(keywords, "20240229"))

    assert len({made[keyword].value for keyword in keywords}) == 1
    assert -3650 <= days_moved("20240229", made.StudyDate) <= -30


def test_two_patients_move_by_their_own_number_of_days():
    assert moved(patient_id="P1").StudyDate != moved(patient_id="P2").StudyDate


def test_dates_move_at_every_depth_as_they_do_at_the_top():
    source = image()
    source.RTROIObservationsSequence = [Dataset()]
    source.RTROIObservationsSequence[0].StudyDate = source.StudyDate

    made = INTERVALS.dataset(source)

    assert made.RTROIObservationsSequence[0].StudyDate == made.StudyDate


@pytest.mark.parametrize("source", ["20240131103722.125+0100", "20240131103722", "20240131"])
def test_a_date_with_a_time_moves_and_loses_its_time(source):
    made = moved(AcquisitionDateTime=source)

    assert made.AcquisitionDateTime == made.StudyDate


@pytest.mark.parametrize("clock", ["103722.125+0100", "103722", "10", "+0100", ""])
def test_a_time_of_day_may_be_retained(clock):
    made = moved(CLOCK, AcquisitionDateTime="20240131" + clock, StudyTime="103722.125")

    assert made.AcquisitionDateTime == made.StudyDate + clock
    assert made.StudyTime == "103722.125"


def test_times_of_day_go_otherwise():
    made = moved(StudyTime="103722.125", AdmittingTime="103722", RTPlanTime="103722")

    assert is_empty(made, "StudyTime")
    assert "AdmittingTime" not in made
    assert "103722" not in str(made)


def test_several_values_move_each():
    made = moved(CLOCK, DateOfSecondaryCapture=["20240131", "20240201"])

    first, second = made.DateOfSecondaryCapture

    assert first == made.StudyDate
    assert days_moved(first, second) == 1


@pytest.mark.parametrize(
    "odd",
    ["2024-01-31", "31.01.2024", "20241301", "20240230", "1880", "Jan 31", "20240131-20240201"],
)
@pytest.mark.parametrize("deidentifier", [INTERVALS, CLOCK], ids=["intervals", "clock"])
def test_what_is_no_date_does_not_stay(deidentifier, odd):
    source = image()
    for keyword in ("StudyDate", "PatientBirthDate", "ContentDate", "AdmittingDate"):
        source[keyword] = DataElement(Tag(keyword), "DA", odd)

    made = deidentifier.dataset(source)

    assert is_empty(made, "StudyDate")
    assert is_empty(made, "PatientBirthDate")
    assert made.ContentDate == "19000101"
    assert "AdmittingDate" not in made


def test_a_date_of_acr_nema_moves_as_others_do():
    assert moved(StudyDate="2024.01.31").StudyDate == moved(StudyDate="20240131").StudyDate


def test_a_date_that_would_leave_the_calendar_goes():
    assert is_empty(moved(StudyDate="00010101"), "StudyDate")


def test_an_odd_time_does_not_stay_though_times_do():
    made = moved(CLOCK, StudyTime="Dr Quill", ContentTime="at noon")

    assert is_empty(made, "StudyTime")
    assert made.ContentTime == "000000"


def test_without_intervals_no_date_stays():
    made = moved(
        NO_DATES,
        StudyTime="103722",
        PatientBirthDate="19500101",
        ContentDate="20240131",
        AdmittingDate="20240131",
        AcquisitionDateTime="20240131103722",
    )

    assert all(
        is_empty(made, keyword) for keyword in ("StudyDate", "StudyTime", "PatientBirthDate")
    )
    assert made.ContentDate == "19000101"
    assert "AdmittingDate" not in made
    assert "2024" not in str(made)


@pytest.mark.parametrize(("deidentifier", "word"), [(INTERVALS, "MODIFIED"), (NO_DATES, "REMOVED")])
def test_an_object_says_what_became_of_its_dates(deidentifier, word):
    assert moved(deidentifier).LongitudinalTemporalInformationModified == word


def test_dates_that_the_table_does_not_list_move_with_the_others():
    made = moved(
        ProcedureCreationDate="20240131",
        ItemInventoryDateTime="20240131103722",
        SecondaryReviewTime="103722",
    )

    assert made.ProcedureCreationDate == made.ItemInventoryDateTime == made.StudyDate
    assert made.SecondaryReviewTime == "000000"


def test_dates_that_the_table_does_not_list_go_where_no_date_stays():
    made = moved(NO_DATES, ProcedureCreationDate="20240131", SecondaryReviewTime="103722")

    assert made.ProcedureCreationDate == "19000101"
    assert made.SecondaryReviewTime == "000000"


def test_a_birth_date_gives_the_age_that_the_patient_had():
    made = moved(PatientBirthDate="19500131")

    age = days_moved(made.PatientBirthDate, made.StudyDate)
    assert age == (date(2024, 1, 31) - date(1950, 1, 31)) / timedelta(days=1)


@pytest.mark.parametrize("odd", ["20240131Quill", "202401319999", "20240131103722 Dr Quill"])
def test_a_date_whose_time_is_none_keeps_no_time(odd):
    source = image()
    source.AcquisitionDateTime = odd

    made = CLOCK.dataset(source)

    assert made.AcquisitionDateTime == made.StudyDate
