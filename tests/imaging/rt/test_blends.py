"""Outlines between two planes, and the planes that are put between contours."""

import math

import numpy as np
import pytest
import shapely

from imaging.phantoms.outlines import circle
from imaging.rt.exact.blends import blended, distances
from imaging.rt.exact.region import Region
from imaging.rt.exact.shapes import shaped
from imaging.rt.exact.slabs import slabs_of

PIXEL_MM = np.ones(2)


def planes_between(below, above, *shares, pixel_mm=PIXEL_MM):
    blend = blended(below, above, pixel_mm, np.array(shares))
    assert blend is not None
    return blend.planes


def ring_area(rings):
    """The area that polygons enclose by their directions."""
    return sum(
        float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) / 2 for x, y in (r.T for r in rings)
    )


def test_an_island_in_a_hole_is_inside():
    below, above = ([circle(20, 1), circle(12, 1)[::-1], circle(r, 1)] for r in (5, 7))

    (plane,) = planes_between(below, above, 0.25)

    assert len(plane) == 3
    assert ring_area(plane) == pytest.approx(math.pi * (400 - 144 + 5.5**2), rel=2e-3)


def test_what_has_no_counterpart_stays_as_drawn_up_to_half_way():
    trunk, branch = circle(9, 0.3), circle(6, 0.3) + np.array([20.0, 0.0])

    near, far = planes_between([trunk, branch], [trunk], 0.4, 0.6)

    assert ring_area(near) == pytest.approx(math.pi * (9**2 + 6**2), rel=1e-3)
    assert ring_area(far) == pytest.approx(math.pi * 9**2, rel=1e-3)


def test_equal_outlines_have_that_outline_between_them():
    ring = circle(15, 0.5)

    planes = planes_between([ring], [np.roll(ring, 7, axis=0)], 0.2, 0.8)

    for (outline,) in planes:
        assert ring_area([outline]) == pytest.approx(math.pi * 15**2, rel=1e-3)
        assert np.abs(np.hypot(*outline.T) - 15).max() < 0.02


def test_what_a_crossing_outline_encloses_twice_is_outside():
    corners = 20 * np.exp(2j * math.pi * np.array([0, 2, 4, 1, 3]) / 5)
    star = np.column_stack([corners.real, corners.imag])

    (plane,) = planes_between([star], [star], 0.25)

    true_area = shapely.make_valid(shapely.Polygon(star)).area
    assert ring_area(plane) == pytest.approx(true_area, rel=0.01)


def test_there_is_nothing_between_points():
    point = np.full((3, 2), 2.5)

    assert blended([point], [point], PIXEL_MM, np.array([0.25])) is None
    assert blended([], [circle(5, 1)], PIXEL_MM, np.array([0.25])) is None


def test_pixels_that_are_not_square_do_not_matter():
    pixel_mm = np.array([1.0, 2.5])
    below, above = ([circle(r, 0.3) / pixel_mm] for r in (16, 8))

    ((outline,),) = planes_between(below, above, 0.25, pixel_mm=pixel_mm)

    assert np.hypot(*(outline * pixel_mm).T) == pytest.approx(14, abs=0.02)


def region_of_circles(heights_mm, radii_mm):
    planes = [[circle(radius, 0.5)] for radius in radii_mm]
    return Region(np.array(heights_mm), planes, planes, np.zeros(len(planes), np.bool_))


def test_contours_stay_in_their_planes_and_slabs_leave_no_gap():
    heights_mm = [0.0, 2.5, 5.0, 12.0, 30.0, 32.5]  # one is missing; then another part starts
    region = region_of_circles(heights_mm, [9, 10, 11, 12, 8, 7])
    slabs = slabs_of(region.height_mm, "half", 1.0)

    found = shaped(region, slabs, (1.0, 1.0))

    at = np.searchsorted(found.region.height_mm, heights_mm)
    assert found.region.height_mm[at] == pytest.approx(heights_mm)
    assert all(found.region.planes[i] is old for i, old in zip(at, region.planes, strict=True))
    assert np.diff(found.region.height_mm).min() > 0
    inner = ~found.slabs.starts_part
    assert np.array_equal(found.slabs.lower_mm[1:][inner[1:]], found.slabs.upper_mm[:-1][inner[1:]])
    found_mm, expected_mm = (each.upper_mm - each.lower_mm for each in (found.slabs, slabs))
    assert found_mm.min() > 0
    assert found_mm.sum() == pytest.approx(expected_mm.sum())
    assert found.slabs.flags == slabs.flags
    starts = found.slabs.starts_part
    assert np.array_equal(found.slabs.height_mm[starts], slabs.height_mm[slabs.starts_part])


def test_planes_are_a_millimetre_apart_and_never_too_many():
    region = region_of_circles([0.0, 5.0, 45.0], [9, 10, 11])
    slabs = slabs_of(region.height_mm, "half", 1.0)
    joined = shaped(region, slabs, (1.0, 1.0)).region.height_mm

    assert np.diff(joined[joined <= 5]).max() <= 1
    assert joined.size <= 3 + 2 * 8


def test_distances_are_those_to_the_nearest_edge():
    rng = np.random.default_rng(5)
    rings = [rng.uniform(0, 10, (7, 2)), rng.uniform(5, 12, (3, 2))]
    points = rng.uniform(-3, 15, (200, 2))
    at_x, at_y = np.ascontiguousarray(points.T)
    x, y = np.ascontiguousarray(np.concatenate(rings).T)

    found = distances(at_x, at_y, x, y, np.array([0, 7, 10]))

    lines = shapely.MultiLineString([np.vstack([ring, ring[:1]]) for ring in rings])
    assert found == pytest.approx(shapely.distance(shapely.points(points), lines), abs=1e-12)
