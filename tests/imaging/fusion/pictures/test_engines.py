"""Every engine draws the same teeth at the same places, in their colours."""

import ast

import numpy as np
import pytest
from PIL import Image

from imaging.errors import InputError
from imaging.fusion.pictures import draw_views
from imaging.fusion.pictures.engines import ENGINES
from imaging.fusion.views import VIEWS, camera_for
from tests.imaging.fusion.glbs import write_case
from tests.imaging.fusion.pictures.looking import places_of
from tests.lacking import needed

_SIZE = (400, 300)
_DRAWERS = {engine.name: engine for engine in ENGINES if "OSMesa" not in engine.name}


@pytest.fixture(scope="module", params=_DRAWERS)
def drawn(request, tmp_path_factory):
    """The pictures of one engine, by name."""
    folder = tmp_path_factory.mktemp("case")
    case = write_case(folder)
    engine = _DRAWERS[request.param]
    try:
        written = draw_views(case, folder / "pictures", size=_SIZE, timeout_s=300, engines=[engine])
    except InputError as error:
        needed(None, f"{error}: python -m deployments.prepare installs what it needs")
    return {path.name: path for path in written}


def test_the_front_shows_the_patients_right_at_the_left(drawn):
    at = places_of(drawn["front.png"])

    assert set(at) == {"16", "26", "11", "46", "36", "41"}
    assert at["16"][0] < at["11"][0] < 200 < at["26"][0]
    assert at["46"][0] < at["41"][0] < 200 < at["36"][0]
    assert at["16"][1] < 150 < at["46"][1]
    assert at["16"][0] + at["26"][0] == pytest.approx(400, abs=6)


@pytest.mark.parametrize(
    ("side", "nearest", "hidden", "front_is_left"),
    [("right", ("16", "46"), ("26", "36"), False), ("left", ("26", "36"), ("16", "46"), True)],
)
def test_a_side_shows_its_own_teeth(drawn, side, nearest, hidden, front_is_left):
    at = places_of(drawn[f"{side}.png"])

    assert set(at) >= {*nearest, "11", "41"}
    for near, far in zip(nearest, hidden, strict=True):
        assert at.get(far, (0, 0, 0))[2] < at[near][2] / 5
    assert (at["11"][0] < at[nearest[0]][0] - 50) == front_is_left
    assert abs(at["11"][0] - at[nearest[0]][0]) > 50
    assert at[nearest[0]][1] < at[nearest[1]][1]


@pytest.mark.parametrize(
    ("view", "teeth", "front_is_up"),
    [("upper", ("16", "11", "26"), True), ("lower", ("46", "41", "36"), False)],
)
def test_an_arch_is_seen_alone_from_its_chewing_side(drawn, view, teeth, front_is_up):
    right, front, left = teeth
    at = places_of(drawn[f"{view}.png"])

    assert set(at) == {right, left, front}
    assert at[right][0] < at[front][0] < at[left][0]
    assert (at[front][1] < at[right][1] - 50) == front_is_up
    assert abs(at[front][1] - at[right][1]) > 50


def test_teeth_lie_where_the_camera_says(drawn):
    """The same numbers for all engines: here by hand, 16's middle in the picture of the front."""
    view = next(view for view in VIEWS if view.name == "front")
    # The box of all: balls reach from -28 to 28 and jaws to 22 mm above and below; the depth from
    # the back of a jaw (-15) to the front of the incisors (32).
    camera = camera_for(view, np.array([[-0.028, -0.022, -0.015], [0.028, 0.022, 0.032]]), 4 / 3)
    deep = camera.position[2] - -0.005  # 16 lies 5 mm behind the middle
    scale = 150 / (deep * 0.17632698)  # tan(10 deg)

    at = places_of(drawn["front.png"])

    assert at["16"][:2] == pytest.approx((200 - 0.022 * scale, 150 - 0.008 * scale), abs=4)


def test_pictures_are_small_and_of_the_asked_size(drawn):
    assert list(drawn) == [*(f"{view.name}.png" for view in VIEWS), "overview.png"]
    for path in list(drawn.values())[:-1]:
        with Image.open(path) as picture:
            assert (picture.format, picture.size) == ("PNG", _SIZE)
    assert drawn["overview.png"].stat().st_size <= 60_000


def test_jaws_around_teeth_are_translucent_and_the_ground_is_white(drawn):
    with Image.open(drawn["front.png"]) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    height, width, _ = pixels.shape

    assert (pixels[-3, 3] == 255).all()
    # The lower jaw's middle: neither white nor as dark as bone that is solid.
    bone = pixels[round(height * 0.83), width // 2]
    assert 150 < bone.min() < bone.max() < 250


def test_f3d_is_imported_before_anything_that_may_load_ssl():
    program = _DRAWERS["f3d"].script.read_text()
    tree = ast.walk(ast.parse(program))
    imported = [node for node in tree if isinstance(node, ast.Import | ast.ImportFrom)]

    assert all(isinstance(node, ast.Import) for node in imported)
    names = {name.name for node in imported for name in node.names}
    assert names == {"json", "signal", "sys", "f3d"}
