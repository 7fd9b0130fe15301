"""Zips from outside: what a hostile or broken one may do is refused before any of it is read.

Field names and offsets are those of PKWARE's APPNOTE 6.3.10, 4.3 and 4.4.
"""

import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from imaging.errors import InputError

MOST_MEMBERS = 20_000
MOST_UNPACKED = 8 << 30
MOST_RATIO = 200  # of unpacked to packed bytes; noise packs 2 times, zeros 1000 times
_MOST_DIRECTORY = MOST_MEMBERS * 1024  # a name and its extras, generously
_SMALL = 1 << 20  # below it, no ratio does harm
_ENCRYPTED = 1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LOCAL_HEADER = 30  # bytes before its name
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4s28x2Q8x")
_LOCATOR64 = 20  # bytes between the two
_END_MARK, _END64_MARK, _LOCATOR64_MARK = b"PK\5\6", b"PK\6\6", b"PK\6\7"
_MOST_END = _END64.size + _LOCATOR64 + _END.size + 0xFFFF  # with the longest comment
_NESTED = frozenset(
    (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".txz", ".zst", ".lz4", ".jar")
)
_NESTED_STARTS = (b"PK\3\4", b"PK\5\6", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")


def checked_members(path: Path) -> list[zipfile.ZipInfo]:
    """List the files of a zip that may be read.

    Raises:
        InputError: It could fill memory or disk, lead elsewhere, or be understood in two ways; or
            it is damaged. All that is wrong is told, and no name of a member.
    """
    _check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members, end = archive.infolist(), archive.start_dir
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        msg = f"the CBCT: the zip is damaged ({type(error).__name__})"
        raise InputError(msg) from None
    if faults := list(_faults(members, end)):
        msg = f"the CBCT: the zip is refused: {'; '.join(faults)}"
        raise InputError(msg)
    return [member for member in members if not member.is_dir()]


def is_nested(name: str, head: bytes) -> bool:
    """Tell by its name or its first bytes whether a member is an archive itself."""
    return PurePosixPath(name).suffix.lower() in _NESTED or head.startswith(_NESTED_STARTS)


def _check_directory(path: Path) -> None:
    """Refuse a directory that would fill memory: `zipfile` reads it in one go."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _MOST_END))
        tail = file.read()
    start = tail.rfind(_END_MARK)
    if start < 0 or start + _END.size > len(tail):
        msg = "the CBCT: the zip is damaged (its directory is missing)"
        raise InputError(msg)
    _, _, _, _, count, length, _, _ = _END.unpack_from(tail, start)
    start64 = start - _LOCATOR64 - _END64.size  # where `zipfile` looks, and nowhere else
    if start64 >= 0 and tail.startswith(_LOCATOR64_MARK, start - _LOCATOR64):
        mark, count64, length64 = _END64.unpack_from(tail, start64)
        if mark == _END64_MARK:
            count, length = count64, length64
    if count > MOST_MEMBERS or length > _MOST_DIRECTORY:
        msg = f"the CBCT: the zip is refused: more than {MOST_MEMBERS} files"
        raise InputError(msg)


def _faults(members: list[zipfile.ZipInfo], end: int) -> Iterator[str]:
    """Yield what is wrong with a zip's directory."""
    if len(members) > MOST_MEMBERS:
        yield f"more than {MOST_MEMBERS} files"
    counts = {
        "encrypted": sum(bool(member.flag_bits & _ENCRYPTED) for member in members),
        "links": sum(stat.S_ISLNK(member.external_attr >> 16) for member in members),
        "with a name that leads elsewhere": sum(_leads_elsewhere(each) for each in members),
        "of one name": len(members) - len({member.filename for member in members}),
        "archives themselves": sum(is_nested(member.filename, b"") for member in members),
        "packed in a way other than deflate": sum(
            member.compress_type not in _METHODS for member in members
        ),
        "that unpack to far more than can be": sum(_is_bomb(member) for member in members),
        "that overlap others": _overlapping(members, end),
    }
    yield from (
        f"{count} of {len(members)} files {what}" for what, count in counts.items() if count
    )
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        yield f"it unpacks to more than {MOST_UNPACKED >> 30} GB"


def _leads_elsewhere(member: zipfile.ZipInfo) -> bool:
    name = member.orig_filename
    parts = [*PurePosixPath(name).parts, *PureWindowsPath(name).parts]
    is_absolute = name.startswith(("/", "\\")) or bool(PureWindowsPath(name).drive)
    return is_absolute or ".." in parts or "\0" in name


def _is_bomb(member: zipfile.ZipInfo) -> bool:
    return member.file_size > max(_SMALL, MOST_RATIO * member.compress_size)


def _overlapping(members: list[zipfile.ZipInfo], end: int) -> int:
    """Count members whose bytes reach into the next one's, or into the directory."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    ends = [each.header_offset + _LOCAL_HEADER + each.compress_size for each in ordered]
    starts = [*(each.header_offset for each in ordered), end][1:]
    return sum(own > following for own, following in zip(ends, starts, strict=True))
