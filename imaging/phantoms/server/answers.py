"""What a simulated Orthanc answers: made as it is sent, so that no answer is ever held whole."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from imaging.phantoms.server.template import (
    DIGITS,
    LAST_UPDATE,
    PREFIX,
    Stamped,
    Template,
)

BOUNDARY = "simulated"
_ONE = re.compile(r"/instances/([-0-9a-f]+)/(file|simplified-tags)")
_WADO = re.compile(r"/dicom-web/studies/[.0-9]+/series/([.0-9]+)")
_ALL = "00000000-99999999"


class AbsentError(Exception):
    """There is nothing of the kind: a 404."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer on its way.

    Attributes:
        kind: What was asked, for counting.
        size: Content-Length.
        pieces: The content.
        content_type: Content-Type.
    """

    kind: str
    size: int
    pieces: Iterable[bytes]
    content_type: str = "application/json"

    @classmethod
    def whole(cls, kind: str, content: bytes) -> "Reply":
        """Make a small one."""
        return cls(kind, len(content), [content])

    @classmethod
    def of(cls, kind: str, value: Any) -> "Reply":
        """Make a small one in JSON."""
        return cls.whole(kind, json.dumps(value).encode())


class Answers:
    """Answers for many patients, all like the one of the template.

    Attributes:
        patients: How many there are; their numbers begin at 0.
    """

    def __init__(self, template: Template, patients: int) -> None:
        self.patients = patients
        self._template = template
        self._by_id = {one.orthanc_id: one for one in template.instances}
        self._touched: list[int] = []  # in the order of the feed
        self._updated: dict[int, bytes] = {}

    def touch(self, number: int) -> None:
        """Let a patient's content be replaced: the feed tells, and LastUpdate changes."""
        self._touched.append(number)
        self._updated[number] = b"20260102T%06d" % len(self._touched)

    def get(self, path: str) -> Reply:
        """Answer a GET.

        Raises:
            AbsentError: There is nothing at that path.
        """
        place, _, question = path.partition("?")
        if place == "/system":
            return Reply.of("system", {"ApiVersion": 16, "Version": "1.10.1"})
        if place == "/plugins":
            return Reply.of("plugins", ["dicom-web"])
        if place == "/changes":
            return self._changes(parse_qs(question, keep_blank_values=True))
        if match := _ONE.fullmatch(place):
            return self._one(match[1], match[2])
        if match := _WADO.fullmatch(place):
            return self._stream(match[1])
        raise AbsentError

    def find(self, level: str, query: dict[str, str], since: int, limit: int) -> Reply:
        """Answer a `tools/find` at the level of studies, series or instances."""
        numbers = self._matching(query)
        if limit:
            numbers = numbers[since : since + limit]
        instances = [one.answer for one in self._template.instances]
        kinds = {"Study": [self._template.study], "Series": self._template.series}
        found: Sequence[Stamped] = kinds.get(level, instances)
        each = sum(one.size for one in found) + len(found)
        size = max(2, each * len(numbers) + 1)
        return Reply(f"find {level}", size, self._list(found, numbers))

    def _list(self, found: Sequence[Stamped], numbers: Sequence[int]) -> Iterator[bytes]:
        start = b"["
        for number in numbers:
            text = b",".join(one.of(number) for one in found)
            if number in self._updated:
                text = text.replace(LAST_UPDATE.encode(), self._updated[number])
            yield start + text
            start = b","
        yield b"]" if numbers else b"[]"

    def _matching(self, query: dict[str, str]) -> Sequence[int]:
        """Return the numbers of the patients that match: all, named ones, or by date."""
        if "PatientID" in query:
            ids = query["PatientID"].split("\\")
            return self._known(name[-DIGITS:] for name in ids if name.startswith(PREFIX))
        if "StudyInstanceUID" in query:
            return self._known(uid[-DIGITS:] for uid in query["StudyInstanceUID"].split("\\"))
        first, _, last = query.get("StudyDate", _ALL).partition("-")
        is_in = first <= self._template.study_date <= (last or _ALL[-DIGITS:])
        return range(self.patients if is_in else 0)

    def _known(self, digits: Iterable[str]) -> list[int]:
        numbers = {int(each) for each in digits if each.isdecimal()}
        return sorted(number for number in numbers if number < self.patients)

    def _one(self, orthanc_id: str, what: str) -> Reply:
        number = self._number(orthanc_id)
        instance = self._by_id.get(orthanc_id[:-DIGITS])
        if instance is None:
            raise AbsentError
        if what == "file":
            return Reply.whole("file", instance.file.of(number))
        return Reply.whole("tags", instance.tags.of(number))

    def _number(self, name: str) -> int:
        number = int(name[-DIGITS:]) if name[-DIGITS:].isdecimal() else self.patients
        if number >= self.patients:
            raise AbsentError
        return number

    def _stream(self, series_instance_uid: str) -> Reply:
        """Answer WADO-RS for a series."""
        number = self._number(series_instance_uid)
        series = series_instance_uid[:-DIGITS]
        files = [one.file for one in self._template.instances if one.series == series]
        if not files:
            raise AbsentError
        heads = [
            f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n"
            f"Content-Length: {file.size}\r\n\r\n".encode()
            for file in files
        ]
        end = f"--{BOUNDARY}--\r\n".encode()
        pieces = (head + file.of(number) + b"\r\n" for head, file in zip(heads, files, strict=True))
        size = sum(map(len, heads)) + sum(file.size + 2 for file in files) + len(end)
        content_type = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'
        return Reply("stream", size, _followed_by(pieces, end), content_type)

    def _changes(self, question: dict[str, list[str]]) -> Reply:
        """Answer a page of the feed: the arrival of all, then the touches."""
        arrivals = self.patients * len(self._template.resources)
        total = arrivals + len(self._touched)
        since = int(question.get("since", ["0"])[0])
        limit = int(question.get("limit", ["100"])[0])
        if "last" in question:
            since, limit = total - 1, 1
        rows = [self._change(seq) for seq in range(since + 1, min(total, since + limit) + 1)]
        last = rows[-1]["Seq"] if rows else total
        page = {"Changes": rows, "Done": last == total, "Last": last}
        return Reply.of("changes", page)

    def _change(self, seq: int) -> dict[str, Any]:
        """Return an entry of the feed by its number, which begins at 1."""
        resources = self._template.resources
        number, place = divmod(seq - 1, len(resources))
        if number >= self.patients:
            number = self._touched[seq - 1 - self.patients * len(resources)]
            place = len(resources) - 1  # one of its instances
        kind, orthanc_id = resources[place]
        return {
            "ChangeType": f"New{kind}",
            "Date": LAST_UPDATE,
            "ID": orthanc_id.of(number).decode(),
            "ResourceType": kind,
            "Seq": seq,
        }


def _followed_by(pieces: Iterable[bytes], end: bytes) -> Iterator[bytes]:
    yield from pieces
    yield end
