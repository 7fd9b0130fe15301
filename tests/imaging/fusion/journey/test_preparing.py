"""What is refused before anything leaves the machine, and what a dry run shows."""

import json
from dataclasses import replace

import pytest

from imaging.dicom.deidentify import Deidentifier
from imaging.errors import InputError
from imaging.fusion.journey import FusionCase, FusionSpecification, prepare, rehearse
from imaging.fusion.place import STATE


@pytest.fixture(scope="module")
def case(patient_files):
    return FusionCase("case-1", patient_files.upper, patient_files.lower, patient_files.cbct)


@pytest.fixture(scope="module")
def checked(case):
    return prepare(case, FusionSpecification())


def test_a_sound_case_is_named_by_its_content_and_not_by_its_name(case, checked):
    renamed = prepare(replace(case, case="other"), FusionSpecification())

    assert renamed.key == checked.key
    assert len(checked.key) == 64


def test_another_question_or_another_scan_is_another_job(case, checked):
    other = FusionSpecification(outputs={"teeth": "stl"})
    swapped = replace(case, upper_scan=case.lower_scan, lower_scan=case.upper_scan)

    keys = {
        checked.key,
        prepare(case, other).key,
        prepare(swapped, FusionSpecification()).key,
    }

    assert len(keys) == 3


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    bad = tmp_path / "bad.stl"
    bad.write_bytes(b"no mesh")

    with pytest.raises(InputError) as caught:
        prepare(FusionCase("case", bad, bad, tmp_path / "absent"), FusionSpecification())

    assert all(label in str(caught.value) for label in ("upper scan", "lower scan", "CBCT"))


def test_one_scan_handed_in_twice_is_refused(case):
    with pytest.raises(InputError, match="same file"):
        prepare(replace(case, lower_scan=case.upper_scan), FusionSpecification())


def test_an_unknown_series_is_refused(case):
    with pytest.raises(InputError, match="none of its 1 CT series"):
        prepare(replace(case, series_instance_uid="1.2.3"), FusionSpecification())


def test_what_was_found_is_told_in_rows_without_paths(checked, patient_files):
    rows = checked.rows()

    assert [row["input"] for row in rows] == ["upper scan", "lower scan", "CBCT"]
    assert "104 x 108 x 108" in rows[2]["size"]
    assert str(patient_files.upper.parent) not in json.dumps(rows)


@pytest.mark.parametrize("deidentifier", [None, Deidentifier(b"k" * 32)], ids=["as given", "clean"])
def test_a_dry_run_shows_the_call_and_leaves_nothing_behind(checked, tmp_path, deidentifier):
    rehearsal = rehearse(checked, tmp_path, deidentifier)

    assert set(rehearsal.sizes) == {"upper_jaw_scan", "lower_jaw_scan", "raw_ct_file"}
    assert min(rehearsal.sizes.values()) > 1000
    assert rehearsal.call["input_data"]["upper_jaw_scan"] == {
        "type": "ply",
        "data": "(upper scan)",
    }
    assert rehearsal.call["metadata"] == {"key": checked.key, "case": "case-1"}
    assert list((tmp_path / STATE / "work").iterdir()) == []
    assert json.dumps(rehearsal.call, indent=2) in rehearsal.to_markdown()


def test_a_dry_run_leaves_alone_what_is_being_submitted(checked, tmp_path):
    being_packed = tmp_path / STATE / "work" / checked.key / "as-given" / "cbct.zip"
    being_packed.parent.mkdir(parents=True)
    being_packed.touch()

    rehearse(checked, tmp_path)

    assert being_packed.exists()
