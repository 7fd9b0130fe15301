"""When a request is sent again, and how long after: for a server that is only busy for a moment."""

import http.client
import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

Sleep = Callable[[float], None]

BUSY = frozenset(
    {
        http.client.TOO_MANY_REQUESTS,
        http.client.BAD_GATEWAY,
        http.client.SERVICE_UNAVAILABLE,
        http.client.GATEWAY_TIMEOUT,
    }
)
PAUSES_S = (0.2, 0.8)  # after each try but the last
LONGEST_PAUSE_S = 10.0  # a server that asks for more is left to whoever retries the whole step


def jittered(usual_s: float) -> float:
    """Return a pause, a random share more or less: several clients then do not return at once."""
    return usual_s * random.uniform(0.5, 1.5)  # noqa: S311 - nothing secret


def told_s(retry_after: str) -> float:
    """Return how long a server asks to wait, in seconds; 0 where it says nothing.

    Args:
        retry_after: The header of that name (RFC 9110, 10.2.3): seconds, or a date.
    """
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return 0.0
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
