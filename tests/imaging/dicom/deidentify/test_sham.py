import re
from hashlib import sha256

import pytest
from pydicom.valuerep import PersonName

from imaging.dicom.deidentify.keyed import Keyed
from imaging.dicom.deidentify.sham import sham_name
from imaging.dicom.deidentify.sham_names import FEMALE, MALE, NEUTRAL, SURNAMES

KEY = "a key for tests only, of 32 bytes and more"
LISTS = {"F": FEMALE, "M": MALE, "O": NEUTRAL}


def digests(count):
    return [sha256(str(number).encode()).digest() for number in range(count)]


@pytest.mark.parametrize("sex", ["F", "M", "O", "", " f ", "weiblich", "女"])
def test_a_sham_name_is_surname_given_name_and_mark(sex):
    for digest in digests(300):
        name = sham_name(digest, sex)
        surname, given, mark = name.split("^")
        assert surname in SURNAMES
        assert given in LISTS.get(sex.strip().upper(), NEUTRAL)
        assert re.fullmatch("[0-9A-HJKMNP-TV-Z]{4}", mark)
        assert name.isascii()
        assert len(name) <= 64
        assert PersonName(name).given_name == given


def test_the_same_digest_gets_the_same_name():
    first, second = digests(2)

    assert sham_name(first, "F") == sham_name(first, "F")
    assert sham_name(first, "F") != sham_name(second, "F")


def test_a_sham_name_does_not_change_from_release_to_release():
    assert sham_name(bytes(range(32)), "F") == "Bramble^Livia^89AB"


def test_sex_changes_the_given_name_only():
    for digest in digests(50):
        woman, man = sham_name(digest, "F").split("^"), sham_name(digest, "M").split("^")
        assert (woman[0], woman[2]) == (man[0], man[2])
        assert woman[1] != man[1]


def test_patients_of_a_large_hospital_have_names_of_their_own():
    names = [sham_name(digest, "") for digest in digests(20_000)]

    assert len(set(names)) == len(names)
    assert len({name.split("^")[2] for name in names}) > 19_000


def test_every_name_of_a_list_is_used():
    used = [sham_name(digest, "F").split("^") for digest in digests(5_000)]

    assert {surname for surname, _, _ in used} == set(SURNAMES)
    assert {given for _, given, _ in used} == set(FEMALE)


def test_marks_have_the_signs_of_every_other_pseudonym():
    of_marks = {sign for digest in digests(500) for sign in sham_name(digest, "")[-4:]}
    of_keyed = set("".join(Keyed(KEY).text("sign", str(number), 32) for number in range(100)))

    assert of_marks == of_keyed


@pytest.mark.parametrize(
    ("names", "least"), [(SURNAMES, 128), (FEMALE, 64), (MALE, 64), (NEUTRAL, 64)]
)
def test_lists_are_long_and_without_twins(names, least):
    assert len(set(names)) == len(names) >= least
    assert all(re.fullmatch("[A-Z][a-z]+", name) for name in names)


def test_no_given_name_is_in_two_lists():
    assert len({*FEMALE, *MALE, *NEUTRAL}) == len(FEMALE) + len(MALE) + len(NEUTRAL)
