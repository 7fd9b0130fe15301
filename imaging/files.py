"""Files that are whole or absent: written under a temporary name, then renamed; and a lock."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

PART_SUFFIX = ".part"


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a temporary path to write to, and rename it to ``target`` when the block succeeds.

    A killed process leaves at most a ``.part`` file, never half a file under its final name. The
    temporary name ends as the target's does, since writers choose a format by that.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(
        dir=target.parent, prefix=".", suffix=f"{PART_SUFFIX}-{target.name}", delete=False
    ) as handle:
        part = Path(handle.name)
    try:
        yield part
        part.chmod(0o666 & ~_UMASK)  # NamedTemporaryFile makes 0600; a result is an ordinary file
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def held(lock: Path, busy: Exception) -> Iterator[None]:
    """Hold a lock file for the block; the hold of a killed process ends with it.

    Raises:
        busy: Another holds it.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise busy from error
        yield


def write_whole(target: Path, content: bytes | str) -> Path:
    """Write ``content`` to ``target``, wholly or not at all; text is UTF-8."""
    with whole_file(target) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
    return target


def write_json(target: Path, value: Any) -> Path:
    """Write ``value`` as readable JSON; NaN is refused, as no other program reads it."""
    return write_whole(target, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def _umask() -> int:
    """Return the process's umask; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


_UMASK = _umask()  # once, at import: in several threads, reading it would change it
