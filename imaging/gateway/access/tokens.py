"""Bearer tokens: random, shown once, kept as hashes, and gone the moment they are revoked."""

import fcntl
import hashlib
import hmac
import logging
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from imaging.errors import InputError
from imaging.gateway.access.private import private_folder, write_private

log = logging.getLogger(__name__)

Scope = Literal["read", "run"]

MOST_DAYS = 366
DAY_S = 86_400

_PREFIX = "ifg_"  # by which a scanner of leaked secrets knows it
_RANDOM_BYTES = 32
_TOKEN = re.compile(rb"ifg_[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TAKEN_NAMES = {"local", "link"}  # the access log says these of requests without a token


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token: enough to know it again, not enough to use it.

    Attributes:
        name: Who holds it, as the access log says it.
        sha256: Hexadecimal. A slow hash guards what people choose; nobody guesses 256 random bits.
        scopes: ``read`` for GET and HEAD, ``run`` for what calculates.
        created: Seconds since 1970.
        expires: Likewise; at this moment it is no longer valid.
    """

    name: str
    sha256: str
    scopes: tuple[Scope, ...]
    created: int
    expires: int

    def is_valid(self, now: float) -> bool:
        """Say whether it has not expired."""
        return now < self.expires


_TOKENS = TypeAdapter(tuple[Token, ...])


class TokenStore:
    """The tokens of a gateway, read again whenever their file changed.

    Attributes:
        path: The file; whoever makes it, asks for tokens even on loopback.
    """

    def __init__(self, state: Path) -> None:
        self.path = state / "tokens.json"
        self._seen: tuple[int, int, int] | None = None
        self._tokens: tuple[Token, ...] = ()

    @property
    def exists(self) -> bool:
        """Say whether a token was ever made; revoking the last one does not open the gateway."""
        return os.path.lexists(self.path)

    def tokens(self) -> tuple[Token, ...]:
        """Return the tokens; of a damaged file none, so that nobody gets in by damaging it."""
        try:
            status = self.path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen != self._seen:
                self._tokens, self._seen = read_tokens(self.path), seen
        except FileNotFoundError:
            self._tokens, self._seen = (), None
        except (OSError, InputError) as error:
            log.error("no token is valid: their file cannot be read (%s)", type(error).__name__)  # noqa: TRY400 - a trace would name the file
            self._tokens, self._seen = (), None
        return self._tokens

    def find(self, given: bytes, now: float) -> Token | None:
        """Return the valid token that a request gave; it takes equally long for every wrong one."""
        if not _TOKEN.fullmatch(given):
            return None
        digest = hashlib.sha256(given).hexdigest()
        found = None
        for token in self.tokens():
            if hmac.compare_digest(token.sha256, digest):
                found = token
        return found if found is not None and found.is_valid(now) else None


def read_tokens(path: Path) -> tuple[Token, ...]:
    """Return the tokens of a file; none when there is no such file.

    Raises:
        InputError: The file is damaged.
    """
    try:
        return _TOKENS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except ValidationError:
        msg = "the file of tokens is damaged; delete it and add the tokens again"
        raise InputError(msg) from None


def add_token(state: Path, name: str, scopes: Iterable[Scope], days: int, now: float) -> str:
    """Make a token and return it: nothing but this return value ever holds it.

    Raises:
        InputError: The name is no name or is taken, there is no scope, or it would live too long.
    """
    if not _NAME.fullmatch(name) or name in _TAKEN_NAMES:
        msg = "a token's name is up to 64 letters, digits, dots and dashes; not 'local' or 'link'"
        raise InputError(msg)
    if not 1 <= days <= MOST_DAYS:
        msg = f"a token lives for 1 to {MOST_DAYS} days"
        raise InputError(msg)
    if not (granted := tuple(sorted(set(scopes)))):
        msg = "a token needs a scope: read, run or both"
        raise InputError(msg)
    fresh = _PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    digest = hashlib.sha256(fresh.encode()).hexdigest()
    token = Token(name, digest, granted, int(now), int(now) + days * DAY_S)
    with _changing(state) as path:
        known = read_tokens(path)
        if any(other.name == name for other in known):
            msg = "there is a token of this name; revoke it first, or choose another name"
            raise InputError(msg)
        write_private(path, _TOKENS.dump_json((*known, token), indent=2))
    return fresh


def revoke_token(state: Path, name: str) -> None:
    """Forget a token; a running gateway refuses it from the next request on.

    Raises:
        InputError: There is no token of this name.
    """
    with _changing(state) as path:
        known = read_tokens(path)
        left = tuple(token for token in known if token.name != name)
        if left == known:
            msg = "there is no token of this name; 'token list' shows those there are"
            raise InputError(msg)
        write_private(path, _TOKENS.dump_json(left, indent=2))


@contextmanager
def _changing(state: Path) -> Iterator[Path]:
    """Give the file of tokens to one command at a time; another waits the moment it takes."""
    with (private_folder(state) / "tokens.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield TokenStore(state).path
