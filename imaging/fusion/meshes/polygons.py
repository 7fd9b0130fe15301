"""STL and PLY, binary or text."""

import re

import numpy as np

from imaging.errors import MeshError
from imaging.fusion.meshes.surface import Surface, check_count, loaded, surface_in

_STL_HEAD, _STL_FACE = 84, 50  # bytes
_PLY_END = b"end_header"
_PLY_LONGEST = 100_000  # bytes of a header
_PLY_ELEMENT = re.compile(rb"^element[ \t]+(\w+)[ \t]+(\S+)[ \t]*\r?$", re.MULTILINE)
_STL_SOLIDS = re.compile(rb"^[ \t]*((?:end)?solid)\b", re.IGNORECASE | re.MULTILINE)
_STL_ENDS = re.compile(rb"^[ \t]*endfacet\b", re.IGNORECASE | re.MULTILINE)
_STL_CORNERS = re.compile(rb"^[ \t]*vertex[ \t]+([^\r\n]*)", re.IGNORECASE | re.MULTILINE)


def read_stl(content: bytes, most_faces: int) -> Surface:
    """Read an STL file.

    Raises:
        MeshError: It says another number of faces than it has, or is neither kind of STL.
    """
    faces = int.from_bytes(content[80:_STL_HEAD], "little")
    if len(content) == _STL_HEAD + _STL_FACE * faces:
        check_count(faces, most_faces)
        return surface_in(loaded(content, "stl"))
    if content[:1000].lstrip()[:5].lower() != b"solid" or b"\0" in content:
        msg = "the STL file is neither text nor as long as it says"
        raise MeshError(msg)
    return _text_stl(content, most_faces)


def _text_stl(content: bytes, most_faces: int) -> Surface:
    """Read the corners, whatever the solids are called: trimesh reads names and logs of normals."""
    faces = len(_STL_ENDS.findall(content))
    check_count(faces, most_faces)
    corners = [numbers for corner in _STL_CORNERS.findall(content) for numbers in corner.split()]
    words = [word.lower() for word in _STL_SOLIDS.findall(content)]
    if len(corners) != 9 * faces or words.count(b"solid") != words.count(b"endsolid"):
        msg = "the STL file is damaged: a part of its faces is missing"
        raise MeshError(msg)
    vertices = np.array(corners, dtype=np.float64).reshape(-1, 3)
    return Surface(vertices, np.arange(3 * faces).reshape(-1, 3))


def read_ply(content: bytes, most_faces: int) -> Surface:
    """Read a PLY file.

    Raises:
        MeshError: Its header is none, or counts what the file does not hold.
    """
    end = content.find(_PLY_END, 0, _PLY_LONGEST)
    if not content.startswith(b"ply") or end < 0:
        msg = "the PLY file has no header"
        raise MeshError(msg)
    counts = {name: int(count) for name, count in _PLY_ELEMENT.findall(content[:end])}
    vertices, faces = counts.get(b"vertex", 0), counts.get(b"face", 0)
    check_count(faces, most_faces)
    if min(counts.values(), default=-1) < 0 or sum(counts.values()) > len(content):
        msg = "the PLY file's header counts what the file cannot hold"
        raise MeshError(msg)
    surface = surface_in(loaded(content, "ply", fix_texture=False, skip_materials=True))
    if len(surface.vertices) != vertices or len(surface.faces) < faces:
        msg = "the PLY file holds less than its header says"
        raise MeshError(msg)
    return surface
