"""What filter and statistics should say, by plain NumPy over a whole array and exact fractions."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from imaging.errors import InputError, NiftiError
from tests.imaging.labels.phantoms import Nifti


@dataclass(frozen=True)
class Expected:
    """The answers, or the error that is due."""

    refusal: type[InputError] | None
    stored: np.ndarray
    labels: np.ndarray  # in the shape of the voxels


def is_storable(nifti: Nifti, label: int) -> bool:
    """Whether the file's type and scaling hold a label exactly."""
    exact = (Fraction(label) - Fraction(nifti.inter)) / Fraction(nifti.slope)
    dtype = nifti.stored.dtype
    if dtype.kind == "f":
        return Fraction(float(dtype.type(float(exact)))) == exact
    bounds = np.iinfo(dtype)
    return exact.denominator == 1 and bounds.min <= exact <= bounds.max


def as_stored(nifti: Nifti, label: int) -> Any:
    """Return what a label is written as."""
    exact = (Fraction(label) - Fraction(nifti.inter)) / Fraction(nifti.slope)
    kind = float if nifti.stored.dtype.kind == "f" else int
    return nifti.stored.dtype.type(kind(exact))


def is_label(nifti: Nifti, stored: np.generic) -> bool:
    """Whether a stored value is a whole number after scaling, and one that is told exactly."""
    if not np.isfinite(stored):
        return False
    exact = Fraction(stored.item()) * Fraction(nifti.slope) + Fraction(nifti.inter)
    is_plain = nifti.stored.dtype.kind in "iu" and (nifti.slope, nifti.inter) == (1, 0)
    return exact.denominator == 1 and abs(exact) <= (2**63 - 1 if is_plain else 2**53)


def labels_of(nifti: Nifti) -> np.ndarray | None:
    """Return every voxel's label, or None where one has none."""
    labels = np.zeros(nifti.stored.shape, dtype=np.int64)
    for value in np.unique(nifti.stored):
        if not is_label(nifti, value):
            return None
        label = Fraction(value.item()) * Fraction(nifti.slope) + Fraction(nifti.inter)
        labels[nifti.stored == value] = int(label)
    return labels


def expected(nifti: Nifti, keep: list[int], remap: dict[int, int]) -> Expected:
    """Filter by hand."""
    labels = labels_of(nifti)
    if labels is None or not is_storable(nifti, 0):
        return Expected(NiftiError, nifti.stored, np.zeros(1, dtype=np.int64))
    if not all(is_storable(nifti, new) for new in remap.values()):
        return Expected(InputError, nifti.stored, labels)
    dropped = ~np.isin(labels, [0, *keep])
    out = np.where(dropped, as_stored(nifti, 0), nifti.stored)
    for old, new in remap.items():
        out[labels == old] = as_stored(nifti, new)
    return Expected(None, out.astype(nifti.stored.dtype), labels)


def rows_of(labels: np.ndarray) -> list[tuple[Any, ...]]:
    """Measure by hand: volume, label, voxels, box and centroid in voxels."""
    volumes = labels.reshape(*(*labels.shape, 1, 1)[:3], -1, order="F")
    rows = []
    for volume in range(volumes.shape[3]):
        own = volumes[..., volume]
        for label in np.unique(own[own != 0]).tolist():
            places = np.argwhere(own == label)
            box = (tuple(places.min(0).tolist()), tuple(places.max(0).tolist()))
            rows.append((volume, label, len(places), box, tuple(places.mean(0).tolist())))
    return rows
