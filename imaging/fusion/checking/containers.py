"""Where the files of a CBCT lie: below a folder, in a zip, or a single one."""

import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from imaging.dicom.walk import UNKNOWN, files_below
from imaging.errors import InputError
from imaging.fusion.checking.archives import MOST_MEMBERS, checked_members

_BLOCK = 1 << 20
_DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Member(NamedTuple):
    """A file of a container.

    Attributes:
        name: Below the container, with slashes; it may hold a patient's, so it is never shown.
        size: In bytes.
    """

    name: str
    size: int


Open = Callable[[Member], BinaryIO]


@dataclass(frozen=True, slots=True)
class Container:
    """A folder, a zip, or a single file; nothing of a zip is ever unpacked to its own name.

    Attributes:
        path: Where it lies.
    """

    path: Path

    @property
    def is_zip(self) -> bool:
        """Whether it is an archive to look into."""
        return self.path.is_file() and zipfile.is_zipfile(self.path)

    def members(self) -> list[Member]:
        """List its files in the order of their names.

        Raises:
            InputError: There is nothing there, or far too much, or it is a zip that is not to be
                trusted.
        """
        if self.path.is_dir():
            return self._members_below()
        if not self.path.is_file():
            msg = "the CBCT: there is no such file or folder"
            raise InputError(msg)
        if not self.is_zip:
            return [Member("", self.path.stat().st_size)]
        found_in_zip = checked_members(self.path)
        return sorted(Member(info.filename, info.file_size) for info in found_in_zip)

    def _members_below(self) -> list[Member]:
        found = list(islice(files_below(self.path), MOST_MEMBERS + 1))
        if len(found) > MOST_MEMBERS:
            msg = f"the CBCT: the folder holds more than {MOST_MEMBERS} files, no single CBCT"
            raise InputError(msg)
        return sorted(Member(name, each.size) for name, each in found if each != UNKNOWN)

    @contextmanager
    def opened(self) -> Iterator[Open]:
        """Give what opens a member; a zip's directory is read only once.

        Raises:
            InputError: A member is damaged, or not what the zip says; its name is not told.
        """
        if not self.is_zip:
            yield lambda member: (self.path / member.name).open("rb")
            return
        try:
            with zipfile.ZipFile(self.path) as archive:
                yield lambda member: cast("BinaryIO", archive.open(member.name))
        except _DAMAGED as error:
            msg = f"the CBCT: the zip is damaged ({type(error).__name__})"
            raise InputError(msg) from None


def content_of(opened: Open, member: Member) -> Iterator[bytes]:
    """Yield a member's content, a megabyte at a time.

    Raises:
        InputError: It is longer or shorter than it was when it was listed, or than its zip says.
    """
    done = 0
    with opened(member) as file:
        while block := file.read(_BLOCK):
            done += len(block)
            yield block
    if done != member.size:
        msg = "the CBCT: a file is not as long as it was, or as its zip says"
        raise InputError(msg)
