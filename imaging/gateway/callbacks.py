"""`POST /callbacks/fusion/{key}/{token}`: the vendor says that a job is done."""

import threading
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from imaging.errors import SettingError
from imaging.fusion.callbacks import PATH, Received, is_genuine, receive
from imaging.fusion.ledger import Ledger
from imaging.gateway.examples import CALLBACK, problems
from imaging.gateway.options import GatewayOptions
from imaging.gateway.waking import Wake, Waking
from imaging.settings import Settings, callback_key, settings

_MOST_BYTES = 64 << 10
_RUN_ID = r"^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,127}$"
_CLOSE = {"Connection": "close"}
_REFUSALS = {
    Received.UNKNOWN: (404, "not found"),
    Received.MALFORMED: (400, "the body names no run"),
    Received.CONFLICT: (409, "the job has another run"),
}
_BODY: dict[str, Any] = {
    "type": "object",
    "title": "Callback",
    "properties": {
        "workflow_id": {"type": "string", "pattern": _RUN_ID, "description": "The run."},
        "success": {"description": "Not believed: the vendor is asked."},
        "reason": {"description": "Likewise."},
        "metadata": {"description": "Not looked at."},
    },
    "required": ["workflow_id"],
}


class Callbacks:
    """Takes callbacks: the ledger remembers them, and somebody is told."""

    def __init__(self, options: GatewayOptions, wake: Wake | None = None) -> None:
        """Open nothing yet: most gateways are never called.

        Args:
            options: Whose ledger and secret.
            wake: Gets the key of a job after its callback was answered.
        """
        self._options = options
        self._waking = Waking(wake)
        self._lock = threading.Lock()
        self._secret = b""
        self._ledger: Ledger | None = None

    def is_genuine(self, key: str, token: str) -> bool:
        """Say whether an address is one that this project gave away."""
        return is_genuine(self._key(), key, token)

    def receive(self, key: str, token: str, body: bytes) -> Received:
        """Take one callback."""
        return receive(self._opened(), self._key(), key, token, body)

    def wake(self, key: str) -> None:
        """Have somebody told, some time after this returned."""
        self._waking.soon(key)

    def close(self) -> None:
        """Close what was opened."""
        with self._lock:
            if self._ledger is not None:
                self._ledger.close()
            self._ledger = None

    def _key(self) -> bytes:
        with self._lock:
            if not self._secret:
                self._secret = _secret(self._options.applied_to(settings()))
            return self._secret

    def _opened(self) -> Ledger:
        with self._lock:
            if self._ledger is None:
                ledger = Ledger.of(self._options.applied_to(settings()))
                ledger.hold_open()  # or SQLite tidies up after each callback, and that is slow
                self._ledger = ledger
            return self._ledger


def callbacks_router(callbacks: Callbacks) -> APIRouter:
    """Return the route."""
    router = APIRouter(tags=["CBCT fusion"])

    @router.post(
        f"{PATH}/{{key}}/{{token}}",
        summary="Take a vendor's callback",
        status_code=204,
        response_class=Response,
        responses={204: {"description": "It is noted, for the first time or again."}, **_PROBLEMS},
        openapi_extra={"security": [], "requestBody": _REQUEST},
    )
    async def take_callback(key: str, token: str, request: Request) -> Response:
        """Note that a job is done, or failed, and have its results collected.

        The address is made by `fuse-cbct` for one job and given to the vendor, who needs no other
        token. What happened is then asked of the vendor: of the body, only the id of a run whose
        own was never learnt is believed. The same callback may come any number of times.
        """
        if not await run_in_threadpool(callbacks.is_genuine, key, token):
            raise _refused(Received.UNKNOWN)
        body = await _read(request)
        received = await run_in_threadpool(callbacks.receive, key, token, body)
        if received in _REFUSALS:
            raise _refused(received)
        callbacks.wake(key)
        return Response(status_code=204)

    return router


_PROBLEMS = problems(404, 409, 503, 507)
_REQUEST = {
    "required": True,
    "content": {"application/json": {"schema": _BODY, "example": CALLBACK}},
}


async def _read(request: Request) -> bytes:
    """Return a body, or refuse it as soon as it is too long."""
    stated = request.headers.get("content-length", "0")
    if not stated.isdecimal() or int(stated) > _MOST_BYTES:
        raise _too_large()
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > _MOST_BYTES:
                raise _too_large()
    except ClientDisconnect:  # nobody reads the answer
        raise HTTPException(400, "the body ended early") from None
    return bytes(body)


def _refused(received: Received) -> HTTPException:
    status, detail = _REFUSALS[received]
    # Closed whether the body was read or not, so that all answers of a kind are the same.
    return HTTPException(status, detail, _CLOSE)


def _too_large() -> HTTPException:
    return HTTPException(413, f"a callback has at most {_MOST_BYTES} bytes", _CLOSE)


def _secret(place: Settings) -> bytes:
    """Return what addresses are made with.

    Raises:
        SettingError: It cannot be read.
    """
    try:
        return callback_key(place)
    except (OSError, UnicodeDecodeError):
        name, msg = "IMAGING_PROJECT_KEY", "the secret kept in the data root cannot be read"
        raise SettingError(name, msg) from None
