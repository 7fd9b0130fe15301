from datetime import date

import pytest
from pydantic import ValidationError

from imaging.cohort import CohortRules, PatientSelection
from imaging.cohort.rules import read_worklist
from imaging.dicom import DateRange
from imaging.errors import InputError


@pytest.mark.parametrize(
    "text",
    [
        "patient_id\n007\nSUB_1\n",
        "case,PatientID\nx,007\ny,SUB_1\n",
        "007\nSUB_1\n",
        "\ufeffpatient_id\n007\nSUB_1\n",
        "ids,orthanc_ids\n007,a-b\nSUB_1,c-d\n",
    ],
)
def test_a_worklist_keeps_identifiers_as_written(tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")

    assert read_worklist(path) == ["007", "SUB_1"]


@pytest.mark.parametrize("text", ["", "patient_id\n", "a,b\n1,2\n"])
def test_a_worklist_without_patients_is_refused(tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text)

    with pytest.raises(InputError, match=r"list\.csv"):
        read_worklist(path)


def test_a_missing_worklist_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"lost\.csv"):
        PatientSelection(worklist="lost.csv").named(tmp_path)


def test_ids_of_list_and_worklist_are_joined_once_each(tmp_path):
    (tmp_path / "w.csv").write_text("patient_id\nB\nC\n")
    chosen = PatientSelection(patient_ids=["A", " B"], worklist="w.csv")

    assert chosen.named(tmp_path) == ["A", "B", "C"]


def test_nothing_chosen_is_everyone(tmp_path):
    assert PatientSelection().named(tmp_path) is None
    assert PatientSelection().study_dates is None


def test_one_end_of_the_dates_is_enough():
    chosen = PatientSelection(first_study_date=date(2024, 1, 1))

    assert chosen.study_dates == DateRange(date(2024, 1, 1), None)


@pytest.mark.parametrize("model", [PatientSelection, CohortRules])
def test_an_unknown_field_is_refused(model):
    with pytest.raises(ValidationError, match="typo"):
        model(typo=1)
