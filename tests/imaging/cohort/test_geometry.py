"""Slices that make a volume, and those that do not."""

import math
from dataclasses import replace

import pytest

from imaging.cohort import ImageRules
from imaging.cohort.geometry import judge_slices
from imaging.volumes import FindingKind
from tests.imaging.cohort.rows import AXIAL, ct, slices
from tests.imaging.volumes.series import kinds, made, numbered, series, written


def codes(rows):
    return [decision.code for decision in judge_slices(ct(instances=rows))]


def test_even_slices_are_nothing_to_tell_of_in_any_order():
    assert codes(slices(count=9)) == []
    assert codes(slices(count=9)[::-1]) == []


def test_a_single_slice_is_nothing_to_tell_of():
    assert codes(slices(count=1)) == []


def test_rounded_positions_are_even():
    rows = [replace(r, position_mm=(0, 0, round(i * 10 / 3, 2))) for i, r in enumerate(slices())]

    assert codes(rows) == []


def test_missing_slices_are_counted():
    rows = slices(count=10)
    (decision,) = judge_slices(ct(instances=[*rows[:3], *rows[6:]]))

    assert decision.code == "II_REV_007"
    assert decision.evidence == {"spacing_mm": 3.0, "largest_gap_mm": 12.0, "missing": 3}


def test_doubled_positions_are_counted():
    rows = slices()
    (decision,) = judge_slices(ct(instances=[*rows, replace(rows[2], sop_instance_uid="again")]))

    assert decision.code == "II_REV_008"
    assert decision.evidence["at_a_taken_position"] == 1


@pytest.mark.parametrize(("degrees", "is_noticed"), [(0.02, False), (1.0, True), (2.5, True)])
def test_a_small_tilt_is_noticed_once_it_moves_slices_sideways(degrees, is_noticed):
    angle = math.radians(degrees)
    tilted = (1.0, 0.0, 0.0, 0.0, math.cos(angle), math.sin(angle))
    rows = [replace(row, orientation=tilted) for row in slices(count=60)]

    assert codes(rows) == (["II_REV_009"] if is_noticed else [])


@pytest.mark.parametrize(
    ("kept", "fill", "code"),
    [
        ((0, 1, 2, 4, 5), 1, "II_SUCC_003"),
        ((0, 1, 2, 5, 6), 1, "II_REV_007"),
        ((0, 1, 2, 5, 6), 2, "II_SUCC_003"),
        ((0, 1, 2, 4, 5), 0, "II_REV_007"),
    ],
)
def test_missing_slices_may_be_filled_up_to_the_limit_in_a_row(kept, fill, code):
    rows = [slices(count=9)[i] for i in kept]
    (decision,) = judge_slices(ct(instances=rows), ImageRules(fill_missing_slices=fill))

    assert decision.code == code


def test_uneven_spacing_is_no_missing_slice_and_is_not_filled():
    rows = [
        replace(r, position_mm=(0, 0, z)) for r, z in zip(slices(), (0, 3, 6, 10, 13), strict=True)
    ]
    (decision,) = judge_slices(ct(instances=rows), ImageRules(fill_missing_slices=5))

    assert decision.code == "II_REV_007"


def test_a_spacing_that_drifts_bit_by_bit_is_uneven():
    rows = [
        replace(row, position_mm=(0, 0, 2 * i + 0.0002 * (i - 24) ** 2))
        for i, row in enumerate(slices(count=48))
    ]

    assert codes(rows) == ["II_REV_007"]


def test_one_slice_moved_sideways_is_noticed():
    rows = list(slices(count=9))
    rows[4] = replace(rows[4], position_mm=(1.0, 0.0, 12.0))
    (decision,) = judge_slices(ct(instances=rows))

    assert decision.code == "II_REV_009"
    assert decision.evidence == {"tilt_degrees": 0.0, "largest_shift_mm": 1.0}


LISTED = {
    "even": lambda i: (0, 0, 3 * i),
    "drifting": lambda i: (0, 0, 3 * i + 0.0012 * i**2),
    "rounded": lambda i: (0, 0, round(10 * i / 3, 1)),
    "nearly doubled": lambda i: (0, 0, 3 * i - 2.8 * (i == 5)),
    "sideways": lambda i: (0.3 * (i == 4), 0, 3 * i),
    "tilted": lambda i: (0, 0.05 * i, 3 * i),
    "one missing": lambda i: (0, 0, 3 * i + 3 * (i > 4)),
    "uneven": lambda i: (0, 0, 3 * i + 0.7 * (i > 4)),
}


@pytest.mark.parametrize("name", LISTED)
def test_the_listing_finds_fault_where_the_files_make_no_volume(name, tmp_path):
    places_mm = [tuple(float(mm) for mm in LISTED[name](i)) for i in range(20)]
    rows = [replace(r, position_mm=p) for r, p in zip(slices(count=20), places_mm, strict=True)]

    def place(image, index):
        image.ImagePositionPatient = list(places_mm[index])

    images = series(numbered(20, 6, 7), change=place)
    is_volume = FindingKind.IMAGE_WRITTEN in kinds(made(tmp_path, written(images, tmp_path)))

    assert is_volume is (codes(rows) == [])


@pytest.mark.parametrize(
    "orientation", [(0.0,) * 6, (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), (math.nan, *AXIAL[1:])]
)
def test_directions_that_are_none_are_as_good_as_not_stated(orientation):
    assert codes([replace(row, orientation=orientation) for row in slices()]) == ["II_REV_010"]


@pytest.mark.parametrize("far_mm", [1e9, 1e300])
def test_a_position_that_is_nonsense_is_uneven(far_mm):
    rows = list(slices(count=9))
    rows[8] = replace(rows[8], position_mm=(0.0, 0.0, far_mm))

    assert codes(rows) == ["II_REV_007"]


def test_slices_of_different_size_are_named():
    rows = [replace(row, matrix=(512, 512)) for row in slices()]
    rows[2] = replace(rows[2], matrix=(256, 512))
    (decision,) = judge_slices(ct(instances=rows))

    assert decision.code == "II_REV_011"
    assert decision.evidence == {"rows_x_columns": ["256 x 512", "512 x 512"]}


def test_a_gantry_tilt_is_measured():
    angle = math.radians(15)
    tilted = (1.0, 0.0, 0.0, 0.0, math.cos(angle), math.sin(angle))
    (decision, *_) = judge_slices(
        ct(instances=[replace(row, orientation=tilted) for row in slices()])
    )

    assert decision.code == "II_REV_009"
    assert decision.evidence == {"tilt_degrees": 15.0}


def test_oblique_slices_stacked_along_their_normal_are_even():
    normal = (0.0, -math.sin(0.3), math.cos(0.3))
    oblique = (1.0, 0.0, 0.0, 0.0, math.cos(0.3), math.sin(0.3))
    rows = [
        replace(row, orientation=oblique, position_mm=tuple(3 * i * n for n in normal))
        for i, row in enumerate(slices())
    ]

    assert codes(rows) == []


def test_mixed_orientations_are_told():
    rows = slices()
    sagittal = replace(rows[0], orientation=(0.0, 1.0, 0.0, 0.0, 0.0, -1.0))

    assert codes([sagittal, *rows[1:]]) == ["II_REV_009"]


def test_slices_without_positions_are_told():
    assert codes([replace(row, position_mm=()) for row in slices()]) == ["II_REV_010"]
