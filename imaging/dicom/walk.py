"""The files below a folder, and what tells that one of them has changed."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from imaging.files import PART_SUFFIX


class Stamp(NamedTuple):
    """What tells whether a file has changed: its size in bytes, and when it was modified."""

    size: int
    mtime_ns: int


UNKNOWN = Stamp(-1, 0)  # of what cannot be looked at now; no file has it, so that is read later


def files_below(folder: Path) -> Iterator[tuple[str, Stamp]]:
    """Yield every file below ``folder``: its path below it, with slashes, and its stamp.

    Hidden names and unfinished copies are passed over, and links to folders are not followed. A
    subfolder that cannot be listed comes as a file that cannot be read.
    """
    closed: list[OSError] = []
    for parent, folders, names in os.walk(folder, onerror=closed.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(parent, name)
            if name.startswith(".") or name.endswith(PART_SUFFIX):
                continue
            if (stamp := _stamp(path)) is not None:
                yield _below(folder, path), stamp
    yield from ((_below(folder, Path(error.filename)), UNKNOWN) for error in closed)


def _stamp(path: Path) -> Stamp | None:
    """Return the stamp of a file, None where there is none (any more) or it is no plain file."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    except OSError:
        return UNKNOWN
    return Stamp(facts.st_size, facts.st_mtime_ns) if stat.S_ISREG(facts.st_mode) else None


def _below(folder: Path, path: Path) -> str:
    """Return the path below the folder, with slashes.

    Bytes that are not UTF-8 are spelled out in hexadecimal, since no database or manifest can hold
    them; nothing goes by that name, so the file counts as unreadable.
    """
    name = path.relative_to(folder).as_posix()
    return os.fsencode(name).decode("utf-8", "backslashreplace")
