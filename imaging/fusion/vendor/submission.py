"""The one call that costs money: sent once, and every end of it told apart."""

import http.client
from typing import Any

import httpx

from imaging.errors import (
    ImagingError,
    RemoteError,
    RemoteRejectedError,
    RemoteUnavailableError,
    SubmissionUncertainError,
)
from imaging.fusion.vendor.answers import MOST_STATUS_BYTES, AwayError, read_json
from imaging.fusion.vendor.payloads import is_run_id
from imaging.fusion.vendor.transport import Transport

_WHAT = "the submission"
# Answers that say clearly that nothing was accepted. Any other one is doubtful: a proxy that gave
# up waiting says 502 or 504, and what stands behind it may have accepted the run all the same.
_REFUSALS = {400, 401, 403, 404, 413, 422}


def submit_once(transport: Transport, url: str, body: bytes, longest_s: float) -> str:
    """Submit a run and return its id.

    Args:
        transport: To the vendor.
        url: Of the call.
        body: Of the call.
        longest_s: The body of the answer may take, as of ``Limit``.

    Raises:
        RemoteRejectedError: The vendor refused; surely nothing was accepted.
        RemoteUnavailableError: It could not be reached, or takes no more for now; likewise.
        SubmissionUncertainError: It may have been accepted.
    """
    try:
        return transport.post_once(_WHAT, url, body, lambda got: _run_id(got, longest_s))
    except AwayError as error:
        is_uncertain, reason = error.sent, str(error)
    except ImagingError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, the request may be on its way
        is_uncertain, reason = True, f"{_WHAT}: {type(error).__name__}"
    raise SubmissionUncertainError(reason) if is_uncertain else RemoteUnavailableError(reason)


def _run_id(answer: httpx.Response, longest_s: float) -> str:
    """Read what was answered to a submission; raises as ``submit_once`` does."""
    status = answer.status_code
    if status == http.client.TOO_MANY_REQUESTS:
        msg = f"{_WHAT}: the vendor takes no more for now ({status})"
        raise RemoteUnavailableError(msg)
    if status in _REFUSALS:
        msg = f"{_WHAT}: the vendor refuses ({status})"
        raise RemoteRejectedError(msg)
    run_id = _told(answer, longest_s) if answer.is_success else None
    if not is_run_id(run_id):
        msg = f"{_WHAT}: the answer tells no run id ({status})"
        raise SubmissionUncertainError(msg)
    return str(run_id)


def _told(answer: httpx.Response, longest_s: float) -> Any:
    try:
        fields = read_json(answer, _WHAT, MOST_STATUS_BYTES, longest_s)
    except RemoteError:
        return None  # unreadable is as good as lost
    return fields.get("run_id") if isinstance(fields, dict) else None
