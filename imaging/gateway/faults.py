"""What goes wrong, as an answer: it says what to do, and names no path and no patient."""

import errno
import logging

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from imaging.errors import (
    DicomError,
    ImagingError,
    InputError,
    InstanceGoneError,
    RemoteError,
    RemoteUnavailableError,
    SettingError,
)

log = logging.getLogger(__name__)

_STATUSES: tuple[tuple[type[ImagingError], int], ...] = (
    (SettingError, 503),
    (RemoteUnavailableError, 503),
    (RemoteError, 502),
    (InstanceGoneError, 409),
    (InputError, 422),
)
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def answer_faults(app: FastAPI) -> None:
    """Make answers of errors that are raised on purpose, and of full disks."""
    app.add_exception_handler(ImagingError, _imaging_fault)
    app.add_exception_handler(OSError, _system_fault)
    app.add_exception_handler(RequestValidationError, _bad_request)


def status_of(error: ImagingError) -> int:
    """Return the status for an error: whose fault is it, and would trying again help?"""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


async def _imaging_fault(_request: Request, error: Exception) -> Response:
    status = status_of(error) if isinstance(error, ImagingError) else 500
    if isinstance(error, SettingError):
        log.error("A setting is wrong: %s", error.setting)
        return _problem(status, "The gateway is not set up for this; its log names the setting")
    if isinstance(error, RemoteError):
        return _problem(status, "Another server, which this needs, did not answer as it should")
    if status >= 500:
        log.error("An error that nobody handles: %s", type(error).__name__)
        return _problem(status, "The gateway could not do that; its log tells the kind of error")
    # A DICOM error names its object, and where the object has no UID, its file.
    return _problem(status, str(error.args[1] if isinstance(error, DicomError) else error))


async def _system_fault(_request: Request, error: Exception) -> Response:
    """Answer for the system; its own words hold paths."""
    number = error.errno if isinstance(error, OSError) else None
    log.error("The system refused: %s", errno.errorcode.get(number or 0, type(error).__name__))
    if number in FULL:
        return _problem(507, "The gateway's disk is full")
    return _problem(500, "The gateway could not read or write a file")


async def _bad_request(_request: Request, error: Exception) -> Response:
    """Say what is wrong with a parameter, without what was sent."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    detail = [{name: each[name] for name in ("loc", "msg", "type")} for each in found]
    return JSONResponse({"detail": detail}, 422)


def _problem(status: int, detail: str) -> Response:
    return JSONResponse({"detail": detail}, status)
