"""The Range header of RFC 9110, section 14: which bytes of a file are asked for."""

import re
from dataclasses import dataclass

_UNIT = "bytes="
_SPEC = re.compile(r"(?P<first>[0-9]{0,19})-(?P<last>[0-9]{0,19})")
_MOST_RANGES = 100


@dataclass(frozen=True, slots=True)
class Span:
    """Some bytes of a file.

    Attributes:
        start: The first.
        stop: One after the last; greater than ``start``.
    """

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def content_range(self, size: int) -> str:
        """Return the header that says which bytes these are."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


class UnsatisfiableError(Exception):
    """The ranges are malformed, or none of them lies in the file."""


def spans_of(header: str, size: int) -> tuple[Span, ...]:
    """Return the bytes that a Range header asks for; none if it is to be ignored.

    Ignored are other units than bytes, as the RFC demands, and ranges that are more than a hundred
    or ask for more than the whole file: nobody needs them, and each costs work.

    Raises:
        UnsatisfiableError: The answer is 416.
    """
    if header[: len(_UNIT)].lower() != _UNIT:
        return ()
    wanted = [part.strip(" \t") for part in header[len(_UNIT) :].split(",")]
    wanted = [part for part in wanted if part]  # the RFC lets lists have empty places
    if len(wanted) > _MOST_RANGES:
        return ()
    if not wanted:
        raise UnsatisfiableError
    spans = [span for part in wanted if (span := _span(part, size))]
    if not spans:
        raise UnsatisfiableError
    if len(spans) > 1 and sum(map(len, spans)) >= size:
        return ()
    return tuple(spans)


def _span(spec: str, size: int) -> Span | None:
    """Return the span of one range, or None where it begins after the file's end."""
    if (found := _SPEC.fullmatch(spec)) is None or spec == "-":
        raise UnsatisfiableError
    first, last = found["first"], found["last"]
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            raise UnsatisfiableError
    return Span(start, stop) if start < stop else None
