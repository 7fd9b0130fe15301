import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.rt.files.decimals import decimals_of

FORMS = ["{:.0f}", "{:.1f}", "{:.3f}", "{:+.5f}", "{:.6g}", "{:.9g}", "{:.15g}", "{!r}", "{:.4e}"]
SIGNS = st.sampled_from(["", "+", "-"])
DIGITS = st.text("0123456789", max_size=22)
EXPONENTS = st.sampled_from(["", "e5", "E-07", "e+0", "E22", "e-300"])
BLANKS = st.text(" ", max_size=3)
PADDING = st.sampled_from(["", " ", "\0", "  \0"])


@st.composite
def written_numbers(draw):
    """A number in any way that DS allows, and some that are too long for it."""
    whole, fraction = draw(DIGITS), draw(DIGITS)
    point = draw(st.sampled_from(["", "."])) if whole else "."
    digits = whole + point + (fraction if point else "")
    number = draw(SIGNS) + (digits if digits != "." else "0.") + draw(EXPONENTS)
    return draw(BLANKS) + number + draw(BLANKS)


def same(found, texts):
    """Say whether each number is, to the last bit, what Python reads."""
    return found.tolist() == [float(text) for text in texts]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("largest", [1.0, 300.0, 1e6, 1e11])
def test_a_hundred_thousand_numbers_are_what_python_reads(form, largest):
    values = np.random.default_rng(7).uniform(-largest, largest, 100_000)
    texts = [form.format(value) for value in values.tolist()]

    assert same(decimals_of("\\".join(texts).encode()), texts)


@given(st.lists(written_numbers(), min_size=1, max_size=6), PADDING)
def test_any_way_of_writing_is_read_as_python_does(texts, padding):
    assert same(decimals_of("\\".join(texts).encode() + padding.encode()), texts)


@pytest.mark.parametrize("power", range(-30, 31))
def test_every_place_of_the_point_is_exact(power):
    written = f"{Decimal(123456789012345).scaleb(power - 15):f}"

    assert same(decimals_of(written.encode()), [written])


@pytest.mark.parametrize(
    "written",
    [
        "9007199254740993",  # 2 ** 53 + 1, half way between two doubles
        "0.9007199254740993",
        "1234567890123456",
        "9999999999999999999999",  # more than 64 bits hold
        "18446744073709551617",
        "0.30000000000000004",
        "0.1000000000000000055511151231257827",
        "0.000000000000000000000000000001",
    ],
)
def test_more_digits_than_a_double_holds_are_rounded_as_python_rounds_them(written):
    assert same(decimals_of(written.encode()), [written])
    assert same(decimals_of(f"1.5\\{written}\\-2".encode()), ["1.5", written, "-2"])


@pytest.mark.parametrize("text", [b"1.5\\-2.25\\+3", b"  -12.5 \\ .5 \\5. ", b"007\\-0\\0\0"])
def test_plain_numbers_do_not_need_the_library(monkeypatch, text):
    texts = text.decode().rstrip("\0").split("\\")
    monkeypatch.setattr(np, "array", None)

    found = decimals_of(text)
    monkeypatch.undo()
    assert same(found, texts)


@pytest.mark.parametrize("text", [b"", b" ", b"\0", b"  \0", b" \0\0"])
def test_an_empty_value_holds_no_number(text):
    assert decimals_of(text).shape == (0,)


@pytest.mark.parametrize("padding", [b"", b" ", b"\0", b" \0", b"\0\0", b"\\", b"\\ ", b" \\\0"])
@pytest.mark.parametrize("last", [b"2.5", b"2.5e0", b"2.50000000000000000"])
def test_padding_and_a_separator_at_the_end_do_not_matter(padding, last):
    assert decimals_of(b"1\\" + last + padding).tolist() == [1.0, 2.5]


@pytest.mark.parametrize(
    "wrong",
    [
        b"x", b"1.2.3", b"1,5", b"--1", b"+-1", b"-", b"+", b".", b"-.", b"1 2", b"- 1", b"1e",
        b"e5", b"1-", b"0x10", b"1/2", b"1:2", b"\xff1", b"", b" ",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", [b"1\\%b\\2", b"\\%b\\1", b"%b\\3", b"%b\\1e5"])
def test_a_value_that_is_no_number_is_refused(form, wrong):
    with pytest.raises(ValueError, match="could not convert"):
        decimals_of(form % wrong)


@pytest.mark.parametrize("word", ["nan", "inf", "-Infinity"])
def test_words_for_no_finite_number_are_left_to_whoever_checks(word):
    found = decimals_of(f"1\\{word}".encode())

    assert not math.isfinite(found[1])
