import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.errors import InputError
from imaging.labels.dictionaries import described, dictionary_of, known

TOTAL = known("totalsegmentator")


@pytest.mark.parametrize(
    "text", ["aorrta", "?rta", "all", "left liver", "kid", "ribs 13", "(right)x", "***rib***x"]
)
def test_an_unknown_name_finds_nothing_and_is_refused(text):
    assert TOTAL.find(text) == ()
    with pytest.raises(InputError, match="no label is called"):
        TOTAL.resolve(["liver", text])


def test_a_refusal_names_all_that_is_unknown_and_what_there_is_the_most_alike_first():
    present = TOTAL.only({1, 5, 52, 53, 92})

    with pytest.raises(InputError) as caught:
        present.resolve(["aorrta", "liver", "splen"])

    assert str(caught.value) == (
        "no label is called 'aorrta' or 'splen'; "
        "there are aorta (52), spleen (1), liver (5), pulmonary_vein (53), rib_left_1 (92); "
        "groups are arteries, bones, left, ribs, veins, vessels"
    )


def test_a_refusal_lists_at_most_two_hundred_labels():
    many = dictionary_of([described(number, f"parcel {number}") for number in range(1, 301)])

    with pytest.raises(InputError, match=r"and 100 more$"):
        many.resolve(["liver"])


def test_a_dictionary_without_labels_still_takes_ids():
    empty = dictionary_of([])

    assert empty.resolve([7]) == (7,)
    with pytest.raises(InputError, match="no names at all"):
        empty.resolve(["liver"])


def test_a_name_of_two_labels_is_refused_with_their_ids():
    twice = dictionary_of([described(1, "Left kidney"), described(2, "Kidney_L")])

    assert twice.resolve(["Kidney_L"]) == (2,)
    with pytest.raises(InputError, match="labels 1, 2"):
        twice.resolve(["kidney left"])


@pytest.mark.parametrize(
    "keep",
    [
        [True],
        [1.5],
        [2**64],
        [str(-(2**63) - 1)],
        [None],
        [b"liver"],
        [""],
        ["  "],
        ["x" * 201],
        "52",
    ],
)
def test_what_is_no_list_of_ids_and_names_is_refused(keep):
    with pytest.raises(InputError):
        TOTAL.resolve(keep)


@pytest.mark.parametrize("text", ["", "x" * 201, "*" * 201])
def test_a_text_that_is_too_short_or_too_long_for_a_name_is_not_even_looked_for(text):
    with pytest.raises(InputError, match="1 to 200 characters"):
        TOTAL.find(text)


@given(st.text(max_size=30) | st.text("*?[]!-_ lr5ribs()", max_size=20))
def test_any_text_is_found_unknown_or_refused(text):
    try:
        found = TOTAL.find(text)
    except InputError:
        return
    assert all(isinstance(label_id, int) for label_id in found)
