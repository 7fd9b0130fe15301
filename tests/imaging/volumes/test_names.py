import pytest

from imaging.volumes.names import file_names, plain_name


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Lung_L", "Lung_L"),
        ("CTV 50/25", "CTV_50_25"),
        ("Lungs-GTV+5mm.v2", "Lungs-GTV+5mm.v2"),
        ("Ösophagus", "Osophagus"),
        ("Hautstraße", "Hautstrasse"),
        ("Foie gauche é", "Foie_gauche_e"),
        ("Bjørn", "Bjorn"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (".hidden", "hidden"),
        ('a\\b:c*d?e"f<g>h|i\tj\nk', "a_b_c_d_e_f_g_h_i_j_k"),
        ("con", "_con"),
        ("NUL.old", "_NUL.old"),
        ("lpt1", "_lpt1"),
        ("Console", "Console"),
        ("肺", ""),
        (" ", ""),
        ("///", ""),
        ("x" * 300, "x" * 100),
    ],
)
def test_a_name_becomes_one_that_every_system_can_hold(name, plain):
    assert plain_name(name) == plain


def test_names_without_letters_go_by_their_number():
    assert file_names({4: "肺", 12: ""}) == {4: "ROI_4", 12: "ROI_12"}


def test_equal_names_are_numbered_in_the_order_of_roi_numbers_whatever_their_case():
    names = {9: "ptv", 2: "PTV", 5: "PTV ", 6: "P/TV", 7: "P?TV"}

    assert file_names(names) == {2: "PTV", 5: "PTV_2", 6: "P_TV", 7: "P_TV_2", 9: "ptv_3"}


def test_a_number_that_is_taken_is_left_out():
    assert file_names({1: "A", 2: "A_2", 3: "a"}) == {1: "A", 2: "A_2", 3: "a_3"}


def test_long_names_that_become_equal_stay_short_and_different():
    names = file_names({number: "x" * 99 + "yz"[number % 2] + "tail" for number in range(4)})

    assert len(set(names.values())) == 4
    assert max(map(len, names.values())) <= 100
