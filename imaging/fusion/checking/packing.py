"""One volume in one zip: neutral names, no other members, the same bytes for the same volume."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, NamedTuple, cast

from isal import igzip, isal_zlib

from imaging.dicom.deidentify import Deidentifier
from imaging.dicom.reading import reason
from imaging.errors import DicomError, InputError
from imaging.files import whole_file
from imaging.fusion.checking.cbct import CbctSource
from imaging.fusion.checking.containers import Member, Open, content_of
from imaging.fusion.checking.nameless import nameless
from imaging.fusion.checking.nrrd import Nrrd, read_nrrd
from imaging.fusion.checking.zipping import ZipWriter

_BLOCK = 1 << 20
_DAMAGED = (OSError, EOFError, vars(isal_zlib)["error"])

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Packed:
    """A zip that may be sent.

    Attributes:
        bytes: Its size.
        files: How many files are in it.
        sha256: Of the zip.
        notes: What was done to them, in words.
    """

    bytes: int
    files: int
    sha256: str
    notes: tuple[str, ...] = ()


@nameless("the CBCT")
def pack_cbct(
    source: CbctSource,
    target: Path,
    *,
    deidentifier: Deidentifier | None = None,
    progress: Progress = lambda _: None,
) -> Packed:
    """Pack the files of a volume, and nothing else, in constant memory.

    DICOM slices become `0001.dcm`, ... in the order in which they are stacked. Of NRRD, the header
    is written anew without any text of people's, and the voxels are packed once.

    Args:
        source: What `check_cbct` found.
        target: The zip; written wholly or not at all.
        deidentifier: Makes each DICOM slice one without an identity. A slice out of a zip lies
            beside the target for that moment. Without it, slices are packed as they are.
        progress: Called with the number of bytes packed so far.

    Raises:
        InputError: A file is damaged, has changed, or is held back because its pixels may show a
            name; the message names it by its number.
    """
    with whole_file(Path(target)) as part, part.open("w+b") as file:
        with source.container.opened() as opened:
            writer = ZipWriter(file)
            if source.kind == "NRRD":
                notes = _pack_volume(source, opened, writer, progress)
            else:
                job = _Job(source, opened, deidentifier, Path(target).parent)
                notes = _pack_slices(job, writer, progress)
        writer.close()
        size = file.tell()
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Packed(size, len(source.members), digest, notes)


class _Job(NamedTuple):
    """Slices to be packed, and what with."""

    source: CbctSource
    opened: Open
    deidentifier: Deidentifier | None
    folder: Path


def _pack_slices(job: _Job, writer: ZipWriter, progress: Progress) -> tuple[str, ...]:
    """Pack the slices of a series, each under its number."""
    members = job.source.members
    digits = max(4, len(str(len(members))))
    held_back: Counter[str] = Counter()
    done = 0
    for number, member in enumerate(members, start=1):
        try:
            with nameless(f"the CBCT: slice {number}"):
                writer.add(f"{number:0{digits}}.dcm", member.size, _content(job, member))
        except _HeldBackError as error:
            held_back.update(error.reasons)
        except DicomError as error:
            msg = f"the CBCT: slice {number}: {reason(error)}"  # the error names the file
            raise InputError(msg) from None
        done += member.size
        progress(done)
    if held_back:
        found = "; ".join(
            f"{count} of {len(members)} files: {why}" for why, count in held_back.items()
        )
        msg = f"the CBCT is held back: {found}"
        raise InputError(msg)
    return ("de-identified",) if job.deidentifier else ()


class _HeldBackError(Exception):
    """De-identification wrote nothing; never leaves this module."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


def _content(job: _Job, member: Member) -> Iterator[bytes]:
    """Yield a slice's file as it is to be packed."""
    if job.deidentifier is None:
        yield from content_of(job.opened, member)
        return
    with TemporaryDirectory(dir=job.folder, prefix=".cbct-") as place:
        cleaned = Path(place, "cleaned.dcm")
        outcome = job.deidentifier.file(_plain(job, member, Path(place)), cleaned)
        if not outcome.is_written:
            raise _HeldBackError(outcome.held_back)
        with cleaned.open("rb") as file:
            yield from _blocks(file)


def _plain(job: _Job, member: Member, place: Path) -> Path:
    """Return a member as a file by itself."""
    if not job.source.container.is_zip:
        return job.source.container.path / member.name
    plain = place / "plain.dcm"
    with plain.open("wb") as file:
        file.writelines(content_of(job.opened, member))
    return plain


def _pack_volume(
    source: CbctSource, opened: Open, writer: ZipWriter, progress: Progress
) -> tuple[str, ...]:
    """Pack an NRRD volume under a header of its geometry alone."""
    (member,) = source.members
    with opened(member) as file:
        nrrd = read_nrrd(file)
    with opened(member) as file:
        file.seek(nrrd.start)
        header = nrrd.header()
        size = len(header) + nrrd.voxel_bytes
        try:
            writer.add("volume.nrrd", size, chain([header], _voxels(file, nrrd, progress)))
        except _DAMAGED as error:
            msg = f"the CBCT: its voxels cannot be read or packed ({type(error).__name__})"
            raise InputError(msg) from None
    return ("the NRRD header was written anew: geometry only",)


def _voxels(file: BinaryIO, nrrd: Nrrd, progress: Progress) -> Iterator[bytes]:
    """Yield the voxels, of which there must be as many as the header says.

    Args:
        file: Where they begin.
        nrrd: What they are.
        progress: Called with the number of bytes so far.
    """
    packed = igzip.open(file) if nrrd.is_gzip else file  # type: ignore[no-untyped-call]
    done = 0
    for block in _blocks(cast("BinaryIO", packed)):
        done += len(block)
        if done > nrrd.voxel_bytes:
            break
        yield block
        progress(done)
    if done != nrrd.voxel_bytes:
        msg = "the CBCT: the NRRD file holds more or fewer voxels than it states"
        raise InputError(msg)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block
