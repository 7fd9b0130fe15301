import random
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.dicom.audit.needles import Needles, normal


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("Ann", "ann"),
        ("Ann", "(Ann)"),
        ("Ann", "x_ANN_1"),
        ("mueller", "xMuellerx"),
        ("Müller", "mu\u0308ller"),
        ("Strauß", "STRAUSS"),
        ("St. Anna  Spital", "at st. anna\nspital"),
        ("Müller", r'"M\u00fcller"'),
        ("Ö'Neil", r"&#214;&#39;Neil &Ö&#x27;Neil"),
        ("山田", "山田太郎"),
        ("12345", "no. 12345."),
    ],
)
def test_a_word_is_found_however_it_is_spelled(word, text):
    assert Needles(["other", word]).in_text(text) == {normal(word)}


@pytest.mark.parametrize(
    ("word", "text"),
    [("Ann", "Joanna"), ("Ann", "Ann1"), ("1234567", "2.25.912345678"), ("mueller", "muelle r")],
)
def test_a_short_word_or_a_number_within_another_is_not_found(word, text):
    assert Needles([word]).in_text(text) == set()


def test_words_that_begin_alike_or_overlap_are_all_found():
    needles = Needles(["ann", "ann bell", "bellwether", "annabell"])

    assert needles.in_text("Ann Bellwether, Annabell, Ann B.") == {
        "ann",
        "ann bell",
        "bellwether",
        "annabell",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le", "utf-16-be"])
def test_words_are_found_in_bytes_of_any_encoding(encoding):
    content = b"\1" + "xMÜLLER-LÜx".encode(encoding) + b"\2"

    assert Needles(["Müller-Lü"]).in_bytes(content) == {"müller-lü"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_words_in_other_letters_are_found_in_bytes(encoding):
    content = b"\1\2" + "Иванов".encode(encoding) + b"\2"

    assert Needles(["Иванов"]).in_bytes(content) == {"иванов"}


def test_words_of_fewer_than_six_bytes_are_not_looked_for_in_bytes():
    assert Needles(["Smith"]).in_bytes(b"Smith" + "Smith".encode("utf-16-le")) == set()
    assert Needles(["Smiths"]).in_bytes(b"Smiths") == {"smiths"}


@pytest.mark.parametrize("words", [[], ["", " "]])
def test_nothing_finds_nothing(words):
    assert Needles(words).in_text("anything") == Needles(words).in_bytes(b"anything") == set()


def test_a_word_of_a_thousand_letters_is_found():
    word = "ab" * 500

    assert Needles([word]).in_text(f"x {word}") == {word}


@given(st.lists(st.text("ab ", min_size=1, max_size=8), max_size=8), st.text("ab ,", max_size=40))
def test_it_finds_what_a_search_for_each_word_would_find(words, text):
    words = {word for word in map(normal, words) if word}
    expected = {word for word in words if _is_in(word, normal(text))}

    found = Needles(words).in_text(text)

    # Of two that begin at the same place, the longer one tells enough.
    assert found <= expected
    assert all(any(longer.startswith(word) for longer in found) for word in expected)


def _is_in(word: str, text: str) -> bool:
    room = ("(?<![^ ,])", "(?![^ ,])") if len(word) < 6 else ("", "")
    return re.search(f"{room[0]}{word}{room[1]}", text) is not None


def test_of_ten_thousand_words_those_that_stand_there_are_found():
    rng = random.Random(1)  # noqa: S311 - a test's words need not be secret
    words = ["".join(rng.choices(string.ascii_lowercase, k=9)) for _ in range(10_000)]
    text = " ".join(rng.choices(words[:10], k=100) + ["ORIGINAL PRIMARY AXIAL"] * 100)

    found = Needles(words).in_text(text)

    assert found == set(words[:10])
