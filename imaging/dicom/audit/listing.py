"""Every file below a folder, hidden and unfinished ones too: whoever gets the folder gets them."""

import os
from collections.abc import Iterator
from pathlib import Path

from imaging.errors import InputError


def files_of(folder: Path) -> list[str]:
    """Return the paths of the files below a folder, sorted; links to folders are not followed.

    Raises:
        InputError: It is no folder, or one below it cannot be listed.
    """
    if not folder.is_dir():
        msg = "no such folder"
        raise InputError(msg)
    return sorted(_files(folder))


def _files(folder: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for name in (*names, *links):
            yield Path(parent, name).relative_to(folder).as_posix()


def _refuse(error: OSError) -> None:
    msg = "a folder in it cannot be listed"
    raise InputError(msg) from error
