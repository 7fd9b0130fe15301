"""What an earlier run left is never taken for an answer to this one."""

from pathlib import Path

import numpy as np
import pytest

from imaging.labels import NamedDictionary
from imaging.segmentations import (
    FilterFailedError,
    FilterRequest,
    FilterSummary,
    LabelMapFile,
    MeasuringFailedError,
    filter_file,
    measure_file,
    page_of,
    summarise_volumes,
)
from tests.imaging.labels.phantoms import write
from tests.imaging.segmentations.files import GOOD, NAMES, label_map, settings_of

NAMED = NamedDictionary(NAMES, "given")
LIVER = FilterRequest(("liver",), names=NAMED, has_pictures=False)
DRAWN = FilterRequest(("liver",), names=NAMED)


@pytest.fixture
def file(tmp_path: Path) -> LabelMapFile:
    return LabelMapFile("case-1", label_map(tmp_path / "in" / "Doe.nii.gz"), Path("Doe.nii.gz"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


def _case(folder: Path, number: int, *, there: bool) -> LabelMapFile:
    path = folder / "cohort" / f"case-{number}" / "labels.nii.gz"
    if there:
        label_map(path)
    relative = Path(f"case-{number}/labels.nii.gz")
    return LabelMapFile(f"case-{number}", path, relative, is_expected=False)


def _left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def _gone(file: LabelMapFile) -> None:
    file.path.unlink()


def _garbage(file: LabelMapFile) -> None:
    file.path.write_bytes(b"garbage")


def _bad_table(file: LabelMapFile) -> None:
    file.path.with_name("Doe.tsv").write_bytes(b"\xff")


@pytest.mark.parametrize("harm", [_gone, _garbage, _bad_table])
def test_a_file_that_fails_leaves_no_earlier_outputs(harm, file, folder):
    filter_file(file, FilterRequest(("11",)), folder)
    assert _left(folder) == ["Doe.json", "Doe.nii.gz", "Doe.png", "Doe.tsv"]
    harm(file)

    assert filter_file(file, FilterRequest(("11",)), folder).outcome == "failed"
    assert _left(folder) == []


def test_a_label_map_that_its_own_output_would_replace_is_not_removed(file):
    assert filter_file(file, LIVER, file.path.parent).outcome == "failed"
    assert file.path.exists()


def test_a_broken_table_beside_is_blamed_and_not_the_label_map(file, folder):
    _bad_table(file)

    failure = filter_file(file, FilterRequest(("11",)), folder).failure

    assert (
        failure
        == "the table of names beside the label map, .tsv, cannot be read: line 1: not UTF-8"
    )


def test_a_picture_that_could_not_be_drawn_is_drawn_the_next_time(file, folder, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("imaging.segmentations.filtering.label_picture", full)
        assert filter_file(file, DRAWN, folder).outcome == "written"
    assert "Doe.png" not in _left(folder)
    before = (folder / "Doe.nii.gz").stat().st_mtime_ns

    assert filter_file(file, DRAWN, folder).outcome == "unchanged"

    assert "Doe.png" in _left(folder)
    assert (folder / "Doe.nii.gz").stat().st_mtime_ns == before
    drawn = (folder / "Doe.png").stat().st_mtime_ns
    assert filter_file(file, DRAWN, folder).outcome == "unchanged"
    assert (folder / "Doe.png").stat().st_mtime_ns == drawn


@pytest.mark.parametrize("values", [np.arange(-1024, 2976), np.arange(-101, 50), np.arange(3999)])
def test_a_ct_is_no_label_map_for_filter_or_summary(values, folder, tmp_path):
    values = np.resize(values, (20, 10, 20)).astype("<i2")
    ct = write(tmp_path / "CT.nii.gz", GOOD.but(stored=values).content())
    file = LabelMapFile("case-1", ct, Path("CT.nii.gz"))

    filtered = filter_file(file, LIVER, folder)
    measured = measure_file(file, NAMED, folder)

    assert filtered.failure == measured.failure
    assert "labels: an image, not a label map; choose files by a pattern" in measured.failure
    assert _left(folder) == []


@pytest.mark.parametrize("labels", [1400, 1600])
def test_an_atlas_of_many_labels_is_one_over_all_its_volumes(labels, folder, tmp_path):
    values = np.zeros((20, 10, 20, 2), dtype="<i2")
    values.reshape(-1)[:labels] = np.arange(1, labels + 1)
    path = write(tmp_path / "a.nii.gz", GOOD.but(stored=values).content())
    file = LabelMapFile("case-1", path, Path("a.nii.gz"))

    failures = [filter_file(file, LIVER, folder).failure, measure_file(file, NAMED, folder).failure]

    assert [bool(failure) for failure in failures] == [labels > 1500] * 2


def test_cases_without_a_label_map_are_no_failures_of_the_filter(folder, tmp_path):
    files = [_case(tmp_path, number, there=number == 1) for number in (1, 2, 3)]
    results = tuple(filter_file(file, LIVER, folder) for file in files)
    summary = FilterSummary(results, folder, "mine")

    summary.write()
    summary.check(max_failed_percent=0)

    assert summary.in_words == "1 label maps: 1 written; cases without one: 2"
    outcomes = [line.split(",")[2] for line in summary.files_table.read_text().splitlines()]
    assert outcomes == ["outcome", "written", "no label map", "no label map"]
    assert [row["name"] for row in summary.rows(9)] == ["liver", "no label map", "no label map"]
    page = page_of(summary, settings_of(tmp_path))
    assert "## No label map\n\n- case-2\n- case-3\n" in page
    assert "## Failed" not in page
    assert page.count("/view?") == 1


def test_a_case_whose_label_map_is_gone_keeps_no_outputs(folder, tmp_path):
    file = _case(tmp_path, 1, there=True)
    filter_file(file, LIVER, folder)
    measured = measure_file(file, NAMED, folder)
    assert measured.record.exists()
    file.path.unlink()

    assert filter_file(file, LIVER, folder).outcome == "no label map"
    assert not measure_file(file, NAMED, folder).has_file
    assert _left(folder) == []


def test_a_run_fails_where_no_case_has_a_label_map(folder, tmp_path):
    files = [_case(tmp_path, number, there=False) for number in (1, 2)]
    filtered = FilterSummary(tuple(filter_file(f, LIVER, folder) for f in files), folder, "mine")
    measured = summarise_volumes([measure_file(f, NAMED, folder) for f in files], folder, "mine")

    with pytest.raises(FilterFailedError, match="none of the 2 cases has a label map"):
        filtered.check(max_failed_percent=100)
    with pytest.raises(MeasuringFailedError, match="none of the 2 cases has a label map"):
        measured.check(max_failed_percent=100)


def test_cases_without_a_label_map_are_no_failures_of_the_summary(folder, tmp_path):
    files = [_case(tmp_path, number, there=number == 1) for number in (1, 2)]

    results = [measure_file(each, NAMED, folder) for each in files]
    summary = summarise_volumes(results, folder, "mine")

    assert summary.check(max_failed_percent=0).exists()
    assert summary.in_words.startswith("1 label maps, 0 unchanged, 0 failed; cases without one: 1")
    assert "## No label map\n\n- case-2" in summary.page()
    assert (folder / "failures.csv").read_text() == "case_id,reason\n"


def test_where_all_fail_no_table_or_plot_of_an_earlier_run_is_left(file, folder):
    summarise_volumes([measure_file(file, NAMED, folder)], folder, "mine")
    assert {"volumes.parquet", "organs.csv", "volumes.png", "volumes.html"} <= {*_left(folder)}
    _garbage(file)

    summary = summarise_volumes([measure_file(file, NAMED, folder)], folder, "mine")

    assert summary.judged is None
    assert _left(folder) == ["failures.csv"]
