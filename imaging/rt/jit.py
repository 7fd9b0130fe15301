"""Compiling to machine code: kept on disk, for exactly these sources, in a way mypy understands."""

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from imaging.rt.sources import checksum_of

_HERE = Path(__file__).parent
# Not "nnan" nor "ninf", as what is not a number must stay so; not "arcp", as quotients are exact.
_FAST = {"reassoc", "contract", "nsz"}
_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function at its first call, and keep the result on disk for later processes.

    Compiled functions release the GIL: ROIs of several patients run in threads side by side.
    """
    compile_ = numba.njit(cache=_KEEPS, nogil=True, error_model="numpy", fastmath=_FAST)
    return cast(_Function, compile_(function))


def _cache_folder() -> Path | None:
    """Find a folder for machine code that can be written; None where there is none.

    Its name holds a checksum of all sources: numba looks at the file of a function only, and would
    go on using code into which an older function of another file was compiled.
    """
    name = f"numba-{_checksum()}"
    for base in _bases():
        folder = base / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


def _bases() -> Iterator[Path]:
    """List where machine code may be kept, the best place first."""
    if "NUMBA_CACHE_DIR" in os.environ:
        yield Path(os.environ["NUMBA_CACHE_DIR"])
    yield _HERE / "__pycache__"
    yield Path("~/.cache/imaging-flows").expanduser()


def _checksum() -> str:
    """Checksum the sources of everything that may be compiled."""
    said = f"{numba.__version__} {checksum_of(_HERE, holding='compiled')}"
    return hashlib.sha256(said.encode()).hexdigest()[:12]


_FOLDER = _cache_folder()
_KEEPS = _FOLDER is not None
if _FOLDER is not None:
    numba.config.CACHE_DIR = str(_FOLDER)  # type: ignore[attr-defined]  # made from a table
