import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.phantoms import Cone, Cylinder, Solid, Sphere
from imaging.phantoms.solids import Axis, span_mm
from tests.imaging.phantoms.geometry import area_mm2

CENTRE = (3.0, -6.0, 6.0)
SOLIDS: dict[str, Solid] = {
    "sphere": Sphere(CENTRE, 12),
    "cylinder": Cylinder(CENTRE, 10, 30),
    "cylinder lying": Cylinder(CENTRE, 12, 30, "AP"),
    "cone": Cone(CENTRE, 14, 24),
    "cone lying": Cone(CENTRE, 12, 30, "AP"),
}
VOLUMES = {
    "sphere": 4 / 3 * math.pi * 12**3,
    "cylinder": math.pi * 10**2 * 30,
    "cylinder lying": math.pi * 12**2 * 30,
    "cone": math.pi * 14**2 * 24 / 3,
    "cone lying": math.pi * 12**2 * 30 / 3,
}
AXES: tuple[Axis, ...] = ("LR", "AP", "SI")

each_solid = pytest.mark.parametrize("name", SOLIDS)
each_axis = pytest.mark.parametrize("axis", AXES)


@each_solid
@each_axis
def test_the_whole_solid_lies_beyond_its_first_coordinate(name, axis):
    first_mm, last_mm = span_mm(SOLIDS[name], axis, 0.0)

    beyond = SOLIDS[name].volume_beyond([first_mm, last_mm], axis, 0.0)

    assert beyond == pytest.approx([VOLUMES[name], 0.0], rel=1e-12, abs=1e-9)


@each_solid
@each_axis
def test_the_volume_beyond_a_plane_is_the_share_of_random_points_beyond_it(name, axis):
    solid = SOLIDS[name]
    half = np.array([solid.half_mm(each) for each in AXES])
    points = CENTRE + np.random.default_rng(1).uniform(-half, half, (400_000, 3))
    inside = points[solid.contains(*points.T)][:, AXES.index(axis)]
    planes = np.linspace(*span_mm(solid, axis, 0.0), 9)

    beyond = solid.volume_beyond(planes, axis, 0.0)

    box_mm3 = float(np.prod(2 * half))
    counted = (inside[:, None] > planes).sum(0) / len(points) * box_mm3
    assert beyond == pytest.approx(counted, abs=4 * 0.5 * box_mm3 / math.sqrt(len(points)))


def test_a_plane_halfway_up_a_radius_cuts_five_thirty_seconds_off_a_ball():
    ball = Sphere((0.0, 0.0, 0.0), 10)

    beyond = float(ball.volume_beyond(5.0, "AP", 3.0))

    assert beyond == pytest.approx(4 / 3 * math.pi * 1000 * 5 / 32, rel=1e-12)


def test_a_plane_halfway_up_a_cone_leaves_an_eighth_at_the_tip():
    cone = Cone((0.0, 0.0, 0.0), 9, 20, "AP")

    beyond = float(cone.volume_beyond(0.0, "AP", 3.0))

    assert beyond == pytest.approx(math.pi * 81 * 20 / 3 * 7 / 8, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "base_mm2"), [("cylinder", 200 * math.pi), ("cone", 196 * math.pi)]
)
@each_axis
def test_flat_ends_reach_half_a_spacing_further(name, base_mm2, axis):
    whole = float(SOLIDS[name].volume_beyond(-1000, axis, 3.0))

    assert whole == pytest.approx(VOLUMES[name] + 1.5 * base_mm2, rel=1e-12)


@pytest.mark.parametrize("name", ["sphere", "cylinder lying", "cone lying"])
@each_axis
def test_ends_without_area_add_no_volume(name, axis):
    assert float(SOLIDS[name].volume_beyond(-1000, axis, 3.0)) == pytest.approx(VOLUMES[name])


@each_solid
def test_only_along_si_is_the_span_extended(name):
    solid = SOLIDS[name]

    spans = {axis: np.subtract(*span_mm(solid, axis, 3.0)[::-1]) for axis in AXES}

    assert spans["SI"] == 2 * solid.half_mm("SI") + 3
    assert spans["AP"] == 2 * solid.half_mm("AP")


@each_solid
def test_contours_stand_on_every_plane_from_end_to_end(name):
    heights = [z for z, _ in SOLIDS[name].contours(2.0)]

    half = SOLIDS[name].half_mm("SI")
    assert heights == pytest.approx(np.arange(6 - half, 6 + half + 1, 2.0))


@each_solid
def test_points_are_no_further_apart_than_asked_and_none_is_repeated(name):
    for step_mm in (0.2, 2.0):
        for _, points in SOLIDS[name].contours(3.0, step_mm):
            gaps = np.hypot(*(np.roll(points, -1, axis=0) - points).T)
            assert gaps.min() > 1e-4
            assert gaps.max() <= step_mm * 1.01


@each_solid
@pytest.mark.parametrize("step_mm", [0.2, 2.0])
def test_the_contours_areas_add_up_to_the_volume(name, step_mm):
    solid = SOLIDS[name]

    slabs = [area_mm2(points) * 0.5 for _, points in solid.contours(0.5, step_mm)]

    assert sum(slabs) == pytest.approx(float(solid.volume_beyond(-1000, "SI", 0.5)), rel=4e-3)


@each_solid
def test_a_contour_is_the_outline_of_the_points_contained(name):
    solid = SOLIDS[name]
    side = np.arange(-25, 25, 0.1) + 0.05
    z_mm, points = solid.contours(3.0)[3]

    inside = solid.contains(side[None, :], side[:, None], np.array([[z_mm]]))

    assert area_mm2(points) == pytest.approx(inside.sum() * 0.01, rel=0.02)
    rows, columns = (side[inside.any(other)] for other in (1, 0))
    assert points.min(0) == pytest.approx([columns[0], rows[0]], abs=0.15)
    assert points.max(0) == pytest.approx([columns[-1], rows[-1]], abs=0.15)


def test_an_end_without_a_contour_is_refused():
    with pytest.raises(ValueError, match="whole number"):
        Sphere(CENTRE, 10).contours(3.0)


standing_or_lying = st.builds(
    lambda kind, radius, height, axis: kind((0.0, 0.0, 0.0), radius, height, axis),
    st.sampled_from([Cone, Cylinder]),
    st.floats(1, 200),
    st.floats(1, 400),
    st.sampled_from(["SI", "AP"]),
)


@settings(deadline=None)  # a busy machine is no fault of the mathematics
@given(standing_or_lying, st.sampled_from(AXES), st.floats(0, 10))
def test_the_volume_beyond_never_grows_and_its_mean_is_the_centroid(solid, axis, spacing):
    planes = np.linspace(*span_mm(solid, axis, spacing), 4001)

    beyond = solid.volume_beyond(planes, axis, spacing)

    assert np.all(np.diff(beyond) <= 1e-9 * beyond[0])
    mean_mm = planes[0] + np.trapezoid(beyond, planes) / beyond[0]
    extent_mm = planes[-1] - planes[0]
    assert solid.centroid_mm(axis, spacing) == pytest.approx(mean_mm, abs=1e-4 * extent_mm)
