"""The planning system's own DVHs, as the RTDOSE carries them (DICOM PS3.3, C.8.8.4).

Files in clinics depart from the standard, so what can be understood is read and what was odd is
noted. The tags for minimum, maximum and mean dose are not used: one widespread system writes them
in percent of the prescription beside curves in Gy.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from imaging.dicom.reading import UNREADABLE
from imaging.errors import InputError
from imaging.rt.curves import Curve, volume_at
from imaging.rt.dvh import DVH

Place = Literal["lower", "centre", "upper"]

_SHARE_OF_BIN: dict[Place, float] = {"lower": 0.0, "centre": 0.5, "upper": 1.0}
_NOISE = 1e-9  # share of the volume: what is left of 0 after somebody's subtraction
_RISE = 1e-3  # share of the volume by which rounding may make a cumulative curve rise
_FEW = 4  # with fewer bins, widths that grow may be meant


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDvh:
    """One DVH of the planning system, as a cumulative curve.

    Attributes:
        roi_number: In the RTSTRUCT that the dose refers to.
        dose_gy: Shape (n,), never falling, from 0.
        percent: Shape (n,), the share of the volume that gets at least each dose; ends at 0.
        volume_cc: What 100 % is, None when the file gives percentages only.
        bin_gy: The widest bin: no dose is known better than that.
        notes: What was odd about it, in words.
        is_cumulative: Whether it is stored so; else it was added up from volumes of bins.
    """

    roi_number: int
    dose_gy: NDArray[np.float64]
    percent: NDArray[np.float64]
    volume_cc: float | None
    bin_gy: float
    notes: tuple[str, ...] = ()
    is_cumulative: bool = True

    def __post_init__(self) -> None:
        """Refuse what is no cumulative curve; raises as ``DVH`` does."""
        self.dose_at_volume(50)

    @property
    def curve(self) -> Curve:
        """Doses in Gy and volumes in percent."""
        return self.dose_gy, self.percent

    @property
    def mean_gy(self) -> float:
        """The mean dose of the curve: its area."""
        return float(np.trapezoid(self.percent, self.dose_gy) / 100)

    def dose_at_volume(self, percent: float) -> float | None:
        """D``percent``% in Gy, as ``DVH.dose_at_volume`` defines it."""
        as_dvh = DVH(
            roi_number=self.roi_number,
            roi_name="",
            volume_cc=100.0,  # a curve in percent is the DVH of 100 cm³
            dose_gy=self.dose_gy,
            cumulative_cc=self.percent,
            min_gy=0.0,
            mean_gy=self.mean_gy,
            max_gy=float(self.dose_gy[-1]),
        )
        return as_dvh.dose_at_volume(percent)


@dataclass(frozen=True, slots=True, eq=False)
class PlannedDvhs:
    """What the DVH Sequence of one RTDOSE holds.

    Attributes:
        curves: In the order of the file.
        left_out: A sentence for each DVH that could not be used.
        structure_set_uid: The RTSTRUCT whose ROI numbers are meant; "" when the dose names none.
    """

    curves: tuple[PlannedDvh, ...] = ()
    left_out: tuple[str, ...] = ()
    structure_set_uid: str = ""


def planned_dvhs(rtdose: Dataset, *, volumes_at: Place = "lower") -> PlannedDvhs:
    """Read the DVHs of a dose, one an ROI; what cannot be used is left out, with the reason.

    Of several of one ROI the first cumulative one counts, else the first.

    Args:
        rtdose: The dose; its pixels are not needed.
        volumes_at: Where in its bin the volume of a cumulative DVH counts. The standard does
            not say; the lower edge is what most programs read. A commercial system with bins of
            0.01 Gy was seen to mean the centre: its mean doses and ours were both 0.005 Gy above
            the mean of its curves as read with the lower edge.
    """
    curves: dict[int, PlannedDvh] = {}
    left_out: dict[int, str] = {}
    for number, item in enumerate(rtdose.get("DVHSequence") or [], 1):
        try:
            curves[number] = _planned(item, str(rtdose.get("DoseUnits") or ""), volumes_at)
        except InputError as error:
            left_out[number] = f"DVH {number}: {error}"
        except UNREADABLE as error:
            left_out[number] = f"DVH {number}: it cannot be read ({type(error).__name__})"
    used: dict[int, int] = {}
    for number in sorted(curves, key=lambda number: not curves[number].is_cumulative):
        roi = curves[number].roi_number
        if used.setdefault(roi, number) != number:
            left_out[number] = f"DVH {number}: DVH {used[roi]} is of ROI {roi} too"
    references = rtdose.get("ReferencedStructureSetSequence") or [Dataset()]
    uid = str(references[0].get("ReferencedSOPInstanceUID", ""))
    kept = tuple(curves[number] for number in sorted(used.values()))
    return PlannedDvhs(kept, tuple(left_out[number] for number in sorted(left_out)), uid)


def _planned(item: Dataset, units_of_dose: str, place: Place) -> PlannedDvh:
    """Read one item of the DVH Sequence.

    Raises:
        InputError: It cannot be used; says why.
    """
    roi_number = _roi_number(item)
    kind = _one_of(item.get("DVHType"), ("CUMULATIVE", "DIFFERENTIAL"), "type")
    unit = _one_of(item.get("DVHVolumeUnits"), ("CM3", "PERCENT"), "unit of volume")
    _one_of(item.get("DoseUnits") or units_of_dose, ("GY",), "unit of dose")
    notes: list[str] = []
    widths, volumes = _pairs(item, notes)
    edges = _edges(widths * _scaling(item), notes)
    if kind == "DIFFERENTIAL":
        volumes = np.cumsum(volumes[::-1])[::-1]
    else:
        bins = np.diff(edges)  # the volumes' doses, and that of the 0 after them, lie inside
        within: Place = "upper" if bins[0] == 0 else place
        edges = edges + _SHARE_OF_BIN[within] * np.append(bins, bins[-1])
    dose_gy, percent = _cleaned(edges, np.append(volumes, 0.0))
    whole = float(volumes[0])
    if unit == "PERCENT" and abs(whole - 100) > 1:
        notes.append(f"its first volume is {whole:.4g} %, which was taken for all")
    volume_cc = whole if unit == "CM3" else None
    planned = PlannedDvh(roi_number, dose_gy, percent, volume_cc, float(np.diff(edges).max()))
    noted = (*notes, *_contradictions(item, planned))
    return replace(planned, notes=noted, is_cumulative=kind == "CUMULATIVE")


def _roi_number(item: Dataset) -> int:
    """Say which ROI a DVH is of; it has to be one, included."""
    references = item.get("DVHReferencedROISequence") or []
    kinds = {str(ref.get("DVHROIContributionType") or "INCLUDED") for ref in references}
    if len(references) != 1 or kinds != {"INCLUDED"}:
        msg = f"it is of {len(references)} ROIs, added or subtracted" if references else "of no ROI"
        raise InputError(msg)
    return int(references[0].ReferencedROINumber)


def _one_of(value: object, known: tuple[str, ...], what: str) -> str:
    """Check a code string."""
    text = str(value or "").strip().upper()
    if text not in known:
        msg = f"its {what} is {text or 'missing'}, not {' or '.join(known)}"
        raise InputError(msg)
    return text


def _pairs(item: Dataset, notes: list[str]) -> Curve:
    """Read DVH Data (3004,0058): widths of the bins and volumes, as written."""
    value = item.get_item("DVHData").value if "DVHData" in item else None
    if not value:
        msg = "it has no data"
        raise InputError(msg)
    if isinstance(value, bytes):  # not parsed yet: pydicom makes an object of each, 15 x slower
        value = value.strip(b" \0\\").split(b"\\")
    numbers = np.array(value, dtype=np.float64)
    if numbers.size % 2:
        notes.append("its last bin has no volume and was left out")
    widths, volumes = numbers[: numbers.size // 2 * 2].reshape(-1, 2).T
    if widths.size != int(item.get("DVHNumberOfBins") or widths.size):
        notes.append(f"it has {widths.size} bins and says {item.DVHNumberOfBins}")
    if widths.size == 0 or not np.isfinite(numbers).all() or widths.min() < 0:
        msg = "its bins are not numbers, or negative"
        raise InputError(msg)
    return widths, volumes


def _scaling(item: Dataset) -> float:
    """Read DVH Dose Scaling (3004,0052), which makes the widths of bins Gy."""
    scaling = float(item.get("DVHDoseScaling") or 1)
    if not 0 < scaling < np.inf:
        msg = f"its doses are scaled by {scaling:g}"
        raise InputError(msg)
    return scaling


def _edges(widths: NDArray[np.float64], notes: list[str]) -> NDArray[np.float64]:
    """Add up the widths of n bins to their n + 1 edges, in Gy."""
    growing = widths.size >= _FEW and bool(np.all(np.diff(widths) > 0))
    if growing and widths[-1] > 2 * widths[1]:
        notes.append("its bins are given by their doses, not by their widths")
        return np.append(widths, 2 * widths[-1] - widths[-2])
    if widths[0] == 0:
        notes.append("its first bin has no width, so each volume counts at the upper edge")
    return np.concatenate([[0.0], np.round(np.cumsum(widths), 9)])


def _cleaned(edges: NDArray[np.float64], cumulative: NDArray[np.float64]) -> Curve:
    """Make a cumulative curve in percent from 0 Gy to the first dose that nothing gets."""
    whole = float(cumulative[0])
    if whole <= 0:
        msg = "it has no volume"
        raise InputError(msg)
    if np.diff(cumulative).max() > _RISE * whole or cumulative.min() < -_RISE * whole:
        msg = "its volume rises with dose or is negative: it is not cumulative"
        raise InputError(msg)
    percent = 100 * np.minimum.accumulate(np.clip(cumulative, 0, None)) / whole
    percent[percent < 100 * _NOISE] = 0.0
    if edges[0] > 0:
        edges, percent = np.append(0.0, edges), np.append(100.0, percent)
    end = int(np.argmax(percent == 0)) + 1
    return edges[:end], percent[:end]


def _contradictions(item: Dataset, planned: PlannedDvh) -> list[str]:
    """Note which of the tags for minimum, maximum and mean do not belong to the curve."""
    found = {name: item.get(name) for name in ("DVHMinimumDose", "DVHMaximumDose", "DVHMeanDose")}
    tags = {name: float(value) for name, value in found.items() if value not in (None, "")}
    last_gy, edge_gy = float(planned.dose_gy[-1]), 2 * planned.bin_gy
    slack_gy = edge_gy + 0.01 * last_gy

    def below_percent(gy: float) -> float:
        return 100 - float(volume_at(planned.curve, np.array([gy]))[0])

    is_wrong: dict[str, Callable[[float], bool]] = {
        "DVHMinimumDose": lambda gy: below_percent(gy - edge_gy) > 1,
        "DVHMaximumDose": lambda gy: gy > last_gy + slack_gy or below_percent(gy + edge_gy) < 99,
        "DVHMeanDose": lambda gy: abs(gy - planned.mean_gy) > slack_gy,
    }
    wrong = [name for name, gy in tags.items() if is_wrong[name](gy)]
    return [f"its curve contradicts its {', '.join(wrong)}"] if wrong else []
