"""A multipart body into files, piece by piece: no file is in memory whole, and none names itself.

Starlette's own parser spools to the machine's temporary folder, and is given names by the sender.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from fastapi import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_MOST_PARTS = 256
_LONGEST_FIELD = 1 << 16
_MOST_NAMES = 40  # that a refusal lists


@dataclass(frozen=True, slots=True)
class Received:
    """What came in a request.

    Attributes:
        folder: Holds the files, and whatever is made of them; it goes with the request.
        files: Paths by name of the field, in the order they came.
        fields: Texts by name of the field, likewise.
    """

    folder: Path
    files: dict[str, list[Path]] = field(default_factory=dict)
    fields: dict[str, list[str]] = field(default_factory=dict)

    def new_file(self, name: str) -> Path:
        """Note a file of a field, and name it by that alone: a sender's name may be a patient's."""
        paths = self.files.setdefault(name, [])
        paths.append(self.folder / f"{name}-{len(paths) + 1}.dcm")
        return paths[-1]


class PartsParser:
    """Takes the bytes of a multipart body, and writes its files as they come."""

    def __init__(
        self, content_type: str, received: Received, files: Collection[str], fields: Collection[str]
    ) -> None:
        """Start with the header that tells where a part ends.

        Args:
            content_type: Of the request.
            received: What is filled.
            files: Names of fields that are files.
            fields: Names of the others there may be.

        Raises:
            HTTPException: No boundary is stated, or one that cannot be.
        """
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise HTTPException(422, "the Content-Type of a multipart body states its boundary")
        self._received, self._files, self._fields = received, files, fields
        self._parts = 0
        self._is_complete = False
        self._header, self._value, self._disposition = b"", b"", b""
        self._name = ""
        self._text = bytearray()
        self._file: BinaryIO | None = None
        try:
            self._parser = MultipartParser(boundary, self._callbacks())
        except FormParserError:
            raise HTTPException(422, "the boundary of the multipart body is too long") from None

    def write(self, data: bytes) -> None:
        """Take some bytes.

        Raises:
            HTTPException: They are no multipart body, or more parts or other fields than there may
                be.
        """
        try:
            self._parser.write(data)
        except FormParserError:
            raise HTTPException(422, "the multipart body is malformed") from None

    def close(self, *, is_whole: bool) -> None:
        """Close what is open; where the body ended, refuse one that is cut short."""
        if self._file is not None:
            self._file.close()
        if is_whole and not self._is_complete:
            raise HTTPException(422, "the multipart body is cut short")

    def _callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._on_part_begin,
            "on_part_data": self._on_part_data,
            "on_part_end": self._on_part_end,
            "on_header_field": self._on_header_field,
            "on_header_value": self._on_header_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_end": self._on_end,
        }

    def _on_part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise HTTPException(413, f"a multipart body has at most {_MOST_PARTS} parts")
        self._disposition = b""
        self._text = bytearray()

    def _on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _on_headers_finished(self) -> None:
        name = parse_options_header(self._disposition)[1].get(b"name", b"")
        self._name = name.decode("utf-8", "replace")
        if self._name in self._files:
            self._file = self._received.new_file(self._name).open("xb")
        elif self._name not in self._fields:
            known = ", ".join([*self._files, *self._fields][:_MOST_NAMES])
            raise HTTPException(422, f"a field has a name that is not known. There are: {known}")

    def _on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(memoryview(data)[start:end])
            return
        if len(self._text) + end - start > _LONGEST_FIELD:
            raise HTTPException(413, f"{self._name} is longer than {_LONGEST_FIELD} bytes")
        self._text += data[start:end]

    def _on_part_end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            return
        try:
            text = self._text.decode()
        except UnicodeDecodeError:
            raise HTTPException(422, f"{self._name} is no UTF-8") from None
        self._received.fields.setdefault(self._name, []).append(text)

    def _on_end(self) -> None:
        self._is_complete = True
