"""The eye is where a dentist expects it, and sees everything."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.fusion.views import VIEWS, camera_for

_BY_NAME = {view.name: view for view in VIEWS}
_PATIENT = {"left": (1, 0, 0), "up": (0, 1, 0), "front": (0, 0, 1)}  # glTF's axes


def seen(camera, points, aspect):
    """Project as OpenGL does: 1 is the right and the upper edge."""
    eye, focus, up = map(np.array, (camera.position, camera.focus, camera.up))
    toward = (focus - eye) / np.linalg.norm(focus - eye)
    right = np.cross(toward, up)
    from_eye = np.asarray(points, float) - eye
    deep = from_eye @ toward
    tangent = np.tan(np.radians(camera.angle_deg) / 2)
    return np.column_stack([from_eye @ right / aspect, from_eye @ up]) / deep[:, None] / tangent


@pytest.mark.parametrize(
    ("name", "at_right", "at_top", "nearest"),
    [
        ("front", "left", "up", "front"),
        ("right", "front", "up", "-left"),
        ("left", "-front", "up", "left"),
        ("upper", "left", "front", "-up"),
        ("lower", "left", "-front", "up"),
    ],
)
def test_the_patients_right_is_on_the_viewers_left(name, at_right, at_top, nearest):
    def side(called):
        sign = -1 if called.startswith("-") else 1
        return sign * np.array(_PATIENT[called.removeprefix("-")])

    view = _BY_NAME[name]
    camera = camera_for(view, np.array([[-1.0, -1, -1], [1, 1, 1]]), 1.0)
    place = seen(camera, [side(at_right), side(at_top)], 1.0)

    assert place[0, 0] > 0.3
    assert place[1, 1] > 0.3
    assert np.array(camera.position) @ side(nearest) > 1
    assert view.sides == {"right": ("Back", "Front"), "left": ("Front", "Back")}.get(
        name, ("R", "L")
    )


def test_the_views_are_those_that_dentists_photograph():
    assert set(_BY_NAME) == {"front", "right", "left", "upper", "lower"}
    assert {view.name for view in VIEWS if view.arch} == {"upper", "lower"}
    assert _BY_NAME["upper"].arch == "upper"
    assert _BY_NAME["lower"].arch == "lower"


_middles = st.tuples(*[st.floats(-1e3, 1e3)] * 3)
_sizes = st.tuples(*[st.floats(1e-3, 1e3)] * 3)


@given(st.sampled_from(VIEWS), _middles, _sizes, st.floats(0.3, 3))
def test_no_corner_is_cut_off_and_the_picture_is_filled(view, middle, size, aspect):
    bounds = np.array([np.subtract(middle, size), np.add(middle, size)])
    corners = np.array(np.meshgrid(*bounds.T)).reshape(3, -1).T

    places = abs(seen(camera_for(view, bounds, aspect), corners, aspect))

    assert places.max() <= 1
    assert places.max() > 0.8
