"""NRRD: a header of text and one block of voxels (teem.sourceforge.net/nrrd/format.html).

The format takes free text in many places: comments, key/value pairs, `content`, units, labels. None
of it is repeated: the header is written anew out of numbers and the words below.
"""

import re
from dataclasses import dataclass
from math import prod
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from imaging.dicom.arrangement import are_directions
from imaging.errors import InputError
from imaging.fusion.checking.archives import MOST_UNPACKED

MAGIC = b"NRRD000"
_MOST_HEADER = 1 << 16
_TYPES = {
    name: ("int16" if names[0] == "short" else "uint16")
    for names in (
        ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
        ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    )
    for name in names
}
_SPACES = {
    **dict.fromkeys(("left-posterior-superior", "lps"), "left-posterior-superior"),
    **dict.fromkeys(("right-anterior-superior", "ras"), "right-anterior-superior"),
    **dict.fromkeys(("left-anterior-superior", "las"), "left-anterior-superior"),
}
_ELSEWHERE = ("data file", "datafile")
_SKIPS = ("line skip", "lineskip", "byte skip", "byteskip")
_RAW, _GZIP = ("raw",), ("gzip", "gz")
_UNIT = re.compile(r'"([^"]*)"')
_VECTOR = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True, slots=True, eq=False)
class Nrrd:
    """What an NRRD file's header says.

    Attributes:
        voxel_type: `int16` or `uint16`.
        is_little: The byte order of its voxels.
        is_gzip: Its voxels are packed.
        sizes: Along the three axes, the quickest first.
        space: What the three coordinates are; "" when it says only how far apart voxels are.
        directions_mm: Shape (3, 3): the step along each axis.
        origin_mm: Of the first voxel's centre, shape (3,); None when it is not stated.
        start: Where its voxels begin, in bytes from the start of the file.
    """

    voxel_type: str
    is_little: bool
    is_gzip: bool
    sizes: tuple[int, int, int]
    space: str
    directions_mm: NDArray[np.float64]
    origin_mm: NDArray[np.float64] | None
    start: int

    @property
    def spacing_mm(self) -> NDArray[np.float64]:
        """Along the three axes, shape (3,)."""
        return np.asarray(np.linalg.norm(self.directions_mm, axis=1), dtype=np.float64)

    @property
    def voxel_bytes(self) -> int:
        """How many bytes its voxels take, unpacked."""
        return 2 * prod(self.sizes)

    @property
    def is_upright(self) -> bool:
        """Whether its axes are at right angles."""
        unit = self.directions_mm / self.spacing_mm[:, None]
        right_angled = abs(float(unit[2] @ unit[0])) < 1e-2 and abs(float(unit[2] @ unit[1])) < 1e-2
        return are_directions(unit[:2].reshape(6)) and right_angled

    def header(self) -> bytes:
        """Return a header for the same voxels, not packed: geometry, and no other text."""
        lines = ["NRRD0004", f"type: {self.voxel_type}", "dimension: 3"]
        if self.space:
            lines.append(f"space: {self.space}")
        lines.append(f"sizes: {' '.join(map(str, self.sizes))}")
        if self.space:
            lines.append(f"space directions: {' '.join(map(_text, self.directions_mm))}")
            lines.append("kinds: domain domain domain")
        else:
            lines.append(f"spacings: {' '.join(repr(float(mm)) for mm in self.spacing_mm)}")
        lines += [f"endian: {'little' if self.is_little else 'big'}", "encoding: raw"]
        if self.space and self.origin_mm is not None:
            lines.append(f"space origin: {_text(self.origin_mm)}")
        return ("\n".join(lines) + "\n\n").encode("ascii")


def read_nrrd(file: BinaryIO) -> Nrrd:
    """Read the header of an NRRD file whose voxels follow it.

    Args:
        file: At its start.

    Raises:
        InputError: It is no volume of 16-bit voxels with a geometry, or its voxels lie elsewhere.
    """
    head = file.read(_MOST_HEADER)
    ends = [(head.find(mark), len(mark)) for mark in (b"\n\n", b"\r\n\r\n")]
    found = [(start, length) for start, length in ends if start >= 0]
    if not head.startswith(MAGIC) or not found:
        msg = "the CBCT: the NRRD file has no header, or one that does not end"
        raise InputError(msg)
    start, length = min(found)
    try:
        return _nrrd(_fields(head[:start].decode("utf-8", "replace")), start + length)
    except (LookupError, ValueError) as error:
        reason = str(error) if isinstance(error, _NrrdError) else "fields missing or broken"
        msg = f"the CBCT: the NRRD file cannot be used: {reason}"
        raise InputError(msg) from None  # a value may hold a name


class _NrrdError(ValueError):
    """Something that the format allows and we refuse; never leaves this module."""


def _fields(text: str) -> dict[str, str]:
    """Return the fields, without comments and key/value pairs."""
    lines = (line.strip("\r") for line in text.split("\n")[1:])
    pairs = (line.partition(": ") for line in lines if not line.startswith("#"))
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _nrrd(fields: dict[str, str], start: int) -> Nrrd:
    """Make sense of the fields."""
    _check_layout(fields)
    numbers = [int(number) for number in fields["sizes"].split()]
    if len(numbers) != 3 or min(numbers) < 1 or 2 * prod(numbers) > MOST_UNPACKED:
        msg = "sizes that no volume has"
        raise _NrrdError(msg)
    space = _SPACES[fields["space"].lower()] if "space" in fields else ""
    directions_mm = _directions(fields) if space else np.diag(_floats(fields["spacings"]))
    if not directions_mm.any(axis=1).all() or (not space and directions_mm.min() < 0):
        msg = "distances of voxels that are not positive numbers"
        raise _NrrdError(msg)
    origin = fields.get("space origin", "")
    return Nrrd(
        voxel_type=_TYPES[fields["type"].lower()],
        is_little=fields["endian"].lower() == "little",
        is_gzip=fields["encoding"].lower() in _GZIP,
        sizes=(numbers[0], numbers[1], numbers[2]),
        space=space,
        directions_mm=directions_mm,
        origin_mm=_floats(_VECTOR.findall(origin)[0].replace(",", " ")) if origin else None,
        start=start,
    )


def _check_layout(fields: dict[str, str]) -> None:
    """Refuse what is not one block of 16-bit voxels after the header."""
    words = {name: text.lower() for name, text in fields.items()}
    units = set(_UNIT.findall(words.get("space units", "")))
    refused = {
        "its voxels are in another file": not words.keys().isdisjoint(_ELSEWHERE),
        "it skips bytes or lines": any(words.get(name, "0") != "0" for name in _SKIPS),
        "it is not of three dimensions": words.get("dimension") != "3",
        "its voxels are not of 16 bits": words.get("type") not in _TYPES,
        "its encoding is neither raw nor gzip": words.get("encoding") not in _RAW + _GZIP,
        "it does not say its byte order": words.get("endian") not in {"little", "big"},
        "its space is not the patient's": words.get("space", "lps") not in _SPACES,
        "its units are not millimetres": not units <= {"mm"},
    }
    if found := [reason for reason, is_so in refused.items() if is_so]:
        raise _NrrdError("; ".join(found))


def _directions(fields: dict[str, str]) -> NDArray[np.float64]:
    rows = [_floats(row.replace(",", " ")) for row in _VECTOR.findall(fields["space directions"])]
    return np.array(rows).reshape(3, 3)


def _floats(text: str) -> NDArray[np.float64]:
    numbers = np.array([float(number) for number in text.split()]).reshape(3)
    if not np.isfinite(numbers).all():
        msg = "numbers that are not finite"
        raise _NrrdError(msg)
    return numbers


def _text(vector: NDArray[np.float64]) -> str:
    return f"({','.join(repr(float(number)) for number in vector)})"
