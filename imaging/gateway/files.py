"""Files of the data root over HTTP: whole or in parts, again only if they changed."""

import time
from secrets import token_hex
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from imaging.gateway.conditions import Validators
from imaging.gateway.examples import problems
from imaging.gateway.listing import folder_answer
from imaging.gateway.media import headers_of
from imaging.gateway.options import GatewayOptions
from imaging.gateway.places import OpenPlace, not_found, open_place
from imaging.gateway.ranges import Span, UnsatisfiableError, spans_of
from imaging.gateway.serving import Here

_PIECE = 1 << 21  # up to three are in memory; smaller ones cost a turn of a thread too often

_OPEN_TO_ALL = frozenset({"view", "viewer"})  # pages without data, which ask for no token


class FileAnswer(Response):
    """Sends an open file as RFC 9110 asks, and closes it.

    The file is opened before, so that what was checked is what is sent. Headers come from its
    descriptor. A file that is written meanwhile ends the connection: its length and its ETag were
    promised, and nobody is to get the beginning of one version and the end of another.
    """

    def __init__(
        self, place: OpenPlace, validators: Validators, headers: dict[str, str], method: str
    ) -> None:
        self.status_code = 200
        self.background = None
        self._place = place
        self._validators = validators
        self._size = place.status.st_size
        self._is_get = method == "GET"
        self.init_headers(
            headers
            | {
                "accept-ranges": "bytes",
                "content-length": str(self._size),
                "etag": validators.etag,
                "last-modified": validators.last_modified,
            }
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or stop as soon as the client is gone."""
        try:
            content = self._content(Headers(scope=scope))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
                ahead, pieces = anyio.create_memory_object_stream[bytes](1)
                tasks.start_soon(self._read, content, ahead)
                await self._send(pieces, send)
                tasks.cancel_scope.cancel()
        finally:
            self._place.close()

    def _content(self, asked: Headers) -> list[bytes | Span]:
        """Decide the status and the headers, and return what the body is made of."""
        if refusal := self._validators.refusal(asked):
            return self._nothing(refusal)
        whole = Span(0, self._size)
        header = asked.get("range") if self._is_get else None
        if header is None or not self._validators.allows_range(asked.get("if-range"), time.time()):
            return [whole] if self._is_get else []
        try:
            spans = spans_of(header, self._size)
        except UnsatisfiableError:
            self.headers["content-range"] = f"bytes */{self._size}"
            return self._nothing(416)
        if not spans:
            return [whole]
        self.status_code = 206
        return self._one(spans[0]) if len(spans) == 1 else self._several(spans)

    def _nothing(self, status: int) -> list[bytes | Span]:
        """Drop what describes a body that is not sent."""
        self.status_code = status
        for name in ("content-length", "content-type", "content-disposition"):
            del self.headers[name]
        if status != 304:
            self.headers["content-length"] = "0"
        return []

    def _one(self, span: Span) -> list[bytes | Span]:
        self.headers["content-length"] = str(len(span))
        self.headers["content-range"] = span.content_range(self._size)
        return [span]

    def _several(self, spans: tuple[Span, ...]) -> list[bytes | Span]:
        boundary = token_hex(16)
        kind = self.headers["content-type"]
        content: list[bytes | Span] = []
        for span in spans:
            head = f"\r\n--{boundary}\r\nContent-Type: {kind}\r\n"
            head += f"Content-Range: {span.content_range(self._size)}\r\n\r\n"
            content += [head.encode("latin-1"), span]
        content.append(f"\r\n--{boundary}--\r\n".encode())
        self.headers["content-type"] = f"multipart/byteranges; boundary={boundary}"
        self.headers["content-length"] = str(sum(map(len, content)))
        return content

    async def _send(self, pieces: MemoryObjectReceiveStream[bytes], send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code}
        await send({**start, "headers": self.raw_headers})
        async with pieces:
            async for piece in pieces:
                if not piece:  # the file has changed: without an end, the server hangs up
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _read(
        self, content: list[bytes | Span], ahead: MemoryObjectSendStream[bytes]
    ) -> None:
        """Read the next piece in a thread while the last one is sent."""
        async with ahead:
            for part in content:
                if isinstance(part, bytes):
                    await ahead.send(part)
                    continue
                start = part.start
                while start < part.stop:
                    most = min(_PIECE, part.stop - start)
                    piece = await run_in_threadpool(self._place.read, start, most)
                    start += len(piece)
                    await ahead.send(piece)
                    if not piece:
                        return


async def _until_gone(receive: Receive, work: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    work.cancel()


# What a file's answer can be besides; the routes of filtered label maps answer so too.
FILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The whole file.",
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    },
    206: {"description": "Some bytes of the file, as the Range header asked."},
    304: {"description": "The file is the one that the client has."},
    412: {"description": "The file is not the one that was meant."},
    416: {"description": "The file has no such bytes; Content-Range tells its size."},
}

router = APIRouter(tags=["files"])
any_path_router = APIRouter(include_in_schema=False)


@router.get(
    "/files/{path:path}",
    summary="Get a file or a folder",
    response_class=Response,
    responses={**FILE_ANSWERS, **problems(404)},
)
@router.head("/files/{path:path}", include_in_schema=False)
async def file(path: str, request: Request, here: Here) -> Response:
    """Send a file whole or in part; show a folder, if that is not switched off."""
    return await run_in_threadpool(_answer, here.options, path, request)


@router.get("/files", include_in_schema=False)
@router.head("/files", include_in_schema=False)
async def top(request: Request, here: Here) -> Response:
    """Show the data root to who leaves out the slash, too."""
    return await run_in_threadpool(_answer, here.options, "", request)


@any_path_router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def any_path(path: str, request: Request, here: Here) -> Response:
    """Take every path that is left over for a file's, as image servers before this one did."""
    if path.partition("/")[0] in _OPEN_TO_ALL:
        raise not_found()
    return await run_in_threadpool(_answer, here.options, path, request)


def _answer(options: GatewayOptions, path: str, request: Request) -> Response:
    place = open_place(options.data_root, path)
    if not place.is_folder:
        validators = Validators(f'"{place.version}"', int(place.status.st_mtime))
        return FileAnswer(place, validators, headers_of(place.name), request.method)
    try:
        if not options.listing:
            raise not_found()
        return folder_answer(options.data_root, place, path.strip("/"), request)
    finally:
        place.close()
