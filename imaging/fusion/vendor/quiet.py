"""Nothing of a call to the vendor reaches a log: httpx writes whole addresses, signature included.

A level set on its loggers would be undone by whoever configures logging after us, and would silence
the calls of others. So a filter sits on each logger and drops what is said during our calls only.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Filters are not inherited, so that each logger that speaks needs its own.
_TALKATIVE = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
)
_is_ours: ContextVar[bool] = ContextVar("fusion_vendor_call", default=False)


def _is_of_others(_: logging.LogRecord) -> bool:
    return not _is_ours.get()


@contextmanager
def unlogged() -> Iterator[None]:
    """Keep httpx and httpcore from logging what this thread does in the block."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_is_of_others)  # once; a second time does nothing
    before = _is_ours.set(True)
    try:
        yield
    finally:
        _is_ours.reset(before)
