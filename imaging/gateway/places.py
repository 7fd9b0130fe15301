"""Finding a file of the data root by the path of a request, and nothing outside it."""

import hashlib
import os
import stat
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class OpenPlace:
    """A file or folder that is open; whoever got it closes it.

    Attributes:
        descriptor: Of the open file. It stays what was checked, whatever happens to the name.
        status: What the descriptor is.
        name: The last part of the path that was asked for; empty for the data root itself.
        path: Where it really is, below the data root and without links.
    """

    descriptor: int
    status: os.stat_result
    name: str
    path: Path

    @property
    def is_folder(self) -> bool:
        """Say whether it is a folder."""
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def stream(self) -> Path:
        """A path that opens this very file, though its name were taken by another by now."""
        return Path(f"/proc/self/fd/{self.descriptor}")

    @property
    def version(self) -> str:
        """What changes whenever the bytes do: for ETags and keys of cached results.

        The time of the last change of status cannot be set back, as that of the content can.
        """
        seen = self.status
        numbers = (seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
        return hashlib.sha256(repr(numbers).encode()).hexdigest()[:32]  # inodes are nobody's matter

    def status_now(self) -> "OpenPlace":
        """Return the same file, as it is by now."""
        return OpenPlace(self.descriptor, os.fstat(self.descriptor), self.name, self.path)

    def read(self, start: int, most: int) -> bytes:
        """Return some bytes; none where the file ends, or where it was written since it was opened.

        Not ``version`` tells: a file that is renamed over changes it, and its content stays.
        """
        piece = os.pread(self.descriptor, most, start)
        seen, now = self.status, os.fstat(self.descriptor)
        is_same = (seen.st_size, seen.st_mtime_ns) == (now.st_size, now.st_mtime_ns)
        return piece if is_same else b""

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self.descriptor)


def not_found() -> HTTPException:
    """Return the one answer to all that is not served: it does not tell why."""
    return HTTPException(404, "There is no such file")


def parts_of(path: str) -> tuple[str, ...]:
    """Return the names in a request's path.

    Raises:
        HTTPException: 404, for a name that is empty, begins with a dot or holds a backslash or a
            control character. So ``..`` never gets as far as a file system.
    """
    parts = tuple(path.split("/")) if path else ()
    if not all(map(is_plain, parts)):
        raise not_found()
    return parts


def is_plain(name: str) -> bool:
    """Say whether a name may be served at all."""
    if not name or name.startswith(".") or "\\" in name:
        return False
    return not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in name)


def is_served(root: Path, path: Path) -> bool:
    """Say whether a path, wherever its links lead, is inside the data root and not hidden."""
    try:
        _inside(root, path)
    except (OSError, ValueError):
        return False
    return True


def open_place(root: Path, path: str) -> OpenPlace:
    """Open a file or folder of the data root; links are followed as long as they stay inside.

    Args:
        root: The data root.
        path: Of the request, below the data root and decoded once. Only a folder's may end in a
            slash.

    Raises:
        HTTPException: 404, for whatever is not there or not served: dot files, links that lead
            out, pipes, devices, what may not be read.
    """
    asked = path.removesuffix("/")
    parts = parts_of(asked)
    try:
        real_root, inside = _inside(root, root.joinpath(*parts))
        descriptor = _open(real_root, inside)
    except (OSError, ValueError):
        raise not_found() from None
    name = parts[-1] if parts else ""
    place = OpenPlace(descriptor, os.fstat(descriptor), name, real_root.joinpath(*inside))
    if not place.is_folder and (asked != path or not stat.S_ISREG(place.status.st_mode)):
        place.close()
        raise not_found()
    return place


def open_file(root: Path, path: str) -> OpenPlace:
    """Open a file, and no folder.

    Raises:
        HTTPException: 404, as ``open_place``.
    """
    place = open_place(root, path)
    if place.is_folder:
        place.close()
        raise not_found()
    return place


def _inside(root: Path, path: Path) -> tuple[Path, tuple[str, ...]]:
    """Follow links, and return the root and the names below it.

    Raises:
        OSError: There is nothing of that name.
        ValueError: It is outside, or a link led to what is hidden.
    """
    real_root = Path(os.path.realpath(root, strict=True))
    inside = Path(os.path.realpath(path, strict=True)).relative_to(real_root)
    if not all(map(is_plain, inside.parts)):
        raise ValueError
    return real_root, inside.parts


def _open(root: Path, parts: tuple[str, ...]) -> int:
    """Walk down from the root by descriptors, so that no folder can become a link underway.

    The kind is looked at before the file is opened, since to open a device may do something.
    """
    here = os.open(root, _FOLDER)
    for part in parts:
        above = here
        try:
            mode = os.stat(part, dir_fd=above, follow_symlinks=False).st_mode
            if not (stat.S_ISDIR(mode) or stat.S_ISREG(mode)):
                raise FileNotFoundError
            here = os.open(part, _FOLDER if stat.S_ISDIR(mode) else _FILE, dir_fd=above)
        finally:
            os.close(above)
    return here
