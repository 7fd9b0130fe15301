"""The zips that we write are read by everybody."""

import shutil
import struct
import subprocess
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from hypothesis import given, settings
from hypothesis import strategies as st

from imaging.fusion.checking import zipping
from imaging.fusion.checking.zipping import ZipWriter
from tests.lacking import needed


def written(contents: list[list[bytes]], size: int = 0) -> bytes:
    file = BytesIO()
    writer = ZipWriter(file)
    for number, blocks in enumerate(contents):
        assert writer.add(f"{number:04}.dcm", size, blocks) == len(b"".join(blocks))
    writer.close()
    return file.getvalue()


def read(content: bytes) -> list[bytes]:
    with ZipFile(BytesIO(content)) as archive:
        infos = archive.infolist()
        assert all(info.compress_type == ZIP_DEFLATED and not info.flag_bits for info in infos)
        assert all(info.date_time == (1980, 1, 1, 0, 0, 0) for info in infos)
        assert all(info.external_attr == 0 for info in infos)
        return [archive.read(info) for info in infos]


@given(st.lists(st.lists(st.binary(max_size=300), max_size=4), max_size=6))
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read_again(contents):
    assert read(written(contents)) == [b"".join(blocks) for blocks in contents]


@given(st.lists(st.lists(st.binary(max_size=300), max_size=4), max_size=6))
@settings(max_examples=20, deadline=None)
def test_large_members_have_the_same_content(contents):
    content = written(contents, size=1 << 33)

    assert read(content) == [b"".join(blocks) for blocks in contents]
    assert content.count(b"PK\3\4\x2d\0") == len(contents)  # version 4.5: ZIP64


def test_local_headers_agree_with_the_directory():
    """Readers that stream a zip never see its directory."""
    content = written([[b"abc" * 100], [b""]], size=0)

    assert content[:4] == b"PK\3\4"
    crc, packed, size = struct.unpack_from("<3L", content, 14)
    with ZipFile(BytesIO(content)) as archive:
        info = archive.infolist()[0]
    assert (crc, packed, size) == (info.CRC, info.compress_size, info.file_size)


def test_beyond_4_gb_the_directory_says_so_in_64_bits(monkeypatch):
    """The limit of 32 bits is set to 100 bytes; a reader must then use every extra field."""
    contents = [[bytes([number]) * 200] for number in range(5)]
    monkeypatch.setattr(zipping, "_LARGE", 100)
    entries = [zipping._Entry(b"a", 1, 5 << 30, 6 << 30, 7 << 30)]
    content = written(contents)
    header = zipping._central_header(entries[0])

    assert read(content) == [b"".join(blocks) for blocks in contents]
    archive = BytesIO(header + end_of(len(header)))
    info = ZipFile(archive).infolist()[0]
    assert (info.compress_size, info.file_size, info.header_offset) == (5 << 30, 6 << 30, 7 << 30)


def end_of(length: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, length, 0, 0)


def test_more_members_than_16_bits_can_count_are_all_read():
    content = written([[b"x"]] * 65_536)

    with ZipFile(BytesIO(content)) as archive:
        assert len(archive.infolist()) == 65_536
        assert archive.read("65535.dcm") == b"x"


def test_unzip_finds_no_fault(tmp_path):
    unzip = needed(shutil.which("unzip"), "unzip is missing; Debian has it")
    (tmp_path / "a.zip").write_bytes(written([[b"abc" * 1000], [bytes(5000)]]))

    done = subprocess.run(
        [unzip, "-t", str(tmp_path / "a.zip")], capture_output=True, timeout=30, check=False
    )

    assert done.returncode == 0, done.stdout
