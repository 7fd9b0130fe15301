"""A folder of outputs: one run at a time, and no other files in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imaging.errors import ImagingError, InputError
from imaging.files import held
from imaging.segmentations.sources import OUTPUTS

_LOCK = ".lock"


class OutputsBusyError(ImagingError):
    """Two runs into one folder would remove each other's files."""


@contextmanager
def outputs_in(folder: Path) -> Iterator[Path]:
    """Hold a folder of outputs for the block; a killed run's hold ends with its process.

    Args:
        folder: One that is not there yet, is empty, or holds outputs of earlier runs. It is marked,
            so that what lies in it is not taken for a source of label maps.

    Raises:
        InputError: It is a file, or holds other files, among which outputs could replace some.
        OutputsBusyError: Another run is at work here.
    """
    if not next(each for each in (folder, *folder.parents) if each.exists()).is_dir():
        msg = "the output is a file, or below one: choose a folder"
        raise InputError(msg)
    if folder.exists() and not (folder / OUTPUTS).exists() and _names(folder) - {_LOCK}:
        msg = "the folder for the outputs holds other files: choose an empty or a new one"
        raise InputError(msg)
    msg = "another run writes into the same folder of outputs; start this one after it"
    with held(folder / _LOCK, OutputsBusyError(msg)):
        (folder / OUTPUTS).touch()
        yield folder


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
