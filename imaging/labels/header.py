"""The header of a NIfTI file: how voxels are stored, where they begin, where they are in space.

NIfTI-1 and NIfTI-2 in either byte order, by https://nifti.nimh.nih.gov/nifti-1 and nifti-2. A
header that contradicts itself is refused: who believes the wrong half of it sees another organ.
"""

import math
import struct
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from imaging.errors import NiftiError

HEADER_BYTES = 540  # of NIfTI-2, the longer one
MOST_VOXEL_BYTES = 64 << 30  # no scanner makes more; a header that asks for it lies
MOST_HEADER_BYTES = 64 << 20  # with extensions, which hold a few KB

_CODES = MappingProxyType(
    {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8"}
    | {1280: "u8"}
)
_NO_LABELS = MappingProxyType(
    {1: "bits", 32: "complex64", 128: "RGB24", 1536: "float128", 1792: "complex128"}
    | {2048: "complex256", 2304: "RGBA32"}
)


@dataclass(frozen=True, slots=True)
class NiftiHeader:
    """What a header says of its voxels.

    Attributes:
        version: 1 or 2.
        is_pair: The voxels are in a file of their own, ``.img``.
        dtype: Of a stored value, with its byte order.
        shape: The dimensions (x, y, z, volumes, ...), the first of which varies fastest.
        vox_offset: How many bytes come before the voxels, in the file that holds these.
        slope: A value is ``slope * stored + inter``; 1 where the header asks for no scaling.
        inter: Likewise; 0 where the header asks for no scaling.
        pixdim: The grid spacings, the first being the sign of z (qfac); in the header's own units.
        units: ``xyzt_units``.
        qform_code: Above 0 if ``quatern`` counts.
        sform_code: Above 0 if ``srow`` counts, and then before ``quatern``.
        quatern: b, c, d of the quaternion, then the offsets of x, y and z.
        srow: The affine's three rows, one after the other.
    """

    version: int
    is_pair: bool
    dtype: "np.dtype[np.generic]"
    shape: tuple[int, ...]
    vox_offset: int
    slope: float
    inter: float
    pixdim: tuple[float, ...]
    units: int
    qform_code: int
    sform_code: int
    quatern: tuple[float, ...]
    srow: tuple[float, ...]

    @property
    def is_scaled(self) -> bool:
        """Whether a label id differs from what is stored."""
        return (self.slope, self.inter) != (1.0, 0.0)

    @property
    def volume_shape(self) -> tuple[int, int, int]:
        """The dimensions of one volume, (x, y, z)."""
        x, y, z = (*self.shape, 1, 1)[:3]
        return x, y, z

    @property
    def data_bytes(self) -> int:
        """How many bytes the voxels take."""
        return math.prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where a version keeps its fields: for each a struct format and an offset in bytes."""

    version: int
    size: int
    magic_at: int
    single: bytes
    pair: bytes
    types: tuple[str, int]
    dim: tuple[str, int]
    pixdim: tuple[str, int]
    vox_offset: tuple[str, int]
    scaling: tuple[str, int]
    units: tuple[str, int]
    codes: tuple[str, int]
    quatern: tuple[str, int]
    srow: tuple[str, int]


_LAYOUTS = (
    _Layout(
        version=1,
        size=348,
        magic_at=344,
        single=b"n+1\0",
        pair=b"ni1\0",
        types=("2h", 70),
        dim=("8h", 40),
        pixdim=("8f", 76),
        vox_offset=("f", 108),
        scaling=("2f", 112),
        units=("B", 123),
        codes=("2h", 252),
        quatern=("6f", 256),
        srow=("12f", 280),
    ),
    _Layout(
        version=2,
        size=540,
        magic_at=4,
        single=b"n+2\0\r\n\x1a\n",
        pair=b"ni2\0\r\n\x1a\n",
        types=("2h", 12),
        dim=("8q", 16),
        pixdim=("8d", 104),
        vox_offset=("q", 168),
        scaling=("2d", 176),
        units=("i", 500),
        codes=("2i", 344),
        quatern=("6d", 352),
        srow=("12d", 400),
    ),
)


def parse_header(head: bytes) -> NiftiHeader:
    """Read a header from a file's first bytes, at most ``HEADER_BYTES`` of them.

    Raises:
        NiftiError: It is none, contradicts itself, or its voxels can hold no labels.
    """
    layout, order = _recognised(head)

    def field(place: tuple[str, int]) -> tuple[float, ...]:
        return struct.unpack_from(order + place[0], head, place[1])

    is_pair = _is_pair(layout, head)
    slope, inter = _scaling(*field(layout.scaling))
    qform_code, sform_code = field(layout.codes)
    header = NiftiHeader(
        version=layout.version,
        is_pair=is_pair,
        dtype=_dtype(order, *map(int, field(layout.types))),
        shape=_shape(tuple(map(int, field(layout.dim)))),
        vox_offset=_vox_offset(field(layout.vox_offset)[0], 0 if is_pair else layout.size + 4),
        slope=slope,
        inter=inter,
        pixdim=field(layout.pixdim)[:4],
        units=int(field(layout.units)[0]),
        qform_code=int(qform_code),
        sform_code=int(sform_code),
        quatern=field(layout.quatern),
        srow=field(layout.srow),
    )
    if header.data_bytes > MOST_VOXEL_BYTES:
        msg = f"The header asks for {header.data_bytes} bytes of voxels"
        raise NiftiError(msg)
    return header


def _recognised(head: bytes) -> tuple[_Layout, str]:
    """Tell version and byte order by the first field, which is the header's own size."""
    kinds = [(layout, order) for layout in _LAYOUTS for order in "<>"]
    found = [kind for kind in kinds if head[:4] == struct.pack(f"{kind[1]}i", kind[0].size)]
    if not found:
        msg = "This is no NIfTI file: it does not begin with the size of a NIfTI header"
        raise NiftiError(msg)
    if len(head) < found[0][0].size:
        msg = "The file ends inside its header"
        raise NiftiError(msg)
    return found[0]


def _is_pair(layout: _Layout, head: bytes) -> bool:
    magic = head[layout.magic_at : layout.magic_at + len(layout.single)]
    if magic not in {layout.single, layout.pair}:
        msg = f"The header has the size of NIfTI-{layout.version} but not its magic (ANALYZE?)"
        raise NiftiError(msg)
    return magic == layout.pair


def _dtype(order: str, code: int, bits: int) -> "np.dtype[np.generic]":
    if code not in _CODES:
        msg = f"Voxels of datatype {code} ({_NO_LABELS.get(code, 'unknown')}) can hold no labels"
        raise NiftiError(msg)
    dtype: np.dtype[np.generic] = np.dtype(order + _CODES[code])
    if bits != 8 * dtype.itemsize:
        msg = f"The header's bit depth {bits} is not that of its datatype {code}"
        raise NiftiError(msg)
    return dtype


def _shape(dim: tuple[int, ...]) -> tuple[int, ...]:
    count = dim[0]
    if not 1 <= count <= 7 or min(dim[1 : count + 1]) < 1:
        msg = f"The header's dimensions {dim} cannot be"
        raise NiftiError(msg)
    return dim[1 : count + 1]


def _vox_offset(offset: float, least: int) -> int:
    """Check where voxels begin; 0 in a single file means right after the header."""
    is_whole = math.isfinite(offset) and offset == int(offset)
    if is_whole and (offset == 0 or least <= offset <= MOST_HEADER_BYTES):
        return int(offset) or least
    msg = f"Voxels cannot begin at byte {offset}"
    raise NiftiError(msg)


def _scaling(slope: float, inter: float) -> tuple[float, float]:
    """Apply the standard's rule: a slope of 0 (or none that is a number) asks for no scaling."""
    if slope == 0 or not math.isfinite(slope):
        return 1.0, 0.0
    if not math.isfinite(inter):
        msg = "The header's scl_inter is not finite"
        raise NiftiError(msg)
    return slope, inter
