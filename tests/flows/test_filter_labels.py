"""Labels kept of cohorts, folders and files, through the flow."""

import shutil
from pathlib import Path
from typing import Any

import anyio
import pandas as pd
import pytest

from flows.filter_labels import filter_labels
from imaging.errors import InputError
from imaging.labels import dictionary_for, measure_labels
from imaging.segmentations import FilterFailedError, OutputsBusyError, outputs_in
from imaging.settings import settings
from tests.flows.said import everything_said
from tests.flows.shown import artifact
from tests.imaging.segmentations.files import cohort, label_map


@pytest.fixture
def root(place) -> Path:
    place(gateway_url="https://scans.test")
    return settings().data_root


def test_a_cohort_is_filtered_shown_and_not_filtered_twice(root):
    manifest = cohort(root / "cohorts" / "mine", "case-1", "case-2", "case-3")
    (root / "cohorts" / "mine" / "patients" / "case-3" / "nifti" / "labels.nii.gz").unlink()
    keep = ("brain*", "5", "pancreas")  # by VISTA-3D's numbers: 22, 5 and 4, of which 5 is there

    folder = filter_labels("mine", keep, missing="ignore", remap={"5": "6"})

    assert folder == root / "filtered-labels" / "mine"
    kept = pd.read_parquet(folder / "kept.parquet")
    assert kept["case_id"].tolist() == ["case-1", "case-2"]
    assert kept["new_label"].tolist() == [6, 6]
    output = folder / "case-1" / "labels.nii.gz"
    assert [each.id for each in measure_labels(output)] == [6]
    assert dictionary_for(output).dictionary.name_of(6) == "right kidney" == kept["name"][0]
    files = pd.read_csv(folder / "files.csv", keep_default_na=False)
    assert files["outcome"].tolist() == ["written", "written", "no label map"]

    assert "case-2" in artifact("kept-mine").data
    page = artifact("label-maps-mine").data
    assert page.count("data:image/png;base64,") == 2
    assert "https://scans.test/view?labels=filtered-labels%2Fmine%2Fcase-1%2F" in page
    assert "&image=cohorts%2Fmine%2Fpatients%2Fcase-1%2Fnifti%2FCT.nii.gz" in page
    assert len(page) < 100_000
    assert artifact("filtering-mine").data == 100.0

    before = output.stat().st_mtime_ns
    filter_labels(str(manifest), keep, missing="ignore", remap={"5": "6"})

    assert output.stat().st_mtime_ns == before
    assert "2 unchanged" in artifact("label-maps-mine").data


def test_ids_may_be_given_as_numbers(root):
    label_map(root / "one.nii.gz")

    numbers: dict[str, Any] = {"keep": (5, "7-11"), "remap": {5: 6}}

    folder = filter_labels("one.nii.gz", **numbers, pictures=False)

    assert pd.read_csv(folder / "kept.csv")["new_label"].tolist() == [6, 7, 11]


def test_what_a_file_lacks_is_refused_with_what_it_holds(root):
    label_map(root / "one.nii.gz")

    with pytest.raises(FilterFailedError, match=r"1 of 1 label maps failed.*'99'.*\(11\)"):
        filter_labels("one.nii.gz", ("99",))


def test_nobody_is_named_outside_the_data_folder(root):
    for name in ("Doe_Jane", "Roe_Richard"):
        label_map(root / "scans" / name / f"{name}.nii.gz")
    broken = root / "scans" / "Doe_Broken.nii.gz"
    broken.write_bytes(b"\x1f\x8bgarbage")

    state = filter_labels("scans", ("11",), output="kept-here", return_state=True)

    assert state.is_completed()
    assert (root / "kept-here" / "Doe_Jane" / "Doe_Jane.nii.gz").exists()
    said = anyio.run(everything_said, state.state_details.flow_run_id)
    assert "case-" in said
    assert "1 failed, 2 written" in said
    assert "Doe" not in said
    assert "Roe" not in said


def test_a_second_run_into_the_same_folder_is_refused(root):
    label_map(root / "scans" / "a.nii")
    with (
        outputs_in(root / "filtered-labels" / "scans"),
        pytest.raises(OutputsBusyError, match="another run"),
    ):
        filter_labels("scans", ("11",))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "say which labels to keep"),
        ({"keep": ("liver",)}, "give a label map"),
        ({"source": "nowhere", "keep": ("liver",)}, "no such file"),
        ({"source": "a.nii", "keep": ("5",), "dictionary": "mine"}, "neither one of vista3d"),
        ({"source": "a.nii", "keep": ("5",), "output": "."}, "holds other files"),
    ],
)
def test_wrong_parameters_are_refused(parameters, message, root):
    label_map(root / "a.nii")

    with pytest.raises(InputError, match=message):
        filter_labels(**parameters)


def test_outputs_can_be_a_source(root):
    label_map(root / "scans" / "a.nii")
    first = filter_labels("scans", ("11", "5"), pictures=False)

    second = filter_labels(str(first), ("5",), output="again", pictures=False)

    assert [each.id for each in measure_labels(second / "a.nii")] == [5]
    shutil.rmtree(first)
