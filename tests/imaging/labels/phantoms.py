"""Label maps made byte by byte, so that no library stands between a test and its file."""

import gzip
import struct
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

CODES = {"u1": 2, "i2": 4, "i4": 8, "f4": 16, "f8": 64, "i1": 256, "u2": 512, "u4": 768}
CODES |= {"i8": 1024, "u8": 1280}
AFFINE = np.array([[-0.8, 0, 0, 90], [0, -0.8, 0.1, 80], [0, -0.1, 1.5, -70]])
EXTENSION = struct.pack("<ii", 32, 6) + b"seen by the caller only\0"


def organs() -> np.ndarray:
    """Three boxes and a voxel in a volume of (20, 21, 22): labels 5, 7, 11 and 1."""
    labels = np.zeros((20, 21, 22), dtype=np.int64)
    labels[3:9, 4:9, 5:12] = 5
    labels[10:15, 3:8, 2:7] = 7
    labels[12:18, 12:18, 12:18] = 11
    labels[1, 1, 1] = 1
    return labels


@dataclass(frozen=True)
class Nifti:
    """A file to be: what is stored, and what its header says, true or not."""

    stored: np.ndarray = field(default_factory=lambda: organs().astype("<u1"))
    version: int = 1
    slope: float = 1.0
    inter: float = 0.0
    affine: np.ndarray = field(default_factory=lambda: AFFINE)
    extension: bytes = b""
    padding: bytes = b""
    codes: tuple[int, int] = (0, 1)  # qform, sform
    quatern: tuple[float, ...] = (0.0,) * 6
    pixdim: tuple[float, ...] = (1.0, 0.8, 0.8, 1.5, 0.0, 0.0, 0.0, 0.0)
    units: int = 2
    order: str = "<"
    is_pair: bool = False
    dim: tuple[int, ...] | None = None
    datatype: int | None = None
    bitpix: int | None = None
    vox_offset: float | None = None

    def header(self) -> bytes:
        """Header, extension flag and extensions."""
        head = bytearray(348 if self.version == 1 else 540)
        ends = len(head) + 4 + len(self.extension) + len(self.padding)
        offset = self.vox_offset if self.vox_offset is not None else 0 if self.is_pair else ends
        shape = self.stored.shape
        dim = self.dim or (len(shape), *shape, *(1,) * (7 - len(shape)))
        types = (
            CODES[self.stored.dtype.str[1:]] if self.datatype is None else self.datatype,
            8 * self.stored.itemsize if self.bitpix is None else self.bitpix,
        )
        self._put(head, "i", (0, 0), len(head))
        if self.version == 1:
            head[344:348] = b"ni1\0" if self.is_pair else b"n+1\0"
        else:
            head[4:12] = (b"ni2\0" if self.is_pair else b"n+2\0") + b"\r\n\x1a\n"
        self._put(head, "8h 8q", (40, 16), *dim)
        self._put(head, "2h 2h", (70, 12), *types)
        self._put(head, "8f 8d", (76, 104), *self.pixdim)
        self._put(head, "f q", (108, 168), offset if self.version == 1 else int(offset))
        self._put(head, "2f 2d", (112, 176), self.slope, self.inter)
        self._put(head, "B i", (123, 500), self.units)
        self._put(head, "2h 2i", (252, 344), *self.codes)
        self._put(head, "6f 6d", (256, 352), *self.quatern)
        self._put(head, "12f 12d", (280, 400), *self.affine.ravel())
        flag = bytes([bool(self.extension), 0, 0, 0])
        return bytes(head) + flag + self.extension + self.padding

    def _put(self, head: bytearray, formats: str, places: tuple[int, int], *values) -> None:
        which = self.version - 1
        kind = (formats.split() * 2)[which]
        struct.pack_into(self.order + kind, head, places[which], *values)

    def voxels(self) -> bytes:
        """The stored values, x fastest."""
        return self.stored.tobytes(order="F")

    def content(self) -> bytes:
        """All bytes of a single file."""
        return self.header() + self.voxels()

    def but(self, **changes) -> "Nifti":
        """The same with other values."""
        return replace(self, **changes)


def in_order(stored: np.ndarray, dtype: str) -> Nifti:
    """A file of the data type, its header in the same byte order as its voxels."""
    return Nifti(stored.astype(dtype), order=">" if dtype[0] == ">" else "<")


def write(path: Path, content: bytes) -> Path:
    """Write bytes, packed if the name says so."""
    path.write_bytes(gzip.compress(content, 1, mtime=0) if path.suffix == ".gz" else content)
    return path


def content_of(path: Path) -> bytes:
    """Read bytes back."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def stored_in(path: Path, like: Nifti) -> np.ndarray:
    """Read the voxels back, as they are stored."""
    voxels = content_of(path)[len(like.header()) :]
    return np.frombuffer(voxels, like.stored.dtype).reshape(like.stored.shape, order="F")
