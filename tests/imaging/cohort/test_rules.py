from datetime import date

import pytest
from pydantic import ValidationError

from imaging.cohort import CohortSpecification, PatientSelection
from imaging.cohort.selection import read_worklist
from imaging.cohort.specification import contains_any
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
        "patient_id;name\n007;x,y\nSUB_1;z\n",
        'name;patient_id\n"a;b";"007"\n"last, first";SUB_1\n',
        "last, first;PatientID\nx, y;007\nz;SUB_1\n",
        "name\tpatient_id\r\nx\t007\r\ny\tSUB_1\r\n",
        "case;patient_id;note\nx;007\n;;\nlost\ny;SUB_1;\n",
    ],
)
def test_a_worklist_keeps_identifiers_as_written(tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")

    assert read_worklist(path) == ["007", "SUB_1"]


def test_a_signs_meaning_depends_on_the_heading(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("patient_id\nA;B\nC\tD\nNA\n1.50\n")

    assert read_worklist(path) == ["A;B", "C\tD", "NA", "1.50"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "patient_id\n",
        "a,b\n1,2\n",
        "a;b\n1;2\n",
        "1\t2\n",
        "A\nB,C\n",
        'patient_id\n"A\nB\n',
    ],
)
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


@pytest.mark.parametrize("required", [["ct"], ["CT SCAN"], ["C"], []])
def test_what_is_no_modality_is_refused(required):
    with pytest.raises(ValidationError):
        CohortSpecification(required_modalities=required)


@pytest.mark.parametrize("model", [PatientSelection, CohortSpecification])
def test_an_unknown_field_is_refused(model):
    with pytest.raises(ValidationError, match="typo"):
        model(typo=1)


@pytest.mark.parametrize("keyword", ["*", " - ", "_", ""])
def test_a_keyword_of_separators_alone_says_nothing(keyword):
    rules = CohortSpecification(
        description_must_contain=[keyword], phantom_patterns=[keyword, "phantom"]
    )

    assert not contains_any("Head and neck", [keyword])
    assert contains_any("Head and neck", [keyword, "head-and"])
    assert rules.description_must_contain == []
    assert rules.phantom_patterns == ["phantom"]
