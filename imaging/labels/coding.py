"""What label a stored value is, bit for bit: scaled, float-coded and foreign-endian ones too.

A *pattern* is a stored value's bytes as they lie in the file, read as an unsigned integer of this
machine. Voxels that stay are copied as patterns, so nothing about them can change.
"""

import math

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError, NiftiError
from imaging.labels.header import NiftiHeader

_MOST = 2**63
_MOST_EXACT = 2**53  # beyond, float64 does not tell neighbours apart
_FLOAT32_ROUNDING = 2.0**-23  # NIfTI-1 keeps slope and inter as float32
_MOST_OFF = 1e-3


class Coding:
    """The label ids of one file's patterns.

    Attributes:
        patterns: The type of a pattern.
        background: The pattern that label 0 is written as; None where the file cannot hold it.
    """

    def __init__(self, header: NiftiHeader) -> None:
        self._header = header
        self._is_exact = header.dtype.kind in "iu" and not header.is_scaled
        self.patterns: np.dtype[np.unsignedinteger] = np.dtype(f"u{header.dtype.itemsize}")
        self.background = self._pattern_of(0)

    def ids_of(
        self, patterns: NDArray[np.unsignedinteger]
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return each pattern's label id, and whether it has one.

        A fraction, NaN, an infinity, or a number too large to be told from the next is no label.
        """
        stored = patterns.astype(self.patterns).view(self._header.dtype)
        if self._is_exact:
            ids = stored.astype(np.int64)
            return ids, (ids >= 0) if self._header.dtype.kind == "u" else np.ones(ids.shape, bool)
        with np.errstate(all="ignore"):
            values = stored.astype(np.float64) * self._header.slope + self._header.inter
            nearest = np.rint(values)
            is_id = np.abs(values - nearest) <= self._tolerance(values)
            is_id &= np.abs(nearest) <= _MOST_EXACT
        return np.where(is_id, nearest, 0).astype(np.int64), is_id

    def labels_of(self, patterns: NDArray[np.unsignedinteger]) -> NDArray[np.int64]:
        """Return each pattern's label id.

        Raises:
            NiftiError: One has none.
        """
        ids, is_id = self.ids_of(patterns)
        if not is_id.all():
            msg = "The voxels are no label ids: fractions, NaN, or beyond what can be told apart"
            raise NiftiError(msg)
        return ids

    def pattern_of(self, label_id: int) -> int:
        """Return the pattern that a label is written as.

        Raises:
            InputError: The file's data type and scaling cannot hold it.
        """
        if (pattern := self._pattern_of(label_id)) is None:
            msg = f"Label {label_id} cannot be written as {self._header.dtype.name} in this file"
            raise InputError(msg)
        return pattern

    def _pattern_of(self, label_id: int) -> int | None:
        stored = self._stored(label_id) if abs(label_id) < _MOST else None
        if stored is None:
            return None
        with np.errstate(over="ignore"):
            written = np.array([stored]).astype(self._header.dtype)
        pattern = written.view(self.patterns)
        ids, is_id = self.ids_of(pattern)
        return int(pattern[0]) if is_id[0] and ids[0] == label_id else None

    def _stored(self, label_id: int) -> np.generic | None:
        """Return the value that scaling turns into a label, as wide as it can be."""
        exact = (label_id - self._header.inter) / self._header.slope
        if self._header.dtype.kind == "f":
            return np.float64(exact + 0.0)  # the sum makes 0.0 of -0.0
        if not math.isfinite(exact):
            return None
        whole = label_id if self._is_exact else round(exact)
        bounds = np.iinfo(self._header.dtype.name)
        if not bounds.min <= whole <= bounds.max:
            return None
        return np.uint64(whole) if self._header.dtype.kind == "u" else np.int64(whole)

    def _tolerance(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far from a whole number rounding of slope and inter can have put a label."""
        if not self._header.is_scaled:
            return np.zeros_like(values)
        size = np.abs(values - self._header.inter) + abs(self._header.inter)
        return np.minimum(size * _FLOAT32_ROUNDING, _MOST_OFF)
