"""The doses there are to choose from: what each is a dose of, and which are the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom import Dataset

from imaging.rt.doses.pixels import stored_values
from imaging.rt.files.attributes import Floats, count_of, items_of, numbers, text
from imaging.rt.files.objects import read_rtdose

_PLANS = "ReferencedRTPlanSequence"
_PLACE_MM = 1e-3  # the same number written by two programs

_GEOMETRY = (
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "GridFrameOffsetVector",
    "SliceThickness",
)
_IDENTITY = ("DoseUnits", "DoseType", "DoseSummationType", "FrameOfReferenceUID")


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """One RTDOSE and what it says it is a dose of (PS3.3 C.8.8.3).

    Attributes:
        dataset: The RTDOSE.
        summation: Dose Summation Type; PLAN when it is missing.
        plan_uids: The RT Plans it refers to, each once.
        beams: The numbers of the beams it refers to, in order.
    """

    dataset: Dataset
    summation: str
    plan_uids: tuple[str, ...]
    beams: tuple[int, ...]

    @property
    def uid(self) -> str:
        """SOP Instance UID."""
        return str(self.dataset.SOPInstanceUID)

    @property
    def is_of_plans(self) -> bool:
        """Whether it is a sum over several plans already."""
        return self.summation in ("MULTI_PLAN", "PLAN_OVERVIEW") or len(self.plan_uids) > 1


def read_candidate(path: Path) -> Candidate:
    """Read an RTDOSE.

    Raises:
        DicomError: It is no readable RT Dose, or a number in it is none.
    """
    dataset = read_rtdose(path)
    plans = [item.get("ReferencedSOPInstanceUID") for item in _items(dataset, _PLANS)]
    with items_of(dataset):
        beams = sorted(set(_beams(dataset)))
    return Candidate(
        dataset,
        text(dataset, "DoseSummationType") or "PLAN",
        tuple(dict.fromkeys(str(uid) for uid in plans if uid)),
        tuple(beams),
    )


def distinct(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Group doses that are the same: of the same beams, on one grid, with equal values.

    Their UIDs and their plans do not count, since a dose that is exported again may get new ones.

    Raises:
        DicomError: A dose cannot be decoded. A single one is not looked at.
    """
    groups: list[list[Candidate]] = []
    for candidate in candidates:
        same = (group for group in groups if _is_same(group[0], candidate))
        group = next(same, None)
        if group is None:
            groups.append([candidate])
        else:
            group.append(candidate)
    return groups


def _beams(dataset: Dataset) -> Iterator[int]:
    for plan in _items(dataset, _PLANS):
        for group in _items(plan, "ReferencedFractionGroupSequence"):
            for beam in _items(group, "ReferencedBeamSequence"):
                yield count_of(beam, "ReferencedBeamNumber", least=0)


def _items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    return dataset.get(keyword) or []


def _is_same(one: Candidate, other: Candidate) -> bool:
    """Compare what is cheap to compare first, and the values last."""
    a, b = one.dataset, other.dataset
    if one.beams != other.beams or any(text(a, key) != text(b, key) for key in _IDENTITY):
        return False
    if not all(_agree(_values(a, key), _values(b, key)) for key in _GEOMETRY):
        return False
    if not np.array_equal(numbers(a, "DoseGridScaling", 1), numbers(b, "DoseGridScaling", 1)):
        return False
    return bool(np.array_equal(stored_values(a), stored_values(b)))


def _values(dataset: Dataset, keyword: str) -> Floats:
    """Read numbers, none when the attribute is missing or empty."""
    return np.empty(0) if dataset.get(keyword) in (None, "") else numbers(dataset, keyword)


def _agree(one: Floats, other: Floats) -> bool:
    return one.shape == other.shape and np.allclose(one, other, rtol=0, atol=_PLACE_MM)
