"""The few calls of Orthanc's REST API that this project needs."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal
from urllib.parse import quote

from imaging.errors import ImagingError, RemoteRejectedError
from imaging.orthanc.answers import Body, stranger
from imaging.orthanc.transport import Request, Transport

Level = Literal["Patient", "Study", "Series", "Instance"]


class OrthancClient:
    """One Orthanc server; safe to use from several threads.

    Every call raises SettingError (wrong address or credentials), RemoteUnavailableError (worth
    trying again) or RemoteRejectedError, of which NotFoundError is one.
    """

    def __init__(
        self,
        url: str,
        user: str = "",
        password: str = "",
        *,
        timeout_s: float = 60.0,
        known: bool = False,
    ) -> None:
        """Remember where the server is; nothing is sent yet.

        Args:
            url: Its address, http or https, with a path where a reverse proxy adds one.
            user: Its user; empty when it asks for none.
            password: That user's password.
            timeout_s: Longest silence before giving up.
            known: It has shown before that it is an Orthanc.

        Raises:
            SettingError: The address is not one.
        """
        self._transport = Transport(url, user, password, timeout_s)
        self._transport.is_known = known

    def close(self) -> None:
        """Close the connections that wait for reuse."""
        self._transport.close()

    def find(
        self, level: Level, query: Mapping[str, str], *, since: int = 0, limit: int = 0
    ) -> list[dict[str, Any]]:
        """Return the expanded resources that match, out of Orthanc's index alone.

        Args:
            level: Of the resources.
            query: By keyword, as in DICOM C-FIND: `*` and `?` are wildcards, a backslash separates
                alternatives (in which wildcards are plain characters), a hyphen in a date is a
                range.
            since: How many to pass over, in an order that Orthanc keeps.
            limit: The most to return; 0 is all.
        """
        question: dict[str, Any] = {
            "Level": level,
            "Query": query,
            "Expand": True,
            "CaseSensitive": True,
        }
        if limit:
            question |= {"Since": since, "Limit": limit}
        request = Request("POST", "/tools/find", json.dumps(question).encode())
        found = self._json(request)
        if not isinstance(found, list):
            raise self._nonsense(request)
        self._transport.is_known = True
        return found

    def check(self) -> None:
        """Ask whether this is an Orthanc that lets us in, unless that was heard before."""
        if self._transport.is_known:
            return
        request = Request("GET", "/system")
        system = self._json(request)
        if not isinstance(system, dict) or "ApiVersion" not in system:
            raise self._nonsense(request)
        self._transport.is_known = True

    def plugins(self) -> list[str]:
        """Return the names of the plugins it runs."""
        names: list[str] = self._json(Request("GET", "/plugins"))
        return names

    def changes(self, question: str) -> dict[str, Any]:
        """Return a page of the change feed: `last`, or `since=…&limit=…`."""
        request = Request("GET", f"/changes?{question}")
        page = self._json(request)
        if not isinstance(page, dict) or "Changes" not in page:
            raise self._nonsense(request)
        self._transport.is_known = True
        return page

    def tags(self, orthanc_id: str) -> dict[str, Any]:
        """Return an instance's header by keyword; Orthanc gives no value of over 256 characters."""
        request = Request("GET", f"/instances/{quote(orthanc_id, safe='')}/simplified-tags")
        tags: dict[str, Any] = self._json(request)
        return tags

    def file(self, orthanc_id: str) -> bytes:
        """Return an instance's DICOM file, as it was stored."""
        with self.stream_file(orthanc_id) as body:
            return body.read()

    def stream_file(self, orthanc_id: str) -> AbstractContextManager[Body]:
        """Give an instance's DICOM file, to be read piece by piece inside the block."""
        return self.stream(f"/instances/{quote(orthanc_id, safe='')}/file")

    def stream(self, path: str, accept: str = "*/*") -> AbstractContextManager[Body]:
        """Give the body at ``path``, to be read piece by piece inside the block."""
        return self._transport.exchange(Request("GET", path, accept=accept))

    def upload(self, content: bytes) -> None:
        """Store a DICOM file; the same file again is no error (Orthanc keeps the first).

        Raises:
            RemoteRejectedError: Orthanc finds it unreadable (HTTP 400); and as every call.
        """
        with self._transport.exchange(Request("POST", "/instances", content)) as body:
            body.read()

    def _json(self, request: Request) -> Any:
        with self._transport.exchange(request) as body:
            text = body.read()
        try:
            return json.loads(text)
        except ValueError as error:
            raise self._nonsense(request) from error

    def _nonsense(self, request: Request) -> ImagingError:
        """Return what to raise for an answer of another kind than Orthanc's."""
        reason = f"{request.where} was answered with something else than Orthanc's JSON"
        return RemoteRejectedError(reason) if self._transport.is_known else stranger(reason)
