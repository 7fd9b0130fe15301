"""Pseudonyms: the same for the same, other ones for others, and not without the key."""

import os
import re
import subprocess
import sys
import unicodedata
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.dicom.deidentify import Deidentifier, Keyed
from imaging.errors import InputError
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.instances import image

VALID_UID = re.compile(r"2\.25\.[1-9][0-9]*")
DIGEST = """
import hashlib
from imaging.dicom.deidentify import Deidentifier, Keyed
from tests.imaging.dicom.instances import image
keyed = Keyed({key!r})
made = [keyed.uid(f"1.2.3.{{n}}") for n in range(1000)]
made += [keyed.text("patient", "SUB001", 16), str(keyed.days("SUB001"))]
new = Deidentifier({key!r}).dataset(image())
made += [str(new.PatientName), new.PatientID, new.SOPInstanceUID[:5]]
print(hashlib.sha256(repr(made).encode()).hexdigest())
"""


def pseudonyms(deidentifier, **values):
    source = image(SpecificCharacterSet="ISO_IR 192", **values)
    if values.get("PatientID", "") is None:
        del source.PatientID
    made = deidentifier.dataset(source)
    return str(made.PatientID), str(made.PatientName)


def test_a_million_uids_are_all_different_and_valid():
    mapped = Keyed(KEY).uid

    made = {mapped(f"1.2.840.99.{number}") for number in range(1_000_000)}

    assert len(made) == 1_000_000
    assert max(map(len, made)) <= 64
    assert all(map(VALID_UID.fullmatch, made))


def test_a_uid_is_that_of_a_random_uuid():
    number = int(Keyed(KEY).uid("1.2.3").removeprefix("2.25."))

    assert number < 1 << 128
    assert (number >> 76 & 0xF, number >> 62 & 3) == (4, 2)  # version and variant, RFC 9562


def test_another_process_makes_the_same_of_the_same():
    code = DIGEST.format(key=KEY)
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert runs[0] == runs[1] != ""


def test_another_key_makes_nothing_alike():
    first, second = Keyed(KEY), Keyed(KEY + "!")
    values = [f"1.2.3.{number}" for number in range(1000)]

    assert not {first.uid(value) for value in values} & {second.uid(value) for value in values}
    assert not {first.text("patient", v, 16) for v in values} & {
        second.text("patient", v, 16) for v in values
    }
    assert [first.days(value) for value in values] != [second.days(value) for value in values]


def test_kinds_of_values_that_are_spelled_alike_get_nothing_in_common():
    keyed = Keyed(KEY)

    made = {keyed.text(kind, "12345678", 16) for kind in ("patient", "accession", "roi")}

    assert len(made) == 3


@pytest.mark.parametrize("key", ["", "short", "k" * 31, b"k" * 31])
def test_a_short_key_is_refused(key):
    with pytest.raises(InputError, match="32 are needed"):
        Deidentifier(key)


def test_a_refused_key_is_in_no_error():
    with pytest.raises(InputError) as caught:
        Deidentifier("Tr0ub4dor&3")

    assert "Tr0ub4dor" not in str(caught.value)


def test_text_is_a_key_as_its_utf8_is():
    assert Keyed("ключ" * 8).uid("1.2.3") == Keyed(("ключ" * 8).encode()).uid("1.2.3")


@settings(max_examples=50, deadline=None)
@given(patient=st.text(max_size=64))
def test_dates_move_by_a_month_at_least_and_ten_years_at_most_and_back(patient):
    assert -3650 <= Keyed(KEY).days(patient) <= -30


def test_patients_move_by_different_numbers_of_days():
    days = {Keyed(KEY).days(f"P{number}") for number in range(200)}

    assert len(days) > 150


@pytest.mark.parametrize("uid", ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2", ""])
def test_the_standards_own_uids_stay(uid):
    assert Keyed(KEY).uid(uid) == uid


def test_a_uid_that_only_begins_like_the_standards_is_mapped():
    assert Keyed(KEY).uid("1.2.840.100089.1").startswith("2.25.")


@pytest.mark.parametrize("padded", ["1.2.3\0", "1.2.3 ", " 1.2.3"])
def test_padding_makes_no_other_uid(padded):
    assert Keyed(KEY).uid(padded) == Keyed(KEY).uid("1.2.3")


PEOPLE = ["山田^太郎", "鈴木^花子", "Müller^Jörg", "Muller^Jorg", "Жуков^Илья", "김^희중"]


@pytest.mark.parametrize("ids", [("A1", "B2"), ("A1", "A1"), (None, None), ("", "")])
def test_people_with_different_names_get_different_ones(deidentifier, ids):
    for first, second in combinations(PEOPLE, 2):
        one = pseudonyms(deidentifier, PatientName=first, PatientID=ids[0])
        other = pseudonyms(deidentifier, PatientName=second, PatientID=ids[1])

        assert one[1] != other[1]
        assert (one[0] == other[0]) == (ids == ("A1", "A1"))


@pytest.mark.parametrize(
    "spelled",
    [
        unicodedata.normalize("NFD", "Müller^Jörg"),
        "Müller^Jörg ",
        "Müller^Jörg^^^",
        "MÜLLER^JÖRG",
        "Müller^Jörg=山田^太郎",
        " Müller^Jörg",
    ],
)
@pytest.mark.parametrize("patient_id", ["A1", None])
def test_a_name_spelled_otherwise_is_the_same_name(deidentifier, spelled, patient_id):
    known = pseudonyms(deidentifier, PatientName="Müller^Jörg", PatientID=patient_id)

    assert pseudonyms(deidentifier, PatientName=spelled, PatientID=patient_id) == known


@pytest.mark.parametrize("padded", ["A1 ", " A1", "A1\0"])
def test_blanks_around_a_patient_id_make_no_other_patient(deidentifier, padded):
    assert pseudonyms(deidentifier, PatientID=padded) == pseudonyms(deidentifier, PatientID="A1")


def test_blanks_within_a_patient_id_make_another_patient(deidentifier):
    ids = {pseudonyms(deidentifier, PatientID=spelled)[0] for spelled in ("A 1", "A1", "A  1")}

    assert len(ids) == 3


def test_patients_without_id_and_name_are_told_apart_by_their_study(deidentifier):
    nobody = {"PatientID": None, "PatientName": None}
    first, again, other = (
        pseudonyms(deidentifier, **nobody, StudyInstanceUID=uid) for uid in ("1.2", "1.2", "1.3")
    )

    assert first == again != other
    assert first[0][0] == "P"
    assert first[1].count("^") == 2


def test_namesakes_without_id_are_told_apart_by_their_birth_date(deidentifier):
    first, other = (
        pseudonyms(deidentifier, PatientID=None, PatientBirthDate=day)
        for day in ("19500101", "19500102")
    )

    assert first[0] != other[0]


def test_the_method_that_tells_a_patient_id_tells_the_one_that_is_written(deidentifier):
    source = image(patient_id="SUB 7")

    assert deidentifier.patient_id(source) == deidentifier.dataset(source).PatientID
    assert re.fullmatch("P[0-9A-HJKMNP-TV-Z]{16}", deidentifier.patient_id(source))
