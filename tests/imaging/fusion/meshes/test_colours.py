"""Colours: fixed by what a mesh is, told apart from its neighbours, and seen on white."""

import colorsys
import itertools

import numpy as np
import pytest
from skimage.color import rgb2lab

from imaging.fusion.meshes import colour_of

PERMANENT = [f"{quadrant}{position}" for quadrant in (1, 2, 3, 4) for position in range(1, 9)]
MILK = [f"{quadrant}{position}" for quadrant in (5, 6, 7, 8) for position in range(1, 6)]
TISSUES = ["mandible", "maxilla", "gum", "nerve", "sinus"]


def lab(name, group=""):
    """CIELAB, in which a distance of 2.3 is just seen."""
    red, green, blue, _ = colour_of(name, group)
    return rgb2lab(np.array([[[red, green, blue]]]) / 255)[0, 0]


def distance(one, other):
    return float(np.linalg.norm(lab(one) - lab(other)))


def contrast_on_white(name):
    """By WCAG 2: 1 is none, 21 is black."""
    share = np.array(colour_of(name)[:3]) / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return 1.05 / (float(light @ [0.2126, 0.7152, 0.0722]) + 0.05)


def arches(teeth):
    """The upper and the lower row, from right to left of the patient."""
    by_quadrant = [
        [name for name in teeth if name[0] == quadrant]
        for quadrant in sorted({name[0] for name in teeth})
    ]
    upper_right, upper_left, lower_left, lower_right = by_quadrant
    return [upper_right[::-1] + upper_left, lower_right[::-1] + lower_left]


@pytest.mark.parametrize("teeth", [PERMANENT, MILK], ids=["permanent", "milk"])
def test_neighbours_differ(teeth):
    rows = arches(teeth)
    for row in rows:
        for one, other in itertools.pairwise(row):
            assert distance(one, other) > 19, (one, other)
    for upper, lower in zip(*rows, strict=True):
        assert distance(upper, lower) > 19, (upper, lower)


def test_a_milk_tooth_differs_from_its_permanent_neighbours():
    for quadrant in range(4):
        for position in range(1, 6):
            milk = f"{quadrant + 5}{position}"
            for other in (position, position + 1):
                assert distance(milk, f"{quadrant + 1}{other}") > 10, milk


def test_the_same_tooth_looks_alike_in_all_quadrants():
    for position in range(1, 9):
        hues = []
        for quadrant in (1, 2, 3, 4):
            red, green, blue, _ = colour_of(f"{quadrant}{position}")
            hues.append(360 * colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)[0])
        spread = max(min(abs(a - b), 360 - abs(a - b)) for a in hues for b in hues)
        assert spread < 20, position


@pytest.mark.parametrize("name", [*PERMANENT, *MILK, *TISSUES, "something", "else"])
def test_each_colour_is_opaque_and_seen_on_white(name):
    assert colour_of(name)[3] == 255
    assert contrast_on_white(name) > 1.5


def test_bones_look_like_no_tooth():
    for tissue, tooth in itertools.product(TISSUES, PERMANENT):
        assert distance(tissue, tooth) > 10, (tissue, tooth)
    for one, other in itertools.combinations(TISSUES, 2):
        assert distance(one, other) > 8, (one, other)


@pytest.mark.parametrize(
    ("name", "group", "as_tissue"),
    [
        ("part-1", "upper", "maxilla"),
        ("11", "upper", "maxilla"),
        ("part-1", "cbct_lower_jaw", "mandible"),
        ("Mandible", "fusion", "mandible"),
        ("mandibular_canal", "lower", "nerve"),
        ("maxillary sinus", "", "sinus"),
        ("gum", "upper", "gum"),
        ("upper_jaw", "fusion", "maxilla"),
    ],
)
def test_tissues_are_known_by_their_names_or_their_group(name, group, as_tissue):
    assert colour_of(name, group) == colour_of(as_tissue)


def test_spelling_and_order_change_nothing():
    assert colour_of("11") == colour_of("tooth_11", "fusion") == colour_of("T11", "root")
    assert colour_of("11") == (203, 70, 68, 255)
    assert colour_of("implant") == colour_of("implant") != colour_of("implants")
