"""A label map of the data root that is open: its files under names that a reader understands."""

import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from starlette.exceptions import HTTPException
from starlette.responses import Response

from imaging.errors import NiftiError
from imaging.gateway.options import GatewayOptions
from imaging.gateway.places import OpenPlace, is_served, not_found, open_file
from imaging.gateway.scans import first_there
from imaging.labels.source import pair_of

_SINGLE = (".nii.gz", ".nii")
_PAIRED = (".hdr", ".img", ".hdr.gz", ".img.gz")


class SourceChangedError(Exception):
    """The label map changed while it was read: look at it anew."""


@dataclass(frozen=True, slots=True)
class OpenLabelMap:
    """A label map that is open: one file, or two of a pair.

    Attributes:
        files: The file that was asked for, then the other of a pair.
        name: Of the file that was asked for.
        root: The data root.
    """

    files: tuple[OpenPlace, ...]
    name: str
    root: Path

    @property
    def path(self) -> Path:
        """Where the file that was asked for really is."""
        return self.files[0].path

    @property
    def suffix(self) -> str:
        """What the name ends in, in lower case: ``.nii.gz`` and the like."""
        return suffix_of(self.name)

    @property
    def version(self) -> str:
        """What changes whenever the bytes of a file do."""
        return "+".join(file.version for file in self.files)

    def again(self) -> "OpenLabelMap":
        """Return the same files, open a second time and for another to close."""
        return OpenLabelMap(
            tuple(
                OpenPlace(os.dup(file.descriptor), file.status, file.name, file.path)
                for file in self.files
            ),
            self.name,
            self.root,
        )

    def leads_out(self, link: Path) -> bool:
        """Say whether a link leads to what is not served."""
        return not is_served(self.root, link)

    @contextmanager
    def readable(self) -> Iterator[Path]:
        """Give a path to read these very files by.

        Raises:
            SourceChangedError: They have changed since they were opened; what was read is mixed.
        """
        try:
            with TemporaryDirectory() as folder:
                for file in self.files:
                    Path(folder, f"labels{suffix_of(file.name)}").symlink_to(file.stream)
                yield Path(folder, f"labels{self.suffix}")
        except (NiftiError, OSError) as error:
            self._check(error)
            raise
        else:
            self._check(None)

    def close(self) -> None:
        """Close the files."""
        for file in self.files:
            file.close()

    def _check(self, cause: Exception | None) -> None:
        if self.version != "+".join(file.status_now().version for file in self.files):
            raise SourceChangedError from cause


def open_label_map(options: GatewayOptions, candidates: Sequence[str]) -> OpenLabelMap:
    """Open the first of these paths that is there.

    Raises:
        HTTPException: 404, when none is; 415, for a name that is no NIfTI file's.
        NiftiError: The other file of a pair is not there.
    """
    path = first_there(options, tuple(candidates))
    if path is None:
        raise not_found()
    if not suffix_of(path):
        raise HTTPException(415, "Label maps are .nii, .nii.gz, or pairs of .hdr and .img")
    asked = open_file(options.data_root, path)
    try:
        other = _other_of(options.data_root / path)
        files: tuple[OpenPlace, ...] = (asked,)
        if other:
            files += (open_file(options.data_root, path.removesuffix(asked.name) + other),)
    except HTTPException as error:
        asked.close()
        msg = "The label map is a pair of .hdr and .img, and one of them is not there"
        raise NiftiError(msg) from error
    return OpenLabelMap(files, asked.name, options.data_root)


async def anew_if_changed(work: Callable[[], Awaitable[Response]]) -> Response:
    """Do it once more where the label map changed meanwhile.

    Raises:
        HTTPException: 409, when it changed again: somebody is writing it.
    """
    for _ in range(2):
        with suppress(SourceChangedError):
            return await work()
    raise HTTPException(409, "The label map is being written: ask again when it is whole")


def suffix_of(name: str) -> str:
    """Return what tells a NIfTI file's format; empty for other files."""
    suffixes = (*_SINGLE, *_PAIRED)
    return next((suffix for suffix in suffixes if name.lower().endswith(suffix)), "")


def _other_of(path: Path) -> str | None:
    """Return the name of the other file of a pair."""
    if (pair := pair_of(path)) is None:
        return None
    header, image = (file.name for file in pair)
    return image if header == path.name else header
