"""Conditional requests of RFC 9110, section 13: whether a file is sent, and whether in part."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_SETTLED_S = 2  # a file may change twice within a second, and the date stays


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one version of an answer from another.

    Attributes:
        etag: Strong, with its quotation marks.
        modified_s: When the file last changed, in seconds since 1970.
    """

    etag: str
    modified_s: int

    @property
    def last_modified(self) -> str:
        """The date as HTTP writes it."""
        return format_datetime(datetime.fromtimestamp(self.modified_s, UTC), usegmt=True)

    def refusal(self, headers: Mapping[str, str]) -> int | None:
        """Return 412 or 304 where a request's conditions ask for it, in the RFC's order.

        Args:
            headers: Of a GET or HEAD, by lower-case names.
        """
        if self._has_failed(headers):
            return 412
        if (known := headers.get("if-none-match")) is not None:
            return 304 if self._is_listed(known, is_weak_enough=True) else None
        since = _date(headers.get("if-modified-since"))
        return 304 if since is not None and self.modified_s <= since else None

    def _has_failed(self, headers: Mapping[str, str]) -> bool:
        """Say whether the client meant another version; its tag counts before its date."""
        if (wanted := headers.get("if-match")) is not None:
            return not self._is_listed(wanted, is_weak_enough=False)
        since = _date(headers.get("if-unmodified-since"))
        return since is not None and self.modified_s > since

    def allows_range(self, if_range: str | None, now_s: float) -> bool:
        """Say whether a range may be sent: the client holds a part of this very version."""
        if if_range is None or if_range == self.etag:
            return True
        is_settled = now_s - self.modified_s >= _SETTLED_S
        return is_settled and if_range == self.last_modified

    def _is_listed(self, tags: str, *, is_weak_enough: bool) -> bool:
        if tags.strip() == "*":
            return True
        found = _TAG.findall(tags)
        return self.etag in found or (is_weak_enough and f"W/{self.etag}" in found)


def _date(text: str | None) -> int | None:
    """Return the seconds of an HTTP date; None for what is none, which the RFC says to ignore."""
    try:
        return int(parsedate_to_datetime(text).timestamp()) if text else None
    except (ValueError, OverflowError):
        return None
