"""Bodies of requests on disk while they are worked on, and nowhere longer.

They are identified data, so they lie in a folder of their own, for the gateway's user only; it goes
with the request, whichever way that ends. What a killed gateway left goes when the next one starts.
"""

import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from imaging.gateway.options import GatewayOptions
from imaging.gateway.parts import PartsParser, Received

_PIECE = 1 << 20
_PER_THREAD = 4  # requests that may be uploading or waiting for one thread
_RETRY_S = 5
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a route takes.

    Attributes:
        files: Names of multipart fields that are files.
        fields: Names of the other multipart fields.
        whole: By media type, the field that a body which is no multipart stands for.
    """

    files: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    whole: Mapping[str, str] = field(default_factory=dict)


class Uploads:
    """Where the bodies of requests lie, how many at a time, and who works on them."""

    def __init__(self, options: GatewayOptions) -> None:
        """Remove what a killed gateway left.

        Args:
            options: Those of the gateway.
        """
        self._folder = options.state / "uploads"
        self._most_bytes = options.most_upload_bytes
        self._most_requests = _PER_THREAD * options.threads
        self._requests = 0
        self._limiter = CapacityLimiter(options.threads)
        _remove_strays(self._folder)

    @asynccontextmanager
    async def received(self, request: Request, accepted: Accepted) -> AsyncIterator[Received]:
        """Receive a body, and keep its files until the block ends.

        Raises:
            HTTPException: It is too large, of a type that is not accepted, or malformed; or too
                many others are here already.
        """
        content_type = request.headers.get("content-type", "")
        kind = content_type.partition(";")[0].strip().lower()
        if kind not in accepted.whole and not (kind == "multipart/form-data" and accepted.files):
            known = ["multipart/form-data"] * bool(accepted.files) + [*accepted.whole]
            raise HTTPException(415, f"the body is {' or '.join(known)}")
        self._check_length(request)
        with self._place(), _own_folder(self._folder) as folder:
            received = Received(folder)
            try:
                if kind in accepted.whole:
                    await self._whole(request, received.new_file(accepted.whole[kind]))
                else:
                    await self._parts(request, content_type, received, accepted)
            except ClientDisconnect:  # nobody reads the answer
                raise HTTPException(400, "the body ended early") from None
            yield received

    async def work(
        self,
        function: Callable[_Arguments, _Result],
        *arguments: _Arguments.args,
        **named: _Arguments.kwargs,
    ) -> _Result:
        """Call a function in a thread, as many at a time as the options say."""
        return await to_thread.run_sync(
            partial(function, *arguments, **named), limiter=self._limiter
        )

    def _check_length(self, request: Request) -> None:
        """Refuse a body that says itself that it is too large, before it is read."""
        stated = request.headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > self._most_bytes:
            raise self._too_large()

    def _too_large(self) -> HTTPException:
        return HTTPException(413, f"a body has at most {self._most_bytes} bytes")

    @contextmanager
    def _place(self) -> Iterator[None]:
        """Count a request; all of them together must fit the disk."""
        if self._requests >= self._most_requests:
            headers = {"Retry-After": str(_RETRY_S)}
            raise HTTPException(503, "too many requests are being worked on", headers)
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    async def _pieces(self, request: Request) -> AsyncIterator[bytes]:
        """Give a body in pieces large enough that handing each to a thread costs little."""
        held, total = bytearray(), 0
        async for chunk in request.stream():
            total += len(chunk)
            if total > self._most_bytes:
                raise self._too_large()
            held += chunk
            if len(held) >= _PIECE:
                yield bytes(held)
                held.clear()
        if held:
            yield bytes(held)

    async def _whole(self, request: Request, target: Path) -> None:
        with target.open("xb") as file:
            async for piece in self._pieces(request):
                await to_thread.run_sync(file.write, piece)

    async def _parts(
        self, request: Request, content_type: str, received: Received, accepted: Accepted
    ) -> None:
        parser = PartsParser(content_type, received, accepted.files, accepted.fields)
        is_whole = False
        try:
            async for piece in self._pieces(request):
                await to_thread.run_sync(parser.write, piece)
            is_whole = True
        finally:
            parser.close(is_whole=is_whole)


@contextmanager
def _own_folder(parent: Path) -> Iterator[Path]:
    """Make a folder that nobody else reads, hold it, and remove it with all that is in it.

    Removing takes no ``await``: a request that is cancelled would not come back from one.
    """
    parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    parent.mkdir(mode=0o700, exist_ok=True)
    folder, handle = _held_folder(parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _held_folder(parent: Path) -> tuple[Path, int]:
    """Make a folder and lock it, so that another gateway's start knows that it is in use."""
    while True:
        folder = Path(mkdtemp(dir=parent))
        with suppress(FileNotFoundError):  # taken for a stray before it was locked
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if folder.exists():
                return folder, handle
            os.close(handle)


def _remove_strays(parent: Path) -> None:
    """Remove the folders that no living gateway holds."""
    if not parent.is_dir():
        return
    for folder in parent.iterdir():
        with suppress(OSError):  # held by another, or gone already
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
