"""The file server of a simulated vendor: uploads by signed URL, downloads by urn with the token."""

import base64
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast
from urllib.parse import quote, urlencode
from uuid import uuid4
from xml.sax.saxutils import escape

from imaging.files import whole_file
from imaging.phantoms.vendor.calls import Answer, RefusalError, Request, Route
from imaging.phantoms.vendor.options import SimulatorOptions

_BUCKET = "/bucket/"
_BLOCK = 1 << 20
_SUFFIX = re.compile(r"[A-Za-z0-9]{1,8}(\.[A-Za-z0-9]{1,8})?")
_XML = "application/xml"


class Storage:
    """Files by urn: what was uploaded lies on disk, what was made is made when it is asked for.

    Attributes:
        tokens_seen: How many signed uploads carried the token, which no storage should see.
    """

    def __init__(self, options: SimulatorOptions) -> None:
        """Begin empty."""
        self.tokens_seen = 0
        self._options = options
        self._temporary = None if options.state else TemporaryDirectory(prefix="simulated-vendor-")
        folder = Path(self._temporary.name) if self._temporary else options.state
        self._folder = cast("Path", folder) / "uploads"
        self._key = secrets.token_bytes(32)
        self._used: set[str] = set()
        self._uploads = {self._urn_of(path): path for path in self._kept()}
        self._products: dict[str, Callable[[], bytes]] = {}
        self._lock = threading.Lock()

    @property
    def uploads(self) -> list[Path]:
        """The files that were uploaded whole, in that order."""
        return list(self._uploads.values())

    def routes(self, url: Callable[[], str]) -> list[Route]:
        """Return what the file server answers; ``url`` tells where it listens."""
        return [
            Route(
                "upload_url",
                "GET",
                re.compile(r"/scratch/([^/]+)/([^/]+)/upload_url"),
                lambda request: self._sign(request, url()),
            ),
            Route("put", "PUT", re.compile(_BUCKET + "(.+)"), self._receive),
            Route("download", "GET", re.compile("/file/download"), self._download),
        ]

    def close(self) -> None:
        """Forget the uploads, unless a folder was named for them."""
        if self._temporary:
            self._temporary.cleanup()

    def check_token(self, request: Request) -> None:
        """Refuse a call without the token.

        Raises:
            RefusalError: It has none, or another.
        """
        given = request.headers.get("X-ZH-TOKEN", "")
        if not hmac.compare_digest(given.encode(), self._options.token.encode()):
            raise RefusalError(401, "Unauthorized")

    def urn(self, path: str) -> str:
        """Name a file of the account."""
        return f"urn:zhfile:o:s:{self._options.user_group}:{self._options.user_id}:{path}"

    def offer(self, path: str, make: Callable[[], bytes]) -> str:
        """Hand out a urn for what is made when it is downloaded."""
        urn = self.urn(path)
        with self._lock:
            self._products[urn] = make
        return urn

    def find(self, urn: str) -> bytes | Path:
        """Return a file.

        Raises:
            RefusalError: There is none of that urn.
        """
        with self._lock:
            found = self._uploads.get(urn) or self._products.get(urn)
        if found is None:
            raise RefusalError(404, "no such urn")
        return found if isinstance(found, Path) else found()

    def _sign(self, request: Request, url: str) -> Answer:
        self.check_token(request)
        if request.words != (self._options.user_group, self._options.user_id):
            raise RefusalError(403, "another user's")
        suffix = request.query.get("postfix", "")
        if not _SUFFIX.fullmatch(suffix):
            raise RefusalError(400, "postfix is mandatory")
        day = datetime.now(UTC).strftime("%Y/%m/%d")
        path = "/".join([*request.words, day, f"{uuid4().hex}.{suffix}"])
        lasts = -1.0 if request.fault == "expired" else self._options.url_seconds
        expires = f"{time.time() + lasts:.3f}"
        query = urlencode({"Expires": expires, "Signature": self._signature(path, expires)})
        return Answer.of(f"{url}{_BUCKET}{quote(path)}?{query}")

    def _signature(self, path: str, expires: str) -> str:
        text = f"PUT\n\n{path}\n{expires}"  # the empty line is the Content-Type, which is signed
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    def _receive(self, request: Request) -> Answer:
        """Take a file; a refusal repeats the signature, as storages do."""
        signature = request.query.get("Signature", "")
        try:
            self._check(request, signature)
            self._use_once(signature)
            self._store(request.words[0], request)
        except RefusalError as refusal:
            code, told = escape(refusal.content), escape(signature)
            text = (
                f"<Error><Code>{code}</Code><SignatureProvided>{told}</SignatureProvided></Error>"
            )
            return Answer(refusal.status, text.encode(), _XML)
        return Answer(content_type=_XML)

    def _check(self, request: Request, signature: str) -> None:
        expires = request.query.get("Expires", "")
        self.tokens_seen += "X-ZH-TOKEN" in request.headers
        right = self._signature(request.words[0], expires)
        is_signed = hmac.compare_digest(right.encode(), signature.encode())
        if not is_signed or request.headers.get("Content-Type"):
            raise RefusalError(403, "SignatureDoesNotMatch")
        if time.time() > float(expires):
            raise RefusalError(403, "AccessDenied")
        if request.length is None:
            raise RefusalError(411, "MissingContentLength")
        if request.length > self._options.most_upload_bytes:
            raise RefusalError(413, "EntityTooLarge")

    def _use_once(self, signature: str) -> None:
        with self._lock:
            if signature in self._used:
                raise RefusalError(403, "AccessDenied")
            self._used.add(signature)

    def _store(self, path: str, request: Request) -> None:
        left = request.length or 0
        target = self._folder / path
        with whole_file(target) as part, part.open("wb") as file:
            while left:
                block = request.body.read(min(_BLOCK, left))
                if not block:
                    raise RefusalError(400, "IncompleteBody")
                file.write(block)
                left -= len(block)
        with self._lock:
            self._uploads[self._urn_of(target)] = target

    def _urn_of(self, path: Path) -> str:
        """Name an upload by what comes after group and user."""
        return self.urn("/".join(path.relative_to(self._folder).parts[2:]))

    def _kept(self) -> list[Path]:
        """Return what was uploaded whole before, the oldest first."""
        found = [path for path in self._folder.rglob("*") if path.is_file()]
        whole = [path for path in found if not path.name.startswith(".")]
        return sorted(whole, key=lambda path: path.stat().st_mtime)

    def _download(self, request: Request) -> Answer:
        self.check_token(request)
        found = self.find(request.query.get("urn", ""))
        return Answer(content=found, content_type="application/octet-stream")
