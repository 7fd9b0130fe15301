"""Slices that make a volume, and those that do not."""

import math
from dataclasses import replace

from imaging.cohort.geometry import judge_slices
from tests.imaging.cohort.rows import ct, slices


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
