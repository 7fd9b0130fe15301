import json

import pandas as pd
import pytest

from imaging.errors import InputError
from imaging.labels import NamedDictionary
from imaging.segmentations import (
    LabelMapFile,
    MeasuredFile,
    MeasuringFailedError,
    measure_file,
    summarise_volumes,
)
from tests.imaging.segmentations.files import LABELS, NAMES, label_map

NAMED = NamedDictionary(NAMES, "given")


def measured(tmp_path, count: int, *, broken: int = 0) -> list[MeasuredFile]:
    """Patients alike, but for the last, whose liver (11) lacks most of its voxels."""
    results = []
    for number in range(count):
        labels = LABELS.copy()
        if number == count - 1:
            labels[13:, 12:18, 12:18] = 0
        path = label_map(tmp_path / f"{number}.nii.gz", labels)
        if number < broken:
            path.write_bytes(b"garbage")
        file = LabelMapFile(f"case-{number}", path, path.relative_to(tmp_path))
        results.append(measure_file(file, NAMED, tmp_path / "out"))
    return results


def test_tables_and_plots_are_written(tmp_path):
    summary = summarise_volumes(measured(tmp_path, 10), tmp_path / "out", "mine")

    folder = tmp_path / "out"
    for name in ("volumes", "findings", "organs"):
        table, text = (
            pd.read_parquet(folder / f"{name}.parquet"),
            pd.read_csv(folder / f"{name}.csv"),
        )
        assert list(table) == list(text)
        assert len(table) == len(text) > 0
    assert pd.read_csv(folder / "failures.csv").empty
    assert (folder / "volumes.png").stat().st_size > 5000
    assert "case-9" in (folder / "volumes.html").read_text(encoding="utf-8")
    assert summary.check(0) == folder / "volumes.parquet"
    assert summary.in_words == ("10 label maps, 0 unchanged, 0 failed; 4 organs; findings: 1 small")


def test_outliers_come_first_in_the_table_then_failures_then_organs(tmp_path):
    summary = summarise_volumes(measured(tmp_path, 10, broken=1), tmp_path / "out", "mine")

    rows = summary.rows(400)

    assert [row["finding"] for row in rows] == ["small", "failed", *["all"] * 4]
    assert (rows[0]["case"], rows[0]["organ"]) == ("case-9", "liver")
    assert rows[0]["ratio"] == pytest.approx(1 / 6, rel=1e-3)
    assert rows[1]["case"] == "case-0"
    assert "NIfTI" in rows[1]["remark"]
    assert rows[1]["ml"] is None
    json.dumps(rows, allow_nan=False)
    assert len(summary.rows(2)) == 2


def test_a_page_has_the_plot_and_the_failures(tmp_path):
    summary = summarise_volumes(measured(tmp_path, 10, broken=2), tmp_path / "out", "mine")

    page = summary.page()

    assert page.count("data:image/png;base64,") == 1
    assert "- case-1: " in page
    assert len(page) < 100_000


def test_a_page_of_many_failures_stays_small(tmp_path):
    failed = [MeasuredFile(f"case-{number}", tmp_path, failure="x" * 900) for number in range(500)]

    summary = summarise_volumes(failed, tmp_path, "mine")

    assert "and 460 more" in summary.page()
    assert len(summary.page()) < 20_000
    assert len(json.dumps(summary.rows(400))) < 130_000


def test_one_broken_file_is_no_failure_of_the_run_unless_it_is_too_much(tmp_path):
    summary = summarise_volumes(measured(tmp_path, 4, broken=1), tmp_path / "out", "mine")

    assert summary.check(25) == tmp_path / "out" / "volumes.parquet"
    with pytest.raises(MeasuringFailedError, match="1 of 4 label maps could not be measured: "):
        summary.check(24)


def test_a_run_in_which_all_failed_fails(tmp_path):
    summary = summarise_volumes(measured(tmp_path, 2, broken=2), tmp_path / "out", "mine")

    with pytest.raises(MeasuringFailedError, match="2 of 2"):
        summary.check(100)
    assert len(pd.read_csv(tmp_path / "out" / "failures.csv")) == 2
    assert not (tmp_path / "out" / "volumes.parquet").exists()


def test_label_maps_without_labels_make_no_plot_and_no_error(tmp_path):
    path = label_map(tmp_path / "in.nii.gz", LABELS * 0)
    result = measure_file(LabelMapFile("case-1", path, path), NAMED, tmp_path / "out")

    summary = summarise_volumes([result], tmp_path / "out", "mine")

    assert summary.picture == ""
    assert pd.read_parquet(summary.check(0)).empty


def test_only_the_organs_asked_for_are_told_of(tmp_path):
    results = measured(tmp_path, 3)

    summary = summarise_volumes(results, tmp_path / "out", "mine", organs=["liver"])

    assert set(pd.read_parquet(summary.check(0))["organ"]) == {"liver"}
    with pytest.raises(InputError, match="brain"):
        summarise_volumes(results, tmp_path / "out", "mine", organs=["brain"])
