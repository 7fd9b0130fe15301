"""Answers that say no, in the form of every other error of the gateway."""

from collections.abc import Mapping

from starlette.responses import JSONResponse


def refusal(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return an error's answer; nothing of the request is repeated in it."""
    return JSONResponse({"detail": detail}, status, dict(headers or {}))


def unauthorised() -> JSONResponse:
    """Return the one answer to an absent, unknown, expired or revoked token, or link."""
    detail = "A valid token or link is needed: Authorization: Bearer <token>"
    return refusal(401, detail, {"WWW-Authenticate": "Bearer"})
