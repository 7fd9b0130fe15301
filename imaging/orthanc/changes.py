"""Orthanc's change feed: where it stands, and which resources it tells of since then.

It lists what arrived, content that replaced other content under the same UID included. It does not
list deletions, and what it said of a deleted resource is deleted too.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from imaging.dicom.changes import Changes
from imaging.orthanc.client import OrthancClient

_PAGE = 1000
_MOST_PAGES = 100
_CURSOR = re.compile(r"(\d+)-([0-9a-f]{16})-([0-9a-f]{16})")
_NOTHING = "0" * 16
_NO_CHANGE = ("Stable", "Completed")  # something came to rest; its arrival is told by itself

Change = dict[str, Any]


class Feed:
    """The change feed of one server."""

    def __init__(self, client: OrthancClient) -> None:
        self._client = client

    def cursor(self) -> str:
        """Return where the feed stands: the number of its newest entry, and two proofs.

        The number alone would mean something else in another Orthanc, or in one made anew. The
        proofs are what the newest and the oldest entry say, hashed.
        """
        newest, oldest = self._page("last")["Changes"], self._page("since=0&limit=1")["Changes"]
        number = newest[-1]["Seq"] if newest else 0
        return f"{number}-{_proof(newest)}-{_proof(oldest)}"

    def since(self, cursor: str) -> Changes:
        """Read what is told after a cursor, in up to a hundred pages.

        That is everything where the cursor is none of this feed's, or that cannot be proved any
        more, or too much came after it.
        """
        match = _CURSOR.fullmatch(cursor)
        if match is None or not self._has(int(match[1]), match[2], match[3]):
            return Changes()
        return self._after(int(match[1]))

    def _has(self, number: int, newest: str, oldest: str) -> bool:
        """Tell whether a cursor is of this feed, though one of its proofs may have been deleted."""
        page = self._page(f"since={max(0, number - 1)}&limit=1")
        found = page["Changes"]
        if number == 0 or (found and found[0]["Seq"] == number):
            return number == 0 or _proof(found) == newest
        return int(page["Last"]) >= number and self._begins_with(oldest)

    def _begins_with(self, oldest: str) -> bool:
        return _proof(self._page("since=0&limit=1")["Changes"]) == oldest != _NOTHING

    def _after(self, number: int) -> Changes:
        """Read on to the end, page by page."""
        orthanc_ids: set[str] = set()
        for _ in range(_MOST_PAGES):
            page = self._page(f"since={number}&limit={_PAGE}")
            orthanc_ids.update(_ids(page["Changes"]))
            if page["Done"]:
                return Changes(frozenset(orthanc_ids))
            number = int(page["Last"])
        return Changes()

    def _page(self, question: str) -> dict[str, Any]:
        return self._client.changes(question)


def _proof(changes: Sequence[Change]) -> str:
    """Hash the first of some entries."""
    if not changes:
        return _NOTHING
    first = changes[0]
    text = f"{first['Seq']}/{first['Date']}/{first['ID']}/{first['ChangeType']}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _ids(changes: Iterable[Change]) -> Iterable[str]:
    return (one["ID"] for one in changes if not one["ChangeType"].startswith(_NO_CHANGE))
