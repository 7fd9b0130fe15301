"""A label map being written: whole or not there, and gzip of one member if it is gzip."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from isal import isal_zlib

from imaging.errors import InputError
from imaging.files import whole_file
from imaging.labels.source import pair_of

_GZIP = 31  # a gzip header without a name and with a time of 0, so that bytes repeat
_MOST_LEVEL = 3
_BUFFER = 1 << 18

Write = Callable[[bytes | memoryview], object]


@contextmanager
def written(target: Path, header_file: bytes, level: int) -> Iterator[Write]:
    """Write a file, or a pair where the header had a file of its own; whole, or not at all.

    Args:
        target: Packed if the name ends in ``.gz``; of a pair either file.
        header_file: All of the pair's ``.hdr``, which appears last; empty for a single file.
        level: Of compression, 0 to 3.

    Yields:
        What writes the next bytes of the single file, or of the ``.img``.

    Raises:
        InputError: The level is another, or the name is a pair's and the header no pair's.
    """
    if not 0 <= level <= _MOST_LEVEL:
        msg = f"The compression level is 0 to {_MOST_LEVEL}, not {level}"
        raise InputError(msg)
    pair = pair_of(target)
    if (pair is not None) != bool(header_file):
        msg = "The header is copied as it is: a pair .hdr and .img stays one, a single file too"
        raise InputError(msg)
    if pair is None:
        with whole_file(target) as part, _packed(part, level) as write:
            yield write
        return
    header, image = pair
    with whole_file(header) as header_part, whole_file(image) as image_part:
        with _packed(header_part, level) as write:
            write(header_file)
        with _packed(image_part, level) as write:
            yield write
        header.unlink(missing_ok=True)  # an old header over new voxels would be a lie


@contextmanager
def _packed(path: Path, level: int) -> Iterator[Write]:
    with path.open("wb", buffering=_BUFFER) as file:
        if path.suffix.lower() != ".gz":
            yield file.write
            return
        packer = isal_zlib.compressobj(level, isal_zlib.DEFLATED, _GZIP)

        def write(piece: bytes | memoryview) -> None:
            file.write(packer.compress(piece))

        yield write
        file.write(packer.flush())
