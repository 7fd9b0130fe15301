"""OBJ and OFF, which are text."""

import re
from codecs import BOM_UTF8

from imaging.errors import MeshError
from imaging.fusion.meshes.surface import Surface, check_count, loaded, surface_in

_COMMENT = re.compile(rb"#[^\r\n]*")
_CONTINUED = re.compile(rb"\\\r?\n")
_OBJ_LINE = re.compile(rb"^[ \t]*([vf])[ \t]+([^\r\n]*)", re.MULTILINE)
_OBJ_FACE = re.compile(rb"[1-9][0-9]*(?:[ \t]+[1-9][0-9]*){2,}[ \t]*")
_OBJ_DETAIL = re.compile(rb"/[^ \t]*")
_OFF_COUNTS = re.compile(rb"\A\s*C?OFF\s+([0-9]+)\s+([0-9]+)\b")


def plain_text(content: bytes) -> bytes:
    """Return a text as UTF-8 without a byte order mark.

    What is not UTF-8 is taken for Latin-1, never guessed at, as that is slow.

    Raises:
        MeshError: It is no text.
    """
    if b"\0" in content:
        msg = "the mesh's file is not the text that it should be"
        raise MeshError(msg)
    content = content.removeprefix(BOM_UTF8)
    try:
        content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1").encode()
    return content


def read_obj(content: bytes, most_faces: int) -> Surface:
    """Read an OBJ file: places of vertices, and faces, and no other line of it.

    Raises:
        MeshError: It is no text, has too many faces, or lines that cannot be read.
    """
    text = _COMMENT.sub(b"", plain_text(content))  # first: a path in one may end with a backslash
    lines = _OBJ_LINE.findall(_CONTINUED.sub(b" ", text))
    # The place alone: with more in some lines and less in others, numbers would change their lines.
    vertices = [b" ".join(rest.split(None, 3)[:3]) for letter, rest in lines if letter == b"v"]
    faces = [_OBJ_DETAIL.sub(b"", rest) for letter, rest in lines if letter == b"f"]
    gaps = (face.count(b" ") + face.count(b"\t") for face in faces)
    check_count(sum(max(gap - 1, 1) for gap in gaps), most_faces)
    if not all(map(_OBJ_FACE.fullmatch, faces)):  # some count backwards, which is not read
        msg = "the OBJ file has faces that are not numbers of vertices, counted from 1"
        raise MeshError(msg)
    kept = [b"v " + each for each in vertices] + [b"f " + each for each in faces]
    surface = surface_in(loaded(b"\n".join(kept), "obj", maintain_order=True))
    if len(surface.vertices) != len(vertices) or len(surface.faces) < len(faces):
        msg = "the OBJ file is damaged: some of its lines cannot be read"
        raise MeshError(msg)
    return surface


def read_off(content: bytes, most_faces: int) -> Surface:
    """Read an OFF file.

    Raises:
        MeshError: It is no text, or holds less than its counts say.
    """
    text = _COMMENT.sub(b"", plain_text(content))
    counts = _OFF_COUNTS.match(text)
    if counts is None:
        msg = "the OFF file does not begin with its counts"
        raise MeshError(msg)
    vertices, faces = int(counts[1]), int(counts[2])
    check_count(faces, most_faces)
    if vertices + faces > len(text):
        msg = "the OFF file counts what it cannot hold"
        raise MeshError(msg)
    surface = surface_in(loaded(text, "off"))
    if len(surface.vertices) != vertices or len(surface.faces) < faces:
        msg = "the OFF file holds less than its counts say"
        raise MeshError(msg)
    return surface
