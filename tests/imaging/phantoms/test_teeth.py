import itertools

import numpy as np
import pytest
import trimesh

from imaging.phantoms.teeth import (
    PERMANENT,
    WITHOUT_TWO_WISDOM_TEETH,
    ToothPlace,
    arch_scan,
    dentition,
    jaw,
)


@pytest.fixture(scope="module", name="teeth")
def all_teeth():
    return dentition(320, teeth=PERMANENT)


def test_the_permanent_teeth_are_thirty_two_of_which_thirty_are_made():
    assert len(set(PERMANENT)) == 32
    assert set(PERMANENT) - set(dentition(20)) == {"18", "48"}
    assert tuple(dentition(20)) == WITHOUT_TWO_WISDOM_TEETH


def test_a_tooth_is_a_closed_surface_of_its_outside(teeth):
    for tooth in teeth.values():
        assert tooth.is_watertight
        assert tooth.volume > 200


def test_a_tooth_has_the_size_that_the_tables_give(teeth):
    for fdi, tooth in teeth.items():
        size = ToothPlace.of(fdi).size
        height = size.crown_mm + size.root_mm
        assert tooth.extents[2] == pytest.approx(height, rel=0.1)
        assert 4.9 <= tooth.extents[0] <= 12
        assert 4.9 <= tooth.extents[1] <= 12


@pytest.mark.parametrize(("faces", "made"), [(20, 20), (1000, 1280), (1280, 1280), (5000, 5120)])
def test_a_tooth_has_about_as_many_faces_as_asked_for(faces, made):
    assert len(dentition(faces, teeth=("46",))["46"].faces) == made


def test_teeth_stand_where_their_numbers_say(teeth):
    for fdi, tooth in teeth.items():
        x, _, z = tooth.centroid
        assert (z > 0) == (fdi[0] in "12")
        assert (x > 0) == (fdi[0] in "23")
    for quadrant in "1234":
        backwards = [teeth[f"{quadrant}{number}"].centroid[1] for number in range(1, 9)]
        assert backwards == sorted(backwards)


def test_the_two_sides_mirror_each_other(teeth):
    for right, left in (("1", "2"), ("4", "3")):
        for number in range(1, 9):
            mirrored = teeth[f"{right}{number}"].bounds[::-1, 0] * -1
            assert teeth[f"{left}{number}"].bounds[:, 0] == pytest.approx(mirrored, abs=0.2)


def test_neighbours_touch_but_do_not_stand_in_each_other():
    for quadrant in "1234":
        places = [ToothPlace.of(f"{quadrant}{number}") for number in range(1, 9)]
        for one, next_one in itertools.pairwise(places):
            apart = np.hypot(*np.subtract(one.neck_mm, next_one.neck_mm)[:2])
            widths = (one.size.mesiodistal_mm + next_one.size.mesiodistal_mm) / 2
            assert apart == pytest.approx(widths, rel=0.03)


def test_upper_and_lower_teeth_do_not_reach_across_the_bite(teeth):
    for fdi, tooth in teeth.items():
        low, high = tooth.bounds[:, 2]
        assert (low if fdi[0] in "12" else -high) > 0


def test_each_tooth_has_faces_in_an_order_of_its_own(teeth):
    seen = {tooth.faces.tobytes() for tooth in teeth.values()}

    assert len(seen) == len(teeth)


def test_the_same_teeth_come_out_again():
    first, again = dentition(80), dentition(80)

    for fdi, tooth in first.items():
        assert np.array_equal(tooth.vertices, again[fdi].vertices)
        assert np.array_equal(tooth.faces, again[fdi].faces)


def test_crown_and_root_are_the_parts_of_the_tooth(teeth):
    crowns, roots = (dentition(320, part=part) for part in ("crown", "root"))
    for fdi in WITHOUT_TWO_WISDOM_TEETH:
        neck = ToothPlace.of(fdi).neck_mm[2]
        towards_root = 1 if fdi[0] in "12" else -1
        assert ((roots[fdi].vertices[:, 2] - neck) * towards_root > -3.5).all()
        assert ((crowns[fdi].vertices[:, 2] - neck) * towards_root < 1e-6).all()
        assert crowns[fdi].area + roots[fdi].area == pytest.approx(teeth[fdi].area)


def test_a_part_has_no_vertex_without_a_face():
    for tooth in dentition(320, part="crown").values():
        assert set(np.unique(tooth.faces)) == set(range(len(tooth.vertices)))


@pytest.mark.parametrize("upper", [True, False])
def test_a_jaw_is_closed_and_lies_around_the_roots(upper, teeth):
    bone = jaw(upper)
    quadrants = "12" if upper else "34"
    roots = [tooth.centroid for fdi, tooth in teeth.items() if fdi[0] in quadrants]

    assert bone.is_watertight
    assert bone.volume > 5000
    assert (bone.bounds[0, 2] > 0) == upper
    assert (bone.bounds[0, :2] < np.min(roots, axis=0)[:2]).all()
    assert (bone.bounds[1, :2] > np.max(roots, axis=0)[:2]).all()


@pytest.mark.parametrize("upper", [True, False])
def test_a_scan_is_one_surface_of_crowns_and_gum_as_large_as_an_arch(upper):
    scan = arch_scan(upper, faces_per_tooth=80)

    assert isinstance(scan, trimesh.Trimesh)
    assert scan.body_count == (15 + 1)
    assert 60 < scan.extents[0] < 85
    assert 45 < scan.extents[1] < 70
    assert (scan.bounds[0, 2] > 0) == upper


def test_a_number_that_is_no_tooth_is_refused():
    with pytest.raises(KeyError):
        ToothPlace.of("19")
