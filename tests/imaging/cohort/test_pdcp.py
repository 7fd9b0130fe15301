"""Specifications out of files: our own YAML, and PDCP's configuration translated."""

import json

import pytest

from imaging.cohort import CohortSpecification, read_specification, write_specification
from imaging.errors import InputError

PDCP = {
    "required_modalities_for_patient": ["CT", "RTSTRUCT", "RTDOSE"],
    "study_desc_should_not_contain": ["head and neck", ""],
    "study_desc_may_contain": ["breast"],
    "possibilities": ["CTV", "PTV"],
    "imagesummaries": "summaries/",
    "patientnotesdir": "notes/",
    "datadirectory": "data/",
    "thequarantine": "quarantine/",
    "link_to_ids": "ids.csv",
    "ipport": "http://10.0.0.5:8042",
    "username": "someone",
    "password": "not to be repeated",  # pragma: allowlist secret
    "CONNECTIONS": 30,
    "TIMEOUT": 10,
    "colour": "blue",
}


def written(tmp_path, text, name="specification.yaml"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_a_specification_is_read_back_as_it_was_written(tmp_path):
    given = CohortSpecification.model_validate(
        {
            "wanted_rois": ["PTV*"],
            "slices": {"fewest": 20, "outside": "EXCLUDE"},
            "dose": {"sum_plans": True},
            "several_treatments": "newest",
            "outputs": {"dvh": False},
        }
    )
    path = write_specification(given, tmp_path / "specification.yaml")

    assert read_specification(path).specification == given
    assert read_specification(path).report == ""


def test_a_few_fields_are_enough(tmp_path):
    path = written(tmp_path, "required_modalities: [CT, RTSTRUCT]\nwanted_rois: [Heart]\n")

    assert read_specification(path).specification == CohortSpecification(
        required_modalities=["CT", "RTSTRUCT"], wanted_rois=["Heart"]
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- CT",
        "typo: 1",
        "slices: {fewest: 9, most: 3}",
        "required_modalities: []",
        "{",
        "a: !x",
    ],
)
def test_what_is_no_specification_is_refused_by_the_files_name(tmp_path, text):
    with pytest.raises(InputError, match=r"specification\.yaml"):
        read_specification(written(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_specification(tmp_path / "nothing.yaml")


def test_a_pdcp_configuration_is_translated_rule_by_rule(tmp_path):
    path = written(tmp_path, json.dumps(PDCP), "codesconfig.json")
    found = read_specification(path, keep_in=tmp_path / "cohort")

    assert found.specification == CohortSpecification(
        required_modalities=["CT", "RTSTRUCT", "RTDOSE"],
        description_must_not_contain=["head and neck"],
        description_may_contain=["breast"],
        wanted_rois=["*CTV*", "*PTV*"],
        several_treatments="description",
    )
    assert (tmp_path / "cohort" / "translation.md").read_text() == found.report


def test_the_report_names_every_key_and_hidden_rule_and_no_credential(tmp_path):
    report = read_specification(written(tmp_path, json.dumps(PDCP))).report

    assert all(f"`{key}`" in report for key in PDCP)
    assert "fewer than 50 slices" in report
    assert "38 Gy" in report
    assert "not to be repeated" not in report
    assert "someone" not in report
    assert "not a key of PDCP" in report


@pytest.mark.parametrize(
    "wrong",
    [
        {"possibilities": {"CTV": 1}},
        {"possibilities": [1]},
        {"required_modalities_for_patient": ["CAT SCAN"]},
    ],
)
def test_a_pdcp_configuration_that_says_nothing_sensible_is_refused(tmp_path, wrong):
    with pytest.raises(InputError, match="PDCP"):
        read_specification(written(tmp_path, json.dumps(PDCP | wrong)))


def test_an_error_does_not_repeat_what_was_given(tmp_path):
    text = "passwd: hunter2\nwanted_rois: {PTV: hunter2}\n"  # pragma: allowlist secret
    with pytest.raises(InputError, match="passwd") as raised:
        read_specification(written(tmp_path, text))

    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_mixture_of_both_kinds_is_refused(tmp_path):
    with pytest.raises(InputError, match="CONNECTIONS"):
        read_specification(written(tmp_path, "wanted_rois: [PTV]\nCONNECTIONS: 8\n"))


def test_to_choose_by_description_needs_keywords(tmp_path):
    with pytest.raises(InputError, match="description_may_contain"):
        read_specification(written(tmp_path, "several_treatments: description\n"))
