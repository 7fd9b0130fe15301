"""Signed links: for a short time, whoever has one may read the files that it names."""

import base64
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException

from imaging.errors import InputError
from imaging.gateway.access.private import kept_key
from imaging.gateway.options import GatewayOptions
from imaging.gateway.places import open_file

DEFAULT_LIFETIME_S = 15 * 60
MOST_LIFETIME_S = 7 * 86_400
MOST_FILES = 16

_MOST_LETTERS = 4096
_PURPOSE = b"imaging.gateway link 1:"  # the key signs nothing else, and a second form gets a 2


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed link allows.

    Attributes:
        files: Paths below the data root, exactly as they were signed.
        expires: Seconds since 1970; at this moment it is no longer valid.
    """

    files: frozenset[str]
    expires: int


def sign_link(
    options: GatewayOptions,
    paths: Sequence[str],
    lifetime_s: float = DEFAULT_LIFETIME_S,
    now: float | None = None,
) -> str:
    """Return the value of ``link=`` that lets its holder read these files.

    It is not encrypted: whoever has it can read the paths in it, as in any address. All links end
    at once when the file ``link-key`` is deleted.

    Args:
        options: Of the gateway that will serve the files.
        paths: Files below the data root. Of a .hdr/.img pair both, if both are to be downloaded.
        lifetime_s: Seconds until it expires, a week at most.
        now: Seconds since 1970; the clock's when left out.

    Raises:
        InputError: No file is served by one of the paths, or there are too many, or it would live
            too long.
    """
    if not 0 < lifetime_s <= MOST_LIFETIME_S:
        msg = f"a link lives for up to {MOST_LIFETIME_S // 86_400} days"
        raise InputError(msg)
    if not 1 <= len(paths) <= MOST_FILES:
        msg = f"a link is for 1 to {MOST_FILES} files"
        raise InputError(msg)
    for number, path in enumerate(paths, start=1):
        _check_served(options.data_root, path, number)
    expires = int((time.time() if now is None else now) + lifetime_s)
    claims = {"expires": expires, "files": sorted(set(paths))}
    payload = _encoded(json.dumps(claims, separators=(",", ":")).encode())
    link = f"{payload}.{_signature(kept_key(_key_file(options)), payload)}"
    if len(link) > _MOST_LETTERS:
        msg = "the paths are too long for one link; sign them one by one"
        raise InputError(msg)
    return link


def verify_link(options: GatewayOptions, link: str, now: float) -> Link | None:
    """Return what a link allows, or None when it was not made here, was changed or has expired."""
    payload, dot, signature = link.partition(".")
    if len(link) > _MOST_LETTERS or not dot or not link.isascii():
        return None
    try:
        key = _key_file(options).read_bytes()
    except OSError:  # no key, no links; a key made now would have signed none
        return None
    # The encoded forms are compared: base64 has several spellings of the same bytes.
    if not hmac.compare_digest(_signature(key, payload), signature):
        return None
    allowed = _claimed(payload)
    return allowed if now < allowed.expires else None


def _claimed(payload: str) -> Link:
    """Return the claims of a payload whose signature is good, so that it is one of ours."""
    claims: dict[str, Any] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    return Link(files=frozenset(claims["files"]), expires=claims["expires"])


def _check_served(root: Path, path: str, number: int) -> None:
    """Refuse to sign what the gateway would not serve: a folder's link would list it."""
    try:
        open_file(root, path).close()
    except HTTPException:
        msg = f"path {number} is no file that the gateway serves; give it as below the data root"
        raise InputError(msg) from None


def _key_file(options: GatewayOptions) -> Path:
    return options.state / "link-key"


def _signature(key: bytes, payload: str) -> str:
    return _encoded(hmac.digest(key, _PURPOSE + payload.encode(), "sha256"))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
