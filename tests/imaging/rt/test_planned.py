import numpy as np
import pytest
from pydicom import Dataset, dcmread

from imaging.errors import InputError
from imaging.rt.planned.stored import PlannedDvh, planned_dvhs
from tests.imaging.rt.planned_items import STAIRS, dose_with, item, only


def test_a_cumulative_dvh_counts_at_the_lower_edges_of_its_bins():
    curve = only(item(STAIRS))

    assert curve.dose_gy.tolist() == [0, 5, 10, 15, 20]
    assert curve.percent.tolist() == [100, 100, 100, 50, 0]
    assert (curve.volume_cc, curve.bin_gy, curve.notes) == (40, 5, ())
    assert curve.mean_gy == pytest.approx(15)
    assert curve.dose_at_volume(95) == pytest.approx(10.5)


@pytest.mark.parametrize(("place", "d50_gy"), [("lower", 15), ("centre", 17.5), ("upper", 20)])
def test_the_reader_says_where_in_a_bin_a_volume_counts(place, d50_gy):
    curve = only(item(STAIRS), volumes_at=place)

    assert curve.dose_at_volume(50) == pytest.approx(d50_gy)
    assert (curve.dose_gy[0], curve.percent[0], curve.percent[-1]) == (0, 100, 0)


@pytest.mark.parametrize(
    "made",
    [
        item([(5, 0), (5, 0), (5, 20), (5, 20)], DVHType="DIFFERENTIAL"),
        item([(500, 40), (500, 40), (500, 40), (500, 20), (500, 0)], DVHDoseScaling="0.01"),
        item([*STAIRS, (5, 0), (5, 0), (5, -1e-12), (5, 0)]),
        item(STAIRS[:4]),
        item([(0, 40), (5, 40), (5, 40), (5, 20), (5, 0)]),
        item([(0, 40), (5, 40), (10, 40), (15, 20), (20, 0)]),
        item([(10, 40), (5, 40), (5, 20), (5, 0)]),
        item([(2.5, 40), (2.5, 40), *STAIRS[1:]], DoseUnits=""),
    ],
    ids=["binned", "scaled", "zeros", "cut", "zero-first", "doses", "wide-first", "half-first"],
)
def test_the_same_curve_is_read_from_every_way_of_writing_it(made):
    dose = dose_with(made)
    dose.DoseUnits = "GY"

    (curve,) = planned_dvhs(dose).curves

    at = np.array([0, 5, 10, 12.5, 15, 19, 20])
    assert np.interp(at, *curve.curve) == pytest.approx([100, 100, 100, 75, 50, 10, 0])
    assert curve.volume_cc == pytest.approx(40)


def test_rounding_may_lift_a_curve_a_little():
    curve = only(item([(5, 40), (5, 40.03), (5, 40), (5, 20), (5, 1e-9), (5, 0)]))

    assert curve.percent.tolist() == [100, 100, 100, 50, 0]


def test_the_last_of_bins_given_by_their_doses_is_as_wide_as_the_one_before():
    curve = only(item([(1, 40), (5, 40), (10, 40), (16, 8)]))

    assert (curve.dose_gy[-1], curve.bin_gy) == (22, 6)


def test_volumes_in_percent_have_no_total():
    curve = only(item([(5, 80), (5, 80), (5, 40)], DVHVolumeUnits="PERCENT"))

    assert curve.volume_cc is None
    assert curve.percent.tolist() == [100, 100, 50, 0]
    assert "80 %" in curve.notes[0]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (item(STAIRS, DVHType="NATURAL"), "type is NATURAL"),
        (item(STAIRS, DoseUnits="RELATIVE"), "unit of dose is RELATIVE"),
        (item(STAIRS, DVHVolumeUnits="PER_U"), "unit of volume is PER_U"),
        (item(STAIRS, DVHVolumeUnits=None), "unit of volume is missing"),
        (item(STAIRS, DVHReferencedROISequence=[]), "of no ROI"),
        (item([(5, 0), (5, 0)]), "no volume"),
        (item([(5, 10), (5, 20), (5, 5)]), "not cumulative"),
        (item([(5, 10), (5, 10.02), (5, 5)]), "not cumulative"),
        (item([(5, 10), (5, 5), (5, -0.02)]), "not cumulative"),
        (item([(5, 10), (-5, 5)]), "negative"),
        (item([]), "no data"),
        (item(STAIRS, DVHDoseScaling="-1"), "scaled by -1"),
        (item(STAIRS, DVHReferencedROISequence=[Dataset()]), "AttributeError"),
    ],
)
def test_what_cannot_be_used_is_left_out_with_its_reason(made, reason):
    planned = planned_dvhs(dose_with(made, item(STAIRS, 2)))

    assert [curve.roi_number for curve in planned.curves] == [2]
    assert len(planned.left_out) == 1
    assert reason in planned.left_out[0]


def test_of_several_dvhs_of_one_roi_the_first_cumulative_one_counts():
    bins = item([(5, 10), (5, 10)], DVHType="DIFFERENTIAL")

    planned = planned_dvhs(dose_with(bins, item(STAIRS), item(STAIRS, 2), item(STAIRS)))

    assert [(curve.roi_number, curve.volume_cc) for curve in planned.curves] == [(1, 40), (2, 40)]
    assert planned.left_out == (
        "DVH 1: DVH 2 is of ROI 1 too",
        "DVH 4: DVH 2 is of ROI 1 too",
    )


def test_a_dvh_of_two_rois_or_of_all_but_one_is_left_out():
    both, without = item(STAIRS), item(STAIRS)
    both.DVHReferencedROISequence = [*both.DVHReferencedROISequence, Dataset()]
    without.DVHReferencedROISequence[0].DVHROIContributionType = "EXCLUDED"

    planned = planned_dvhs(dose_with(both, without))

    assert planned.curves == ()
    assert len(planned.left_out) == 2


@pytest.mark.parametrize(
    ("tags", "wrong"),
    [
        ({"DVHMinimumDose": 10, "DVHMaximumDose": 20, "DVHMeanDose": 15}, []),
        ({"DVHMinimumDose": 71, "DVHMaximumDose": 143, "DVHMeanDose": 107}, ["Minimum", "Mean"]),
        ({"DVHMaximumDose": 2}, ["Maximum"]),
    ],
)
def test_tags_that_contradict_the_curve_are_noted_and_not_used(tags, wrong):
    fine = [(0.5, cc) for cc in np.interp(np.arange(0, 20, 0.5), [10, 20], [40, 0])]

    curve = only(item(fine, **tags))

    assert bool(curve.notes) == bool(wrong)
    assert all(f"DVH{name}Dose" in curve.notes[0] for name in wrong)
    assert curve.mean_gy == pytest.approx(15)


def test_the_phantoms_dvhs_are_read_from_the_file(rt_files):
    planned = planned_dvhs(dcmread(rt_files.rtdose))

    assert planned.structure_set_uid == str(dcmread(rt_files.rtstruct).SOPInstanceUID)
    truth = rt_files.patient.truth("PTV")
    assert planned.curves[0].volume_cc == pytest.approx(truth.cc_at_dose(0), rel=1e-5)
    assert len(planned.curves) == len(rt_files.patient.roi_names)
    assert planned_dvhs(Dataset()).curves == ()


def test_a_curve_that_is_none_costs_no_other_its_place():
    endless = item([(1e200, 40), (1e200, 20)], 2, DVHDoseScaling=1e200)

    with np.errstate(all="ignore"):
        found = planned_dvhs(dose_with(item(STAIRS), endless))

    assert [curve.roi_number for curve in found.curves] == [1]
    assert "DVH 2: DVH of ROI 2: the curve holds values that are not finite" in found.left_out
    with pytest.raises(InputError, match="not cumulative"):
        PlannedDvh(1, np.array([0.0, 1.0]), np.array([50.0, 100.0]), None, 1.0)
