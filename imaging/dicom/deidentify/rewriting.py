"""A DICOM file written anew: another header, and the bytes of its pixel data as they are."""

import io
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pydicom
from pydicom import FileDataset
from pydicom.uid import UID

from imaging.dicom.deidentify.writing import header_bytes
from imaging.dicom.reading import UNREADABLE
from imaging.dicom.whole import NO_DICOM, Structure, structure_of
from imaging.errors import DicomError
from imaging.files import whole_file

_CHUNK = 1 << 20


class Opened(NamedTuple):
    """A file that was read.

    Attributes:
        dataset: Its attributes; with the pixel data only where ``pixels`` is None.
        pixels: Where its pixel data lies, to be copied; None where there is none to copy so.
    """

    dataset: FileDataset
    pixels: tuple[int, int] | None


def read_header(file: BinaryIO, name: str) -> Opened:
    """Read all of a DICOM file but its pixel data, and check that it is whole.

    What follows the pixel data (padding, signatures, private groups) is never kept, so it is not
    read. A file without the preamble of PS3.10 is taken when it says what kind of object it is.

    Args:
        file: The open file.
        name: How an error names it.

    Raises:
        DicomError: It is cut short, malformed, or no DICOM.
    """
    try:
        structure = structure_of(file)
        fault = structure.fault or structure.disorder
        if fault not in {"", NO_DICOM}:
            raise DicomError(name, fault)
        opened = _read(file, structure)
        says_what_it_is = "SOPClassUID" in opened.dataset
    except UNREADABLE as error:
        msg = f"malformed: {type(error).__name__}"
        raise DicomError(name, msg) from None  # what pydicom says may hold a value
    if fault and not says_what_it_is:
        raise DicomError(name, fault)
    return opened


def write_object(target: Path, dataset: FileDataset, source: BinaryIO, opened: Opened) -> None:
    """Write an object, wholly or not at all, with the pixel data of the file it came from."""
    # Some objects do not say what they are; they are written without saying it.
    stated = {"MediaStorageSOPClassUID", "MediaStorageSOPInstanceUID"}
    is_complete = all(keyword in dataset.file_meta for keyword in stated)
    if opened.pixels is None:
        header = _encoded(dataset, opened.dataset, is_complete=is_complete)
    else:
        header = header_bytes(dataset, is_complete=is_complete)
    with whole_file(target) as part, part.open("wb") as file:
        file.write(header)
        if opened.pixels is not None:
            _copy(source, file, opened.pixels)


def _encoded(dataset: FileDataset, source: FileDataset, *, is_complete: bool) -> bytes:
    """Return a file's bytes, encoded as its transfer syntax says, else as the source was."""
    content = io.BytesIO()
    is_implicit, is_little = source.original_encoding
    pydicom.dcmwrite(
        content,
        dataset,
        implicit_vr=is_implicit,
        little_endian=is_little,
        enforce_file_format=is_complete,
    )
    content.seek(0)
    if fault := structure_of(content).fault:  # of a file whose parts are encoded in several ways
        raise ValueError(fault)
    return content.getvalue()


def _read(file: BinaryIO, structure: Structure) -> Opened:
    file.seek(0)
    if structure.pixels is not None:
        header = pydicom.dcmread(io.BytesIO(file.read(structure.pixels[0])))
        if _is_as_declared(header, structure):
            return Opened(header, structure.pixels)
        file.seek(0)  # pixel data copied as it is would be read in the declared encoding
    return Opened(pydicom.dcmread(file, force=True), None)


def _is_as_declared(dataset: FileDataset, structure: Structure) -> bool:
    """Whether a data set is encoded as its transfer syntax says."""
    syntax = UID(dataset.file_meta.get("TransferSyntaxUID", ""))
    if not syntax.is_transfer_syntax or syntax.is_implicit_VR == structure.is_explicit:
        return False
    return dataset.original_encoding == (syntax.is_implicit_VR, syntax.is_little_endian)


def _copy(source: BinaryIO, target: BinaryIO, span: tuple[int, int]) -> None:
    start, end = span
    source.seek(start)
    while start < end:
        target.write(chunk := source.read(min(_CHUNK, end - start)))
        start += len(chunk)
        if not chunk:
            msg = "the file shrank while it was read"
            raise OSError(msg)
