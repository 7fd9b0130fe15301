"""Which format a mesh's file has, by its suffix and by its first bytes."""

import re
from pathlib import Path
from typing import get_args

from imaging.errors import InputError
from imaging.fusion.specification import MeshType

_HEAD = 1 << 16
_OFF = re.compile(rb"\s*(?:#[^\n]*\n\s*)*(?:ST)?C?N?4?n?OFF\b")
_OBJ = re.compile(rb"(?:^|\n)[ \t]*v[ \t]+[-+.\d]")
_FACET = re.compile(rb"\s*solid\b.*?\bfacet\s+normal\b", re.DOTALL | re.IGNORECASE)
_EMPTY_SOLID = re.compile(rb"\s*solid\b[^\n]*\n\s*endsolid\b", re.IGNORECASE)
_ARCHIVES = (b"PK\3\4", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")
_STL_HEADER, _STL_FACE = 84, 50
_MOST_FACES = 5_000_000  # beyond it, these bytes are hardly meant as a number


def kind_of_suffix(path: Path, label: str) -> MeshType:
    """Return the format that a file's name says.

    Raises:
        InputError: It is none that the vendor takes.
    """
    suffix = path.suffix.lower().removeprefix(".")
    for kind in get_args(MeshType):
        if kind == suffix:
            return kind  # type: ignore[no-any-return]
    msg = f"{label}: its name ends in none of {', '.join(get_args(MeshType))}"
    raise InputError(msg)


def sniffed(path: Path, label: str) -> MeshType:
    """Return a mesh's format, which its suffix and its content must both say.

    Args:
        path: Its file.
        label: How an error names it, such as `upper scan`.

    Raises:
        InputError: There is no such file, nothing in it, or its suffix and content differ.
    """
    head = _head_of(path, label)
    kind = kind_of_suffix(path, label)
    found = _kind_of(head, path.stat().st_size)
    if found != kind:
        content = f"its content is {found}" if found else "its content is something else"
        if kind == "stl" and not found:
            content += _stl_length(head, path.stat().st_size)
        msg = f"{label}: its name says {kind}, but {content}"
        raise InputError(msg)
    return kind


def _head_of(path: Path, label: str) -> bytes:
    """Return the first bytes of a file that may hold a mesh."""
    if path.is_dir():
        msg = f"{label}: it is a folder; hand over the one mesh in it"
        raise InputError(msg)
    if not path.is_file():
        msg = f"{label}: there is no such file"
        raise InputError(msg)
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(_ARCHIVES):
        msg = f"{label}: it is an archive; unpack it, and hand over the one mesh in it"
        raise InputError(msg)
    if not head:
        msg = f"{label}: the file is empty"
        raise InputError(msg)
    return head


def _stl_length(head: bytes, size: int) -> str:
    """Say how long a binary STL would be, of a file that may be one cut off; else nothing."""
    count = _stl_count(head)
    if not 0 < count <= _MOST_FACES:
        return ""
    return (
        f" (a binary STL of {count} faces has {_STL_HEADER + _STL_FACE * count} bytes, not {size})"
    )


def _stl_count(head: bytes) -> int:
    """Return how many faces a file has, if it is a binary STL."""
    return int.from_bytes(head[_STL_HEADER - 4 : _STL_HEADER], "little")


def _kind_of(head: bytes, size: int) -> MeshType | None:
    """Tell a format by a file's first bytes and its size; None when it is none of these."""
    if re.match(rb"ply\s*\n", head):
        return "ply"
    if head.startswith(b"glTF"):
        return "glb"
    if head.startswith(b"DRACO"):
        return "drc"
    if _OFF.match(head):
        return "off"
    # Before the text forms: a binary STL may begin with the word "solid", and hold any bytes.
    is_binary = size >= _STL_HEADER and size == _STL_HEADER + _STL_FACE * _stl_count(head)
    if is_binary or _FACET.match(head) or _EMPTY_SOLID.match(head):
        return "stl"
    return "obj" if b"\0" not in head and _OBJ.search(head) else None
