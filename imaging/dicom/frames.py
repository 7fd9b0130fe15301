"""Facts of a frame that may be missing or broken, wherever its image states them."""

import numpy as np
from pydicom import Dataset

from imaging.dicom.arrangement import Floats, are_directions
from imaging.dicom.reading import UNREADABLE


def stated(dataset: Dataset, frame: int, sequence: str) -> Dataset:
    """Find what states a fact of a frame: its own group, the shared one, or the image itself.

    Multi-frame images state them in functional groups (PS3.3 C.7.6.16).
    """
    own = dataset.get("PerFrameFunctionalGroupsSequence") or []
    groups = [*own[frame : frame + 1], *(dataset.get("SharedFunctionalGroupsSequence") or [])]
    found = (group.get(sequence) for group in groups)
    return next((items[0] for items in found if items), dataset)


def finite_numbers(dataset: Dataset, keyword: str, count: int) -> Floats | None:
    """Read finite numbers, shape (count,); None when they are missing or broken."""
    try:
        found = np.array(dataset.get(keyword), dtype=np.float64).reshape(-1)
    except UNREADABLE:
        return None
    return found if found.size == count and bool(np.isfinite(found).all()) else None


def directions(dataset: Dataset) -> Floats | None:
    """Read ImageOrientationPatient; None when it holds no two unit vectors at right angles."""
    found = finite_numbers(dataset, "ImageOrientationPatient", 6)
    return found if found is not None and are_directions(found) else None
