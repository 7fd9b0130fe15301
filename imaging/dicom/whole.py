"""Whether a DICOM file is whole, and whose it is, from its structure alone (DICOM PS3.5, 7).

pydicom reads a file that is cut short without a word: values come back short, sequences end early.
Following the lengths from element to element tells. No value is decoded, so an element costs about
a microsecond.
"""

import os
import struct
from typing import BinaryIO, NamedTuple

NO_DICOM = "not a DICOM file"

_META_START = 132  # a preamble of 128 bytes, then DICM (PS3.10, 7.1)
_MOST_META = 1 << 16
_UNDEFINED = 0xFFFFFFFF
_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})  # float, double float, and integer
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX = 0x00020002, 0x00020003, 0x00020010
_DEFLATED, _BIG_ENDIAN = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())


class FileMeta(NamedTuple):
    """What a file's meta information says (PS3.10, 7.1).

    Attributes:
        transfer_syntax: TransferSyntaxUID, "" where absent.
        sop_class_uid: MediaStorageSOPClassUID, "" where absent.
        sop_instance_uid: MediaStorageSOPInstanceUID, "" where absent.
        end: Where the data set begins, in bytes from the start of the file.
    """

    transfer_syntax: str
    sop_class_uid: str
    sop_instance_uid: str
    end: int


class Structure(NamedTuple):
    """What following the lengths of a file's elements tells.

    Attributes:
        fault: What is wrong, in words; "" when the file is whole. A deflated file counts as whole:
            only inflating it would tell.
        pixels: Where its pixel data begins and ends, header and delimiter included, in bytes from
            the start of the file; None where it has none, or is deflated.
        is_explicit: Whether its elements say their VR, whatever the transfer syntax says.
        disorder: What readers may understand in different ways, in words; "" when nothing.
    """

    fault: str
    pixels: tuple[int, int] | None = None
    is_explicit: bool = False
    disorder: str = ""


class _FaultError(Exception):
    """The structure does not hold; never leaves this module."""


def read_meta(head: bytes | memoryview) -> FileMeta | None:
    """Read the file meta information out of a file's first bytes, None when it is not DICOM.

    A head that ends inside it gives what came before; two kilobytes are enough in practice.
    """
    if head[128:_META_START] != b"DICM":
        return None
    uids: dict[int, str] = {}
    start = _META_START
    while start + 12 <= len(head):
        group, number, vr, length = struct.unpack_from("<HH2sH", head, start)
        if group != 2:
            break
        start += 8
        if vr in LONG_VRS:
            (length,) = struct.unpack_from("<L", head, start)
            start += 4
        if vr == b"UI":
            text = bytes(head[start : start + length]).decode("ascii", "replace")
            uids[group << 16 | number] = text.strip("\0 ")
        start += length
    return FileMeta(
        transfer_syntax=uids.get(_TRANSFER_SYNTAX, ""),
        sop_class_uid=uids.get(_SOP_CLASS, ""),
        sop_instance_uid=uids.get(_SOP_INSTANCE, ""),
        end=start,
    )


def structural_fault(file: BinaryIO) -> str:
    """Return what is wrong with a DICOM file's structure, in words; "" when it is whole."""
    return structure_of(file).fault


def structure_of(file: BinaryIO) -> Structure:
    """Follow the structure of a DICOM file to its end.

    Args:
        file: Open and seekable; it is left anywhere.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    meta = read_meta(file.read(_MOST_META))
    if meta is None:
        return Structure(NO_DICOM)
    if meta.end >= size:
        return Structure("cut short: no data set follows its file meta information")
    if meta.transfer_syntax == _DEFLATED:
        return Structure("")
    walk = _Walk(file, size, meta)
    try:
        walk.dataset(meta.end, size)
    except _FaultError as error:
        return Structure(str(error))
    return Structure("", walk.pixels, walk.has_vr, walk.disorder)


class _Walk:
    """Goes through a data set by its lengths; each method returns where its subject ends."""

    def __init__(self, file: BinaryIO, size: int, meta: FileMeta) -> None:
        self._file = file
        self._size = size
        order = ">" if meta.transfer_syntax == _BIG_ENDIAN else "<"
        self._explicit = struct.Struct(order + "HH2sH")
        self._implicit = struct.Struct(order + "HHL")
        self._length = struct.Struct(order + "L")
        # The first element is short, so two letters after its tag are a VR, never a length. Writers
        # that name the wrong transfer syntax are thereby understood, as pydicom understands them.
        file.seek(meta.end + 4)
        self.has_vr = _is_vr(file.read(2))
        self.pixels: tuple[int, int] | None = None
        self.disorder = ""

    def dataset(self, start: int, end: int | None) -> int:
        """Follow elements up to ``end``, or where it is None, past an item's delimiter."""
        while end is None or start < end:
            first = start
            tag, start, length = self._header(start)
            if tag == _ITEM_END:
                if end is not None:
                    self._note(tag, first, start)
                break
            if tag == 0 and length == 0:
                return self._size  # some writers fill the last block with zeros
            start = self._sequence(start) if length == _UNDEFINED else self._skip(start, length)
            if end is not None:
                self._note(tag, first, start)
        return start

    def _note(self, tag: int, start: int, end: int) -> None:
        """Note where an element of the top level lies, and whether it belongs there."""
        if tag >> 16 == 0xFFFE:
            self.disorder = "an item outside of any sequence"
        elif self.pixels is not None and tag <= max(_PIXELS):
            self.disorder = "attributes after its pixel data"
        elif tag in _PIXELS:
            self.pixels = start, end

    def _sequence(self, start: int) -> int:
        """Follow items, or the fragments of compressed pixels, past the sequence's delimiter."""
        while True:
            tag, start, length = self._header(start)
            if tag == _SEQUENCE_END:
                return start
            if tag != _ITEM:
                msg = "a sequence holds something else than items"
                raise _FaultError(msg)
            start = self.dataset(start, None) if length == _UNDEFINED else self._skip(start, length)

    def _header(self, start: int) -> tuple[int, int, int]:
        """Return an element's tag, where its value starts, and its length."""
        self._skip(start, 8)
        self._file.seek(start)
        header = self._file.read(12)
        group, number, length = self._implicit.unpack_from(header)
        tag = group << 16 | number
        if group == 0xFFFE or not self.has_vr or not _is_vr(header[4:6]):
            return tag, start + 8, length
        if header[4:6] not in LONG_VRS:
            return tag, start + 8, self._explicit.unpack_from(header)[3]
        self._skip(start, 12)
        return tag, start + 12, self._length.unpack_from(header, 8)[0]

    def _skip(self, start: int, length: int) -> int:
        """Return the place ``length`` bytes on, which must not be beyond the end of the file."""
        if start + length > self._size:
            msg = f"cut short: at least {start + length - self._size} bytes are missing at its end"
            raise _FaultError(msg)
        return start + length


def _is_vr(letters: bytes) -> bool:
    return letters.isalpha() and letters.isupper()
