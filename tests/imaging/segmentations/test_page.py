"""What a filter's run shows and leaves: tables, a page of pictures, links, and when it fails."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from imaging.labels import NamedDictionary
from imaging.segmentations import (
    FilterFailedError,
    FilterRequest,
    FilterResult,
    FilterSummary,
    LabelMapFile,
    filter_file,
    page_of,
)
from imaging.segmentations.outgoing import KeptLabel
from imaging.segmentations.page import viewer_link
from tests.imaging.segmentations.files import NAMES, label_map, settings_of

REQUEST = FilterRequest(("liver", "ribs"), names=NamedDictionary(NAMES, "given"))
LIVER = KeptLabel(11, "liver", 3, "liver", 216, 0.205632)
FAR = LabelMapFile("case-far", Path("/nowhere/Doe.nii"), Path("Doe.nii"))


def _file(number: int, *, named_by_us: bool = True) -> LabelMapFile:
    relative = Path(f"case-{number}/labels.nii")
    return LabelMapFile(f"case-{number}", FAR.path, relative, is_named_by_us=named_by_us)


def _summary(folder, *results) -> FilterSummary:
    return FilterSummary(results, folder, "mine")


@pytest.fixture
def mixed(tmp_path) -> FilterSummary:
    return _summary(
        tmp_path / "out",
        FilterResult(_file(1), (LIVER, replace(LIVER, label=7, ml=None)), ("heart",), "given"),
        FilterResult(_file(2), (), ("liver",), "embedded", reused=True),
        FilterResult(_file(3), failure="The gzip stream is cut off"),
    )


def test_tables_hold_every_label_and_every_file(mixed):
    path = mixed.write()

    kept = pd.read_parquet(path)
    assert kept["case_id"].tolist() == ["case-1", "case-1"]
    assert kept["new_label"].tolist() == [3, 3]
    assert kept["ml"].tolist()[0] == pytest.approx(0.205632)
    assert kept["ml"].isna().tolist() == [False, True]
    assert pd.read_csv(path.with_suffix(".csv")).columns.tolist() == kept.columns.tolist()
    files = pd.read_csv(mixed.files_table, keep_default_na=False)
    assert files["outcome"].tolist() == ["written", "unchanged, empty", "failed"]
    assert files["absent"].tolist() == ["heart", "liver", ""]
    assert files["reason"].tolist()[2] == "The gzip stream is cut off"


def test_a_run_that_kept_nothing_has_tables_too(tmp_path):
    summary = _summary(tmp_path, FilterResult(_file(1), failure="why"))

    assert pd.read_parquet(summary.write()).empty
    assert len(pd.read_csv(summary.files_table)) == 1


def test_the_table_that_is_shown_has_a_row_for_files_of_which_nothing_is_left(mixed):
    rows = mixed.rows(400)

    assert [row["name"] for row in rows] == [
        "liver",
        "liver",
        "empty: nothing that was asked for is there",
        "The gzip stream is cut off",
    ]
    assert (rows[0]["was"], rows[0]["ml"], rows[1]["ml"]) == ("11 liver", 0.21, None)
    assert len({tuple(row) for row in rows}) == 1
    json.dumps(rows, allow_nan=False)
    assert len(mixed.rows(2)) == 2


def test_the_page_counts_and_names_cases_only(mixed, tmp_path):
    page = page_of(mixed, settings_of(tmp_path))

    assert "3 label maps: 1 failed, 1 unchanged, empty, 1 written." in page
    assert "- case-3: The gzip stream is cut off" in page
    assert "- case-1: heart" in page
    assert "Doe" not in page


@pytest.mark.parametrize(
    ("failed", "total", "percent", "is_refused"),
    [(0, 1, 0, False), (1, 1, 100, True), (1, 2, 50, False), (1, 2, 49, True), (2, 3, 50, True)],
)
def test_a_run_fails_when_too_much_of_it_did(failed, total, percent, is_refused, tmp_path):
    results = [
        FilterResult(_file(number), failure="why" if number < failed else "")
        for number in range(total)
    ]
    summary = _summary(tmp_path, *results)

    if not is_refused:
        summary.check(percent)
        return
    with pytest.raises(FilterFailedError, match=rf"{failed} of {total} label maps.*why"):
        summary.check(percent)


def test_links_lead_to_the_gateways_viewer_percent_encoded(tmp_path):
    image = tmp_path / "cohorts" / "a & b" / "CT.nii.gz"
    result = FilterResult(replace(_file(1), image=image), (LIVER,))

    link = viewer_link(result, tmp_path / "out", settings_of(tmp_path))

    assert link == (
        "https://scans.test/view?labels=out%2Fcase-1%2Flabels.nii"
        "&image=cohorts%2Fa%20%26%20b%2FCT.nii.gz"
    )


def test_there_is_no_link_that_names_a_patient_or_leads_nowhere(tmp_path):
    settings = settings_of(tmp_path)
    own = FilterResult(_file(1, named_by_us=False), (LIVER,))

    assert viewer_link(own, tmp_path, settings) == ""
    assert viewer_link(own, tmp_path, settings_of(tmp_path, show_patient_ids=True))
    result = FilterResult(_file(1), (LIVER,))
    assert viewer_link(result, tmp_path / ".." / "out", settings) == ""
    assert viewer_link(result, tmp_path, settings.model_copy(update={"gateway_url": ""})) == ""


def test_a_page_of_many_is_bounded_and_shows_some_pictures(tmp_path):
    source = label_map(tmp_path / "in.nii.gz")
    drawn = [LabelMapFile(f"case-{n}", source, Path(f"case-{n}/a.nii.gz")) for n in range(12)]
    results = [filter_file(file, REQUEST, tmp_path / "out") for file in drawn]
    results += [FilterResult(_file(n), failure="x" * 5000) for n in range(300)]
    results += [FilterResult(_file(n), (LIVER,), ("y" * 5000,)) for n in range(300, 600)]

    page = page_of(_summary(tmp_path / "out", *results), settings_of(tmp_path))

    assert 2 < page.count("data:image/png;base64,") < 12
    assert "- and 260 more" in page
    assert len(page.encode()) < 100_000
