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
        InputError: It holds other files, among which outputs could replace some.
        OutputsBusyError: Another run is at work here.
    """
    if folder.exists() and not (folder / OUTPUTS).exists() and any(folder.iterdir()):
        msg = "the folder for the outputs holds other files: choose an empty or a new one"
        raise InputError(msg)
    msg = "another run writes into the same folder of outputs; start this one after it"
    with held(folder / _LOCK, OutputsBusyError(msg)):
        (folder / OUTPUTS).touch()
        yield folder
