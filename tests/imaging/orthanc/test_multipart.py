from io import BytesIO

import pytest

from imaging.orthanc.multipart import BrokenMultipartError, boundary_of, read_parts


def multipart(*contents: bytes, boundary: str = "b", end: bool = True) -> BytesIO:
    parts = b"".join(
        b"--%b\r\nContent-Type: application/dicom\r\nContent-Length: %d\r\n\r\n%b\r\n"
        % (boundary.encode(), len(content), content)
        for content in contents
    )
    return BytesIO(parts + (f"--{boundary}--\r\n".encode() if end else b""))


def contents(source: BytesIO, size: int = 100) -> list[bytes]:
    """Read all parts, ``size`` bytes at a time."""
    buffer = memoryview(bytearray(size))
    found = []
    for part in read_parts(source, "b"):
        content = b""
        while got := part.readinto(buffer):
            content += bytes(buffer[:got])
        found.append(content)
    return found


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_parts_come_whole_whatever_the_buffer(size):
    parts = [b"one", b"", b"--b\r\ninside", b"x" * 500]

    assert contents(multipart(*parts), size) == parts


def test_a_part_left_unread_is_skipped():
    parts = read_parts(multipart(b"x" * 200_000, b"second"), "b")

    assert [part.size for part in parts] == [200_000, 6]


def test_a_preamble_and_an_epilogue_are_ignored():
    source = BytesIO(b"preamble\r\n" + multipart(b"one").getvalue() + b"epilogue")

    assert contents(source) == [b"one"]


def test_nothing_but_the_closing_boundary_is_no_part():
    assert contents(multipart()) == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (multipart(b"one", end=False), "closing boundary"),
        (BytesIO(multipart(b"x" * 50).getvalue()[:-30]), "before the end of a part"),
        (BytesIO(b"--b\r\nContent-Type: application/dicom\r\n\r\nabc\r\n--b--\r\n"), "without"),
        (BytesIO(b"--b\r\nContent-Length: -5\r\n\r\nabc\r\n--b--\r\n"), "without"),
        (BytesIO(b""), "closing boundary"),
    ],
)
def test_a_broken_answer_is_found_out(source, reason):
    with pytest.raises(BrokenMultipartError, match=reason):
        contents(source)


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/related; type=application/dicom; boundary=abc-1",
        'Multipart/Related; boundary="abc-1"; type="application/dicom"',
    ],
)
def test_the_boundary_is_found_with_and_without_quotes(content_type):
    assert boundary_of(content_type) == "abc-1"


@pytest.mark.parametrize("content_type", ["", "application/dicom", "multipart/related"])
def test_an_answer_that_is_not_multipart_is_broken(content_type):
    with pytest.raises(BrokenMultipartError):
        boundary_of(content_type)
