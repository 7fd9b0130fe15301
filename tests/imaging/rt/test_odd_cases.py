import warnings
from pathlib import Path

import numpy as np
import pytest

from imaging.errors import DicomError, InputError
from imaging.rt import dvhs_of_files
from tests.imaging.rt.odd_cases import as_markdown, sections

PAGE = Path(__file__).parents[3] / "docs" / "dvh-odd-cases.md"
CASES = [
    pytest.param(case, id=f"{title}: {case.what}")
    for title, cases in sections().items()
    for case in cases
]


def calculated(case, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of what is odd
        files = case.write(folder)
    with np.errstate(all="raise", under="ignore"):
        (dvh,) = dvhs_of_files(**files, **case.options)
    return dvh


def check_curve(dvh, case):
    expected = case.expected
    gy = {"abs": case.within_gy}
    assert dvh.dosed_cc == pytest.approx(expected.volume_cc, rel=1e-4)
    assert dvh.mean_gy == pytest.approx(expected.mean_gy, **gy)
    assert dvh.min_gy == pytest.approx(expected.min_gy, **gy)
    assert dvh.max_gy == pytest.approx(expected.max_gy, **gy)
    width_gy = expected.max_gy - expected.min_gy
    for percent in (95, 50, 5):
        found_gy = dvh.dose_at_cc(percent / 100 * dvh.dosed_cc)
        assert found_gy == pytest.approx(
            expected.dose_at_volume(percent), abs=case.within_gy + 0.005 * width_gy
        )


@pytest.mark.parametrize("case", CASES)
def test_an_odd_case_gets_what_the_page_says(case, tmp_path):
    if case.refusal:
        with pytest.raises((DicomError, InputError)) as refusal:
            calculated(case, tmp_path)
        assert case.refusal in str(refusal.value)
        return
    dvh = calculated(case, tmp_path)

    assert sorted(dvh.flags) == sorted(case.flags)
    assert (dvh.outside_cc or 0) == pytest.approx(case.outside_cc, rel=1e-4, abs=1e-9)
    if case.is_empty:
        assert dvh.is_empty
    else:
        check_curve(dvh, case)


def test_the_page_is_the_table():
    assert PAGE.read_text() == as_markdown()
