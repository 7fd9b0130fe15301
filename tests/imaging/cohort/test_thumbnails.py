"""Contact sheets in markdown, bounded in size."""

import numpy as np
import pytest
from PIL import Image

from imaging.cohort import sheets_as_markdown


def sheet(folder, seed=0):
    folder.mkdir()
    noise = np.random.default_rng(seed).integers(0, 255, (900, 1400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "rois.png")
    return folder


def test_sheets_are_shown_by_case_as_long_as_they_fit(tmp_path):
    folders = [sheet(tmp_path / f"case-{number}", number) for number in range(6)]
    page = sheets_as_markdown(folders)

    assert page.index("case-0") < page.index("data:image/jpeg")
    assert len(page) < 90_000
    assert 1 <= page.count("![ROIs]") < 6


@pytest.mark.parametrize("made", [[], ["without"]])
def test_cases_without_a_sheet_are_passed_over(tmp_path, made):
    for name in made:
        (tmp_path / name).mkdir()

    assert sheets_as_markdown([tmp_path / name for name in made]) == ""
