"""The simulated Orthanc behind HTTP on loopback, in threads of this process."""

import json
import threading
from collections import Counter
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self, cast

from imaging.phantoms.anatomy import PhantomSize
from imaging.phantoms.patient import PhantomPatient
from imaging.phantoms.server.answers import AbsentError, Answers, Reply
from imaging.phantoms.server.template import DIGITS, PREFIX, Template


class SimulatedOrthanc:
    """A server with any number of patients, each with CT, RTSTRUCT, RTPLAN and RTDOSE.

    It takes what one patient takes, whatever their number. It listens on loopback, asks for no
    password and cannot be written to.

    Attributes:
        counts: How many requests there were, by kind.
        bytes_sent: Of all answers.
    """

    def __init__(
        self,
        patients: int,
        *,
        seed: int = 1,
        size: PhantomSize | None = None,
        busy_every: int = 0,
    ) -> None:
        """Make the pattern of a patient; nothing listens yet.

        Args:
            patients: How many there are.
            seed: Decides what they look like, all the same.
            size: How much of everything they have; tiny by default.
            busy_every: Answer every so many requests with a 503, but none twice in a row: with
                several threads, chance says whose turn it is. 0 is none.
        """
        patient = PhantomPatient.synthetic(seed, size=size or PhantomSize.tiny())
        self._answers = Answers(Template.of(patient), patients)
        self._busy_every = busy_every
        self._refused: set[tuple[str, str, bytes]] = set()
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._thread = threading.Thread()
        self.counts: Counter[str] = Counter()
        self.bytes_sent = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None  # noqa: S101 - for the type checker
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
        self._server = None

    def patient_id(self, number: int) -> str:
        """Return the PatientID of a patient; numbers begin at 0."""
        return f"{PREFIX}{number:0{DIGITS}}"

    def touch(self, number: int) -> None:
        """Let a patient's content be replaced: the feed tells, and LastUpdate changes."""
        self._answers.touch(number)

    def answer(self, method: str, path: str, content: bytes) -> Reply | HTTPStatus:
        """Answer a request, or refuse it."""
        if self._is_busy((method, path, content)):
            return HTTPStatus.SERVICE_UNAVAILABLE
        try:
            reply = self._reply(method, path, content)
        except AbsentError:
            return HTTPStatus.NOT_FOUND
        with self._lock:
            self.counts[reply.kind] += 1
            self.bytes_sent += reply.size
        return reply

    def _is_busy(self, asked: tuple[str, str, bytes]) -> bool:
        """Count a request, and say whether it is one of those to be refused."""
        with self._lock:
            self.counts["all"] += 1
            if asked in self._refused:
                self._refused.remove(asked)
                return False
            if not self._busy_every or self.counts["all"] % self._busy_every:
                return False
            self._refused.add(asked)
            return True

    def _reply(self, method: str, path: str, content: bytes) -> Reply:
        if method == "GET":
            return self._answers.get(path)
        if path != "/tools/find":
            raise AbsentError
        asked = json.loads(content)
        level, query = asked["Level"], asked["Query"]
        return self._answers.find(level, query, asked.get("Since", 0), asked.get("Limit", 0))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = 60

    def do_GET(self) -> None:
        simulated = cast("_Server", self.server).simulated
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        reply = simulated.answer(self.command, self.path, content)
        if isinstance(reply, HTTPStatus):
            self._send_head(reply, 0, "text/plain")
            return
        self._send_head(HTTPStatus.OK, reply.size, reply.content_type)
        for piece in reply.pieces:
            self.wfile.write(piece)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_: object) -> None:
        """Say nothing: requests are counted."""

    def _send_head(self, status: HTTPStatus, size: int, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(size))
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, simulated: SimulatedOrthanc) -> None:
        self.simulated = simulated
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""
