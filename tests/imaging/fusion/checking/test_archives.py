"""Zips that would fill a disk, lead elsewhere, or say one thing and hold another."""

import struct
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from imaging.errors import InputError
from imaging.fusion.checking import archives, check_cbct
from tests.imaging.fusion.checking.slices import LENIENT, files_of, write_zip

CENTRAL, LOCAL = b"PK\1\2", b"PK\3\4"


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        check_cbct(path, rules=LENIENT)
    assert "PLANTED" not in str(caught.value)
    assert str(path) not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def good(tmp_path) -> Path:
    return write_zip(tmp_path / "good.zip", files_of())


def with_member(path: Path, name: str, content: bytes = b"x", **fields: int) -> Path:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    for field, value in fields.items():
        setattr(info, field, value)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(info, content)
    return path


def patched(path: Path, mark: bytes, offset: int, value: bytes, *, last: bool = False) -> Path:
    """Write over the header of the first or last member that begins with ``mark``."""
    content = bytearray(path.read_bytes())
    start = (content.rfind(mark) if last else content.find(mark)) + offset
    content[start : start + len(value)] = value
    path.write_bytes(content)
    return path


def test_a_zip_of_slices_is_good_and_nothing_is_unpacked(good):
    assert check_cbct(good, rules=LENIENT).slices == 12
    assert list(good.parent.iterdir()) == [good]


@pytest.mark.parametrize(
    "name",
    ["../PLANTED", "a/../../PLANTED", "/PLANTED", "C:\\PLANTED", "a\\..\\PLANTED", "\\\\s\\x"],
)
def test_names_that_lead_elsewhere_are_refused(good, name):
    assert "1 of 13 files with a name that leads elsewhere" in refusal(with_member(good, name))


def test_links_are_refused(good):
    path = with_member(good, "PLANTED", b"/etc/passwd", external_attr=0o120777 << 16)

    assert "1 of 13 files links" in refusal(path)


@pytest.mark.parametrize("name", ["PLANTED.zip", "PLANTED.RAR", "x/PLANTED.tar.gz", "PLANTED.7z"])
def test_archives_within_are_refused_by_name(good, name):
    assert "1 of 13 files archives themselves" in refusal(with_member(good, name))


def test_archives_within_are_refused_by_content(good):
    inner = BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a", b"b" * 500)

    assert "archives (zip, rar, tar, ...): 1" in refusal(
        with_member(good, "PLANTED.dcm", inner.getvalue())
    )


def test_encrypted_members_are_refused(good):
    assert "1 of 12 files encrypted" in refusal(patched(good, CENTRAL, 8, b"\x01\x00"))


def test_members_packed_in_other_ways_are_refused(good):
    path = with_member(good, "PLANTED", b"x" * 100, compress_type=zipfile.ZIP_LZMA)

    assert "1 of 13 files packed in a way other than deflate" in refusal(path)


def test_a_bomb_is_refused_before_it_is_read(good):
    path = with_member(good, "PLANTED", bytes(8 << 20))

    assert "1 of 13 files that unpack to far more than can be" in refusal(path)


def test_more_than_a_disk_holds_is_refused(good):
    path = with_member(good, "PLANTED", b"x" * 100)
    path = patched(path, CENTRAL, 20, struct.pack("<LL", 1 << 30, 0xFFFF0000), last=True)
    path = patched(path, CENTRAL, 20, struct.pack("<LL", 1 << 30, 0xFFFF0000))
    path = with_third_huge(path)

    assert "it unpacks to more than 8 GB" in refusal(path)


def with_third_huge(path: Path) -> Path:
    content = bytearray(path.read_bytes())
    start = content.find(CENTRAL, content.find(CENTRAL) + 4)
    content[start + 20 : start + 28] = struct.pack("<LL", 1 << 30, 0xFFFF0000)
    path.write_bytes(content)
    return path


def test_members_that_overlap_are_refused(good):
    content = good.read_bytes()
    second = content.find(CENTRAL, content.find(CENTRAL) + 4)
    path = patched(good, CENTRAL, 0, CENTRAL)
    data = bytearray(path.read_bytes())
    data[second + 42 : second + 46] = struct.pack("<L", 0)  # begins where the first does
    path.write_bytes(data)

    assert "files that overlap others" in refusal(path)


def test_a_member_that_reaches_into_the_directory_is_refused(good):
    size = good.stat().st_size

    assert "1 of 12 files that overlap others" in refusal(
        patched(good, CENTRAL, 20, struct.pack("<L", size), last=True)
    )


def test_two_members_of_one_name_are_refused(good):
    with pytest.warns(UserWarning, match="Duplicate name"):
        with_member(good, next(iter(files_of())))

    assert "1 of 13 files of one name" in refusal(good)


def test_too_many_members_are_refused(good, monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 11)

    assert "more than 11 files" in refusal(good)


def test_a_directory_that_would_fill_memory_is_refused_unread(good, monkeypatch):
    monkeypatch.setattr(zipfile, "ZipFile", None)  # reading it would fail

    count = struct.pack("<HH", 0xFFFE, 0xFFFE)
    assert "more than 20000 files" in refusal(patched(good, b"PK\5\6", 8, count))
    length = struct.pack("<HHL", 12, 12, 1 << 31)
    assert "more than 20000 files" in refusal(patched(good, b"PK\5\6", 8, length))


def end64(count: int, length: int) -> bytes:
    return struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, 0)


def test_a_large_directory_in_64_bits_is_refused_unread(good, monkeypatch):
    monkeypatch.setattr(zipfile, "ZipFile", None)  # reading it would fail
    content = good.read_bytes()
    end = content.rfind(b"PK\5\6")
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, end, 1)
    for count, length in ((30_000, 900), (12, 1 << 31)):
        for comment in (b"", b"c" * 0xFFFF):
            stated = content[end:-2] + struct.pack("<H", len(comment)) + comment
            good.write_bytes(content[:end] + end64(count, length) + locator + stated)
            assert "more than 20000 files" in refusal(good)


def test_a_size_in_64_bits_counts_only_where_a_reader_looks_for_it(good, monkeypatch):
    """It lies in the comment of the last member, and says less than the directory that counts."""
    monkeypatch.setattr(zipfile, "ZipFile", None)
    content = good.read_bytes()
    end = content.rfind(b"PK\5\6")
    honest = content[end : end + 8] + struct.pack("<HHL", 30_000, 30_000, 900)
    good.write_bytes(content[:end] + end64(1, 1) + honest + content[end + 16 :])

    assert "more than 20000 files" in refusal(good)


def test_a_zip_that_lies_about_its_sizes_is_refused(good):
    """The first member says that it unpacks to a byte more, or less, than it does."""
    files = files_of()
    size = len(next(iter(files.values())))
    for wrong in (size - 1, size + 1):
        path = patched(write_zip(good, files), CENTRAL, 24, struct.pack("<L", wrong))
        with pytest.raises(InputError):
            check_cbct(path, rules=LENIENT).digest()


def test_a_damaged_member_is_refused_without_its_name(good):
    content = bytearray(good.read_bytes())
    content[200:260] = bytes(60)
    good.write_bytes(content)

    with pytest.raises(InputError, match="the zip is damaged") as caught:
        check_cbct(good, rules=LENIENT).digest()
    assert caught.value.__cause__ is None
    assert "PLANTED" not in str(caught.value)


@pytest.mark.parametrize("kept", [0.2, 0.9, 0.99])
def test_a_zip_that_is_cut_short_is_refused(good, kept):
    content = good.read_bytes()
    good.write_bytes(content[: int(kept * len(content))])

    assert "cannot be submitted" in refusal(good)


def test_everything_wrong_with_a_zip_is_told(good):
    path = with_member(with_member(good, "../PLANTED"), "PLANTED.zip")

    said = refusal(path)
    assert "leads elsewhere" in said
    assert "archives themselves" in said
