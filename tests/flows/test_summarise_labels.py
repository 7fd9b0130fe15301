"""Volumes of organs over a cohort and a folder, through the flow."""

from pathlib import Path

import anyio
import pandas as pd
import pytest

from flows.summarise_labels import summarise_labels
from imaging.errors import InputError
from imaging.labels.dictionaries import known
from imaging.segmentations import MeasuringFailedError, OutputsBusyError, outputs_in
from imaging.settings import settings
from tests.flows.said import everything_said
from tests.flows.shown import artifact
from tests.imaging.segmentations.files import LABELS, cohort, label_map


@pytest.fixture
def root(place) -> Path:
    place()
    return settings().data_root


def test_a_cohort_gets_tables_and_a_plot_and_a_rerun_measures_what_changed(root):
    cases = [f"case-{number}" for number in range(10)]
    cohort(root / "cohorts" / "mine", *cases)
    maps = [root / "cohorts/mine/patients" / case / "nifti/labels.nii.gz" for case in cases]
    smaller = LABELS.copy()
    smaller[5:9, 4:9, 5:12] = 0  # two of six slices of the liver, number 5, are left
    label_map(maps[9], smaller)
    maps[8].write_bytes(b"garbage")

    table = summarise_labels("mine", dictionary="totalsegmentator")

    folder = root / "label-volumes" / "mine"
    assert table == folder / "volumes.parquet"
    volumes = pd.read_parquet(table)
    assert set(volumes["case_id"]) == set(cases) - {"case-8"}
    assert set(volumes["organ"]) == {known("totalsegmentator").name_of(n) for n in (1, 5, 7, 11)}
    assert pd.read_csv(folder / "failures.csv")["case_id"].tolist() == ["case-8"]
    findings = pd.read_csv(folder / "findings.csv")
    assert findings[["case_id", "organ", "finding"]].to_numpy().tolist() == [
        ["case-9", "liver", "small"]
    ]
    assert findings["ratio"].tolist() == pytest.approx([1 / 3], rel=1e-5)

    shown = artifact("volumes-mine").data
    assert shown.index("case-9") < shown.index("case-8")
    page = artifact("organs-mine").data
    assert page.count("data:image/png;base64,") == 1
    assert "- case-8: " in page
    assert len(page) < 100_000
    assert artifact("measuring-mine").data == 100.0

    label_map(maps[8])
    records = folder / "cases"
    before = {path.name: path.stat().st_mtime_ns for path in records.iterdir()}
    summarise_labels("mine", dictionary="totalsegmentator", organs=("liver",))

    after = {path.name: path.stat().st_mtime_ns for path in records.iterdir()}
    assert after.items() - before.items() == {("case-8.json", after["case-8.json"])}
    volumes = pd.read_parquet(table)
    assert set(volumes["organ"]) == {"liver"}
    assert "9 unchanged" in artifact("organs-mine").data


def test_nobody_is_named_outside_the_data_folder(root):
    for name in ("Doe_Jane", "Roe_Richard"):
        label_map(root / "scans" / name / f"{name}.nii.gz")
    (root / "scans" / "Doe_Broken.nii.gz").write_bytes(b"garbage")

    state = summarise_labels("scans", output="sizes", return_state=True)

    assert state.is_completed()
    volumes = pd.read_parquet(root / "sizes" / "volumes.parquet")
    assert volumes["case_id"].str.startswith("case-").all()
    said = anyio.run(everything_said, state.state_details.flow_run_id)
    assert "3 label maps, 0 unchanged, 1 failed" in said
    assert "Doe" not in said
    assert "Roe" not in said


def test_a_run_in_which_nothing_can_be_measured_fails(root):
    (root / "scans").mkdir(parents=True)
    (root / "scans" / "a.nii").write_bytes(b"garbage")

    with pytest.raises(MeasuringFailedError, match="1 of 1 label maps could not be measured"):
        summarise_labels("scans")


def test_a_second_run_into_the_same_folder_is_refused(root):
    label_map(root / "scans" / "a.nii")
    with (
        outputs_in(root / "label-volumes" / "scans"),
        pytest.raises(OutputsBusyError, match="another run"),
    ):
        summarise_labels("scans")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({}, "give a label map"),
        ({"source": "a.nii", "dictionary": "mine"}, "neither one of vista3d"),
        ({"source": "a.nii", "organs": ("brain stem",)}, "brain stem"),
    ],
)
def test_wrong_parameters_are_refused(parameters, message, root):
    label_map(root / "a.nii")

    with pytest.raises(InputError, match=message):
        summarise_labels(**parameters)
