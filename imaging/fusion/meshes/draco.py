"""Meshes compressed by Draco, whose header says how much memory its decoder will take.

Facts of the format: Draco Bitstream Specification 2.2, https://google.github.io/draco/spec.
"""

from typing import Any

import DracoPy

from imaging.errors import MeshError
from imaging.fusion.meshes.surface import Surface, check_count, surface_of

_MAGIC = b"DRACO"
_VERSION = (2, 2)  # since 2017; earlier ones begin otherwise
_MESH = 1
_EDGEBREAKER = 1
_HAS_METADATA = 0x8000
_DEEPEST = 8  # of metadata within metadata


def read_draco(content: bytes, most_faces: int) -> Surface:
    """Read a Draco file.

    Raises:
        MeshError: It is damaged, holds points only, or says that it has more faces or vertices.
    """
    check_draco(content, most_faces)
    decoded: Any = DracoPy.decode(content)
    return surface_of(decoded.points, decoded.faces)


def check_draco(content: bytes, most_faces: int) -> None:
    """Look only at the header, which the decoder believes: it allocates what the header says.

    Raises:
        MeshError: It is no mesh of this format, or has more faces, or vertices than they could use.
    """
    header = _Cursor(content)
    if header.take(5) != _MAGIC:
        msg = "this is no Draco file"
        raise MeshError(msg)
    version, kind, method = (header.byte(), header.byte()), header.byte(), header.byte()
    if kind != _MESH:
        msg = "the Draco file holds points, not a mesh"
        raise MeshError(msg)
    if version != _VERSION:
        msg = "the Draco file is not of version 2.2"
        raise MeshError(msg)
    if int.from_bytes(header.take(2), "little") & _HAS_METADATA:
        _skip_metadata(header)
    if method == _EDGEBREAKER:
        header.byte()  # how it is traversed
        vertices, faces = header.number(), header.number()
    else:
        faces, vertices = header.number(), header.number()
    check_count(max(faces, vertices // 3), most_faces)


class _Cursor:
    """Reads a header from its start."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def take(self, count: int) -> bytes:
        """Return the next bytes.

        Raises:
            MeshError: They are not there.
        """
        taken = self._content[self._at : self._at + count]
        if len(taken) != count:
            msg = "the Draco file is cut short"
            raise MeshError(msg)
        self._at += count
        return taken

    def byte(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def number(self) -> int:
        """Return the next number, of seven bits a byte, the lowest first."""
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 28:
                msg = "the Draco file is damaged"
                raise MeshError(msg)


def _skip_metadata(header: _Cursor) -> None:
    for _ in range(header.number()):  # one of each attribute, then the file's
        header.number()
        _skip_element(header, _DEEPEST)
    _skip_element(header, _DEEPEST)


def _skip_element(header: _Cursor, deepest: int) -> None:
    if deepest == 0:
        msg = "the Draco file is damaged"
        raise MeshError(msg)
    for _ in range(header.number()):
        header.take(header.byte())  # a name
        header.take(header.number())  # its value
    for _ in range(header.number()):
        header.take(header.byte())
        _skip_element(header, deepest - 1)
