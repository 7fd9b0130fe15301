"""Calls of a simulated vendor: requests, routes and answers, and the faults among them."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO, cast

from imaging.phantoms.vendor.plans import Fault, seconds_of


class RefusalError(Exception):
    """A call is refused.

    Attributes:
        status: Of the answer.
        content: Of the answer.
    """

    def __init__(self, status: int, content: str) -> None:
        super().__init__(status, content)
        self.status = status
        self.content = content


@dataclass(frozen=True, slots=True)
class Request:
    """A call as it came.

    Attributes:
        path: Decoded, without the question.
        words: What the pattern of the route caught of it.
        query: The question.
        headers: As they came.
        body: The content, to be read from.
        length: Content-Length; None where there is none.
        fault: What was planned for this call.
    """

    path: str
    words: tuple[str, ...]
    query: dict[str, str]
    headers: Message
    body: BinaryIO
    length: int | None
    fault: Fault = None

    def content(self, most: int) -> bytes:
        """Read the content.

        Raises:
            RefusalError: It is too large, or of no declared length.
        """
        if self.length is None:
            raise RefusalError(411, "MissingContentLength")
        if self.length > most:
            raise RefusalError(413, "Request Entity Too Large")
        return self.body.read(self.length)


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer on its way.

    Attributes:
        status: Of HTTP.
        content: The body, or a file that holds it.
        content_type: Content-Type.
        headers: Further ones.
        afterwards: Done when it was sent, or lost.
    """

    status: int = 200
    content: bytes | Path = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    afterwards: Callable[[], None] = _nothing

    @classmethod
    def of(cls, value: Any, afterwards: Callable[[], None] = _nothing) -> "Answer":
        """Make one in JSON."""
        return cls(content=json.dumps(value).encode(), afterwards=afterwards)

    @property
    def size(self) -> int:
        """Of the content."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a call.

    Attributes:
        endpoint: Its name in plans and counts.
        method: Of HTTP.
        path: Pattern of the whole path.
        answer: Answers; may raise `RefusalError`.
    """

    endpoint: str
    method: str
    path: re.Pattern[str]
    answer: Callable[[Request], Answer]


def act(route: Route, request: Request) -> Answer:
    """Answer a call, or let the planned fault answer it."""
    fault = request.fault
    if fault == "dropped":
        return Answer()
    if fault == "redirect":
        return Answer(307, headers={"Location": "http://127.0.0.1:9/elsewhere"})
    is_refused = isinstance(fault, int) and not (route.endpoint == "run" and fault >= 500)
    if is_refused:
        return Answer(cast("int", fault), b'{"detail": "a planned fault"}')
    time.sleep(seconds_of(fault, "delay"))
    try:
        answer = route.answer(request)
    except RefusalError as refusal:
        content = json.dumps({"detail": refusal.content}).encode()
        return Answer(refusal.status, content)
    except Exception as error:  # noqa: BLE001 - a server answers, whatever it stumbles over
        content = json.dumps({"detail": type(error).__name__}).encode()
        return Answer(500, content)
    return _spoilt(answer, fault)


def _spoilt(answer: Answer, fault: Fault) -> Answer:
    """Make a right answer a wrong one, after what was asked for is done."""
    done = answer.afterwards
    if isinstance(fault, int):
        return Answer(fault, b"Bad Gateway", "text/plain", afterwards=done)
    if fault == "junk":
        return Answer(200, b"<html>at your service</html>", "text/html", afterwards=done)
    if fault == "wrong":
        return Answer(200, b'{"detail": ["of another shape"]}', afterwards=done)
    return answer
