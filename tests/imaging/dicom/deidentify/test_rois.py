import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.dicom.deidentify.keyed import Keyed
from imaging.dicom.deidentify.rois import new_roi_name

bounded = settings(derandomize=True, max_examples=200, deadline=None, database=None)
KEYED = Keyed("a key for tests only, of 32 bytes and more")
OTHER = Keyed("another key for tests, of 32 bytes and more")


@pytest.mark.parametrize("name", ["Lung_L", "PTV_5040", "lung l", "Lungs-GTV"])
def test_a_standard_name_stays_as_it_is_written(name):
    assert new_roi_name(name, KEYED, []) == name


def test_any_other_name_becomes_roi_and_eight_characters():
    for name in ("PTV_Mueller", "Lunge li", "Heart Johnson", "肺", "Lung_L^Mueller"):
        assert re.fullmatch("ROI_[0-9A-Z]{8}", new_roi_name(name, KEYED, []))


@pytest.mark.parametrize("kept", [["Lunge_*"], ["PTV", "lunge li"], ["*"]])
def test_a_name_that_was_asked_for_stays(kept):
    assert new_roi_name("Lunge li", KEYED, kept) == "Lunge li"


@pytest.mark.parametrize("kept", [["Lunge"], [""], ["Lung_?"]])
def test_a_pattern_keeps_no_other_name(kept):
    assert new_roi_name("Lunge li", KEYED, kept).startswith("ROI_")


@pytest.mark.parametrize("name", ["", " ", "\t"])
def test_no_name_stays_no_name(name):
    assert new_roi_name(name, KEYED, ["*"]) == ""


@pytest.mark.parametrize("name", ["ptv mueller", "PTV_MUELLER", "  PTV   Mueller "])
def test_one_name_gets_one_replacement_however_it_is_typed(name):
    assert new_roi_name(name, KEYED, []) == new_roi_name("PTV_Mueller", KEYED, [])


def test_another_name_or_key_gets_another_replacement():
    replacement = new_roi_name("PTV_Mueller", KEYED, [])

    assert new_roi_name("PTV_Muller", KEYED, []) != replacement
    assert new_roi_name("PTV_Mueller", OTHER, []) != replacement


@bounded
@given(st.text(st.characters(), max_size=64))
def test_any_name_is_kept_or_replaced(name):
    new = new_roi_name(name, KEYED, ["Kept*"])

    assert new in {name, ""} or re.fullmatch("ROI_[0-9A-Z]{8}", new)
