"""Compiling to machine code, in a way that mypy understands."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

# Not "nnan" nor "ninf", as what is not a number must stay so; not "arcp", as quotients are exact.
_FAST = {"reassoc", "contract", "nsz"}
_OPTIONS: dict[str, Any] = {
    "cache": True,
    "nogil": True,
    "error_model": "numpy",
    "fastmath": _FAST,
}
_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function at its first call, and keep the result on disk for later processes.

    Compiled functions release the GIL: ROIs of several patients run in threads side by side.
    """
    return cast(_Function, numba.njit(function, **_OPTIONS))
