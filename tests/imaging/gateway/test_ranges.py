"""Ranges by RFC 9110, section 14; where it leaves a choice, nginx's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.gateway.ranges import Span, UnsatisfiableError, spans_of


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        ("bytes=0-3", [(0, 4)]),
        ("bytes=4-", [(4, 10)]),
        ("bytes=-3", [(7, 10)]),
        ("bytes=-100", [(0, 10)]),
        ("bytes=0-99", [(0, 10)]),
        ("bytes=9-9", [(9, 10)]),
        ("Bytes=0-3", [(0, 4)]),
        ("bytes= 0-3 , ,\t5-6", [(0, 4), (5, 7)]),
        ("bytes=5-6,0-1", [(5, 7), (0, 2)]),
        ("bytes=2-3,90-99", [(2, 4)]),
        ("bytes=0-9999999999999999999", [(0, 10)]),
    ],
)
def test_a_range_means_these_bytes(header, spans):
    assert spans_of(header, 10) == tuple(Span(*span) for span in spans)


@pytest.mark.parametrize(
    "header",
    ["items=0-3", "bytes", "bytes 0-3", "", "bytes=" + ",".join(["0-0"] * 101), "bytes=0-,0-"],
)
def test_a_range_is_ignored_if_its_unit_is_unknown_or_it_asks_for_too_much(header):
    assert spans_of(header, 10) == ()


@pytest.mark.parametrize(
    "header",
    [
        *("10-", "5-2", "-0", "+1-3", "1_0-", "abc", "-", "", ",", "0-3junk", "0-3;q=1", "1-2-3"),
        *("0x1-3", "--3", " ", "1.0-2", "0-3,abc", "10-12,-0", "\u0661-\u0663", "9" * 20 + "-"),
    ],
)
def test_a_range_that_is_malformed_or_beyond_the_end_is_refused(header):
    with pytest.raises(UnsatisfiableError):
        spans_of(f"bytes={header}", 10)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_an_empty_file_has_no_range(header):
    with pytest.raises(UnsatisfiableError):
        spans_of(header, 0)


@given(st.text("bytes=-,0123456789 +", max_size=30), st.integers(0, 40))
def test_a_range_never_leaves_the_file(text, size):
    try:
        spans = spans_of(f"bytes={text}", size)
    except UnsatisfiableError:
        return
    assert all(0 <= span.start < span.stop <= size for span in spans)
    assert sum(map(len, spans)) <= max(size, 1) or len(spans) == 1
