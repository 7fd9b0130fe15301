"""A label map being read: its header, then its voxels piece by piece, checked to the last byte."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from imaging.errors import NiftiError
from imaging.labels.header import HEADER_BYTES, MOST_HEADER_BYTES, NiftiHeader, parse_header
from imaging.labels.streams import Read, exactly, reader_of

WORD = 8  # bytes; pieces are cut between words, so that no voxel is ever cut
_PIECE = 1 << 19  # bytes in memory at once: few enough for a processor's cache
_MOST_TRAILING = 1 << 20
_PAIR = re.compile(r"(?P<stem>.*\.)(?P<kind>hdr|img)(?P<gz>\.gz)?", re.IGNORECASE | re.DOTALL)


class LabelSource:
    """A label map that is open; read its parts once, in this order.

    Attributes:
        header: What the header says.
        header_file: All of an ``.hdr``; empty where header and voxels share a file.
        trailing_bytes: How many bytes followed the voxels; known when these are read.
    """

    def __init__(self, header: NiftiHeader, header_file: bytes, start: bytes, read: Read) -> None:
        self.header = header
        self.header_file = header_file
        self.trailing_bytes = 0
        self._start = start
        self._read = read

    def before_voxels(self) -> Iterator[bytes]:
        """Give the bytes before the voxels, those of extensions among them.

        Raises:
            NiftiError: The file ends among them.
        """
        yield self._start
        left = self.header.vox_offset - len(self._start)
        while left:
            piece = self._read(min(left, _PIECE))
            if not piece:
                msg = f"The file ends {left} bytes before its voxels"
                raise NiftiError(msg)
            left -= len(piece)
            yield piece

    def voxels(self) -> Iterator[memoryview]:
        """Give the voxels' bytes in pieces that are whole words, except perhaps the last.

        Raises:
            NiftiError: The file is damaged, ends too soon or goes on for too long. Then what was
                given until here is worth nothing.
        """
        left = self.header.data_bytes
        while left:
            piece = self._voxel_bytes(left)
            left -= len(piece)
            odd = len(piece) % WORD if left else 0
            if len(piece) > odd:
                yield memoryview(piece)[: len(piece) - odd]
            if odd:  # a word of its own: to put it before the next piece would copy that piece
                rest = exactly(self._read, min(WORD - odd, left))
                left -= len(rest)
                yield memoryview(piece[-odd:] + rest)
        self._end()

    def _voxel_bytes(self, left: int) -> bytes:
        piece = self._read(min(left, _PIECE))
        if not piece:
            msg = f"{left} bytes of voxels are missing"
            raise NiftiError(msg)
        return piece

    def _end(self) -> None:
        """Read on to the last checksum, but not through a file that pretends to be a small one."""
        while piece := self._read(_PIECE):
            self.trailing_bytes += len(piece)
            if self.trailing_bytes > _MOST_TRAILING:
                msg = f"More than {_MOST_TRAILING} bytes follow the voxels"
                raise NiftiError(msg)


@contextmanager
def opened(source: Path) -> Iterator[LabelSource]:
    """Open ``.nii``, ``.nii.gz``, or either file of a pair ``.hdr`` and ``.img``.

    Raises:
        NiftiError: The header is refused, or is not what the file's name says.
        OSError: There is no such file, or no other one to make a pair.
    """
    pair = pair_of(source)
    with ExitStack() as files:
        read = reader_of(files.enter_context((pair[0] if pair else source).open("rb")))
        start = exactly(read, HEADER_BYTES)
        header = parse_header(start)
        if header.is_pair != (pair is not None):
            msg = "The header says that the voxels are in an .img, or the name says so: not both"
            raise NiftiError(msg)
        if pair is None:
            yield _single(header, start, read)
            return
        header_file = start + exactly(read, MOST_HEADER_BYTES)
        if read(1):
            msg = f"The .hdr holds more than {MOST_HEADER_BYTES} bytes"
            raise NiftiError(msg)
        voxels = reader_of(files.enter_context(pair[1].open("rb")))
        yield LabelSource(header, header_file, b"", voxels)


def read_head(source: Path) -> tuple[NiftiHeader, bytes]:
    """Return the header, and all bytes before the voxels: the header's own and its extensions'.

    Raises:
        NiftiError: The header is refused.
        OSError: There is no such file.
    """
    with opened(source) as labels:
        return labels.header, labels.header_file or b"".join(labels.before_voxels())


def pair_of(path: Path) -> tuple[Path, Path] | None:
    """Return the ``.hdr`` and the ``.img`` that one of them stands for, or None for other names.

    Both are packed, or neither, unless only such another file is there.
    """
    if (found := _PAIR.fullmatch(path.name)) is None:
        return None
    is_header = found["kind"].lower() == "hdr"
    kind = "img" if is_header else "hdr"
    stem = found["stem"] + (kind.upper() if found["kind"].isupper() else kind)
    gz = found["gz"] or ""
    alike, unlike = path.with_name(stem + gz), path.with_name(stem + ("" if gz else ".gz"))
    other = unlike if unlike.exists() and not alike.exists() else alike
    return (path, other) if is_header else (other, path)


def _single(header: NiftiHeader, start: bytes, read: Read) -> LabelSource:
    """Give back to the voxels what was read of them in search of a longer header."""
    kept = memoryview(start)[: header.vox_offset]
    ahead = memoryview(start)[header.vox_offset :]

    def read_on(most: int) -> bytes:
        nonlocal ahead
        if not ahead:
            return read(most)
        piece, ahead = bytes(ahead[:most]), ahead[most:]
        return piece

    return LabelSource(header, b"", bytes(kept), read_on)
