import pytest

from imaging import rt
from imaging.cohort import CohortSpecification
from imaging.dicom import name_key, name_matches


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Lung_L", "lung l"),
        (" Lung  L ", "LUNG_L"),
        ("Lung_L", "  Lung_? "),
        ("PTV 60", "ptv_*"),
        ("PTV[60]", "PTV[60]"),
        ("PTV[60] cropped", "ptv[60]*"),
        ("PTV[1]*", "ptv[1]*"),
        ("Lung_R", "lung_[lr]"),
        ("[", "["),
    ],
)
def test_a_pattern_means_a_name_in_cohorts_as_in_dvhs(name, pattern):
    assert name_matches(name, pattern)
    assert CohortSpecification(wanted_rois=["absent", pattern]).wants_roi([name])


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("Lungs-GTV", "Lungs"), ("Lung_L", "Lung_R"), ("Lung_LL", "Lung_?"), ("PTV", " "), ("", "?")],
)
def test_a_pattern_does_not_mean_another_name(name, pattern):
    assert not name_matches(name, pattern)
    assert not CohortSpecification(wanted_rois=[pattern]).wants_roi([name])


def test_there_is_one_key_of_names():
    assert rt.name_key is name_key
