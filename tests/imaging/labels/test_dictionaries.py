import dataclasses
from pathlib import Path

import numpy as np
import pytest

from imaging.dicom.deidentify.tg263 import follows_tg263
from imaging.errors import InputError
from imaging.labels import dictionaries
from imaging.labels.dictionaries import (
    Label,
    color_of,
    described,
    dictionary_of,
    known,
    read_dictionary,
)
from imaging.labels.dictionaries.groups import groups_of

SHIPPED = ("vista3d", "totalsegmentator")


@pytest.mark.parametrize(("name", "count"), [("vista3d", 132), ("totalsegmentator", 117)])
def test_every_class_of_a_model_has_a_name(name, count):
    dictionary = known(name)

    assert [label.id for label in dictionary] == list(range(1, count + 1))
    assert len({label.name for label in dictionary}) == count


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (
            "vista3d",
            {1: "liver", 2: "kidney", 20: "lung", 21: "bone", 22: "brain", 33: "vertebrae L5"}
            | {56: "vertebrae C1", 63: "left rib 1", 86: "right rib 12", 96: "right hip"}
            | {115: "heart", 121: "spinal cord", 129: "kidney mass", 132: "airway"},
        ),
        (
            "totalsegmentator",
            {1: "spleen", 2: "kidney_right", 5: "liver", 14: "lung_lower_lobe_right"}
            | {26: "vertebrae_S1", 50: "vertebrae_C1", 51: "heart", 52: "aorta", 79: "spinal_cord"}
            | {91: "skull", 92: "rib_left_1", 115: "rib_right_12", 117: "costal_cartilages"},
        ),
    ],
)
def test_ids_mean_what_the_model_means_by_them(name, facts):
    assert {label_id: known(name).name_of(label_id) for label_id in facts} == facts


@pytest.mark.parametrize("name", SHIPPED)
def test_what_a_shipped_table_says_more_follows_from_its_ids_and_names(name):
    for label in known(name):
        assert label.color == color_of(label.id)
        assert label.groups == groups_of(label.name)
        assert label.mapping == (4 if "bones" in label.groups else label.mapping)
        assert not label.abbreviation or follows_tg263(label.abbreviation)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_two_labels_of_a_model_share_a_colour_or_an_abbreviation(name):
    labels = list(known(name))
    abbreviations = [label.abbreviation for label in labels if label.abbreviation]

    assert len({label.color for label in labels}) == len(labels)
    assert len(set(abbreviations)) == len(abbreviations)


def test_a_shipped_dictionary_is_a_file_of_the_package_like_any_other():
    tables = Path(dictionaries.__file__).parent / "tables"

    assert read_dictionary(tables / "vista3d_dseg.tsv") == known("vista3d")


def test_a_model_that_is_not_known_is_refused_with_those_that_are():
    with pytest.raises(InputError, match="vista3d, totalsegmentator"):
        known("vista4d")


def test_both_models_call_a_structure_by_one_abbreviation():
    vista, total = ({label.abbreviation for label in known(name)} for name in SHIPPED)

    assert {"Kidney_L", "A_Aorta", "Rib07_R", "VB_T12", "Lung_RML", "SpinalCord"} <= vista & total


def test_a_dictionary_is_sorted_by_id_and_never_changed():
    liver, spleen = described(5, "liver"), described(-1, "spleen")
    dictionary = dictionary_of([liver, spleen])

    assert list(dictionary) == [spleen, liver]
    assert dictionary == dictionary_of([spleen, liver])
    assert hash(dictionary) == hash(dictionary_of([spleen, liver]))
    for value, field in ((dictionary, "labels"), (liver, "name")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field, "spleen")


def test_an_id_gives_its_label_and_an_unknown_id_its_number():
    dictionary = dictionary_of([described(5, "liver")])

    assert 5 in dictionary
    assert np.uint8(5) in dictionary
    assert dictionary.get(6) is None
    assert [dictionary.name_of(label_id) for label_id in (5, 6)] == ["liver", "6"]


def test_only_the_labels_of_an_image_are_left():
    present = known("vista3d").only({1, 63, 4000})

    assert [label.name for label in present] == ["liver", "left rib 1"]


def test_two_labels_of_one_id_are_refused():
    with pytest.raises(InputError, match="two labels have the id 5"):
        dictionary_of([described(5, "liver"), described(5, "spleen")])


@pytest.mark.parametrize(
    "name", ["", " liver", "n/a", "li\tver", "li\nver", "liv\udce9r", "\x1b[2J"]
)
def test_a_name_that_no_table_can_hold_is_refused(name):
    with pytest.raises(InputError, match="label 1"):
        described(1, name)


@pytest.mark.parametrize(
    "label",
    [
        {"id": 0},
        {"id": 2**64},
        {"id": -(2**63) - 1},
        {"color": (0, 0, 256)},
        {"color": (-1, 0, 0)},
        {"groups": ("a,b",)},
        {"groups": ("",)},
        {"abbreviation": "a\tb"},
    ],
)
def test_a_label_that_cannot_be_is_refused(label):
    good = described(1, "liver")

    with pytest.raises(InputError):
        dataclasses.replace(good, **label)


def test_colours_of_neighbouring_ids_are_far_apart():
    def distance(first: int, second: int) -> int:
        pairs = zip(color_of(first), color_of(second), strict=True)
        return sum(abs(one - other) for one, other in pairs)

    assert min(distance(number, number + 1) for number in range(1, 400)) >= 150
    assert color_of(7) == color_of(7)


@pytest.mark.parametrize(
    ("name", "groups"),
    [
        ("rib_left_4", ("bones", "left", "ribs")),
        ("Rib04_L", ("bones", "left", "ribs")),
        ("vertebrae L5", ("bones", "lumbar vertebrae", "vertebrae")),
        ("VB_T05", ("bones", "thoracic vertebrae", "vertebrae")),
        ("VB_L", ("bones", "lumbar vertebrae", "vertebrae")),
        ("vertebrae", ("bones", "vertebrae")),
        ("right lung middle lobe", ("lungs", "right")),
        ("lung tumor", ("lesions",)),
        ("kidney_cyst_left", ("cysts", "left")),
        ("left iliac vena", ("left", "veins", "vessels")),
        ("gluteus_minimus_right", ("muscles", "right")),
        ("costal_cartilages", ()),
        ("liver", ()),
        ("left-right shunt", ()),
        ("???", ()),
    ],
)
def test_a_name_tells_the_groups_of_its_structure(name, groups):
    assert groups_of(name) == groups


def test_a_label_is_made_of_its_id_and_name():
    assert described(3, "femur_left") == Label(
        3, "femur_left", "", color_of(3), None, ("bones", "left", "long bones")
    )
