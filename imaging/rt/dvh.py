"""The dose-volume histogram of one ROI as a value: dose in Gy, volume in cm³.

A DVH is read as the piecewise-linear function V(D) through its points, the volume that gets at
least D (AAPM TG-263; ICRU report 83). What a DVH cannot answer, such as
D0.03cc of a 0.01 cc ROI or any dose of an empty one, is ``None``; NaN appears nowhere.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.rt.curves import Curve, volume_at
from imaging.rt.flags import Flag

_ROUNDING = 1e-9  # share of the volume that summing floats may lose on a plateau


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DVH:
    """Cumulative DVH of one ROI.

    Percentages refer to the whole ROI. Where part of it is outside the dose grid, that part counts
    as volume, not as irradiated, and what depends on its dose, such as D100%, is ``None``.

    Attributes:
        roi_number: The number in the RTSTRUCT.
        roi_name: The name in the RTSTRUCT, as written there.
        volume_cc: The volume of the whole ROI, as far as the engine knows it.
        dose_gy: Shape (n,), never falling; a dose given twice is a step of the curve.
        cumulative_cc: Shape (n,), the volume that gets at least each dose, never rising. Beyond
            the last dose it is 0.
        min_gy: The smallest dose, None when the DVH is empty; likewise the next two.
        max_gy: The largest dose.
        mean_gy: The mean dose; like the two before, of the part whose dose is known.
        outside_cc: The volume outside the dose grid, None when it was not determined.
        flags: What is odd about this DVH.
        notes: The same in words, with numbers.
        method: How it was calculated, in one line.
    """

    roi_number: int
    roi_name: str
    volume_cc: float
    dose_gy: NDArray[np.float64]
    cumulative_cc: NDArray[np.float64]
    min_gy: float | None
    max_gy: float | None
    mean_gy: float | None
    outside_cc: float | None = None
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    method: str = ""

    def __post_init__(self) -> None:
        """Check the curve and its statistics.

        Raises:
            InputError: Dose and volume do not pair up, are not finite, or do not make a cumulative
                curve; or minimum, mean and maximum are not in this order.
        """
        fault = _fault_of_curve(self.dose_gy, self.cumulative_cc) or self._fault_of_statistics()
        if fault:
            msg = f"DVH of ROI {self.roi_number}: {fault}"
            raise InputError(msg)

    @classmethod
    def empty(
        cls,
        roi_number: int,
        roi_name: str,
        flags: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        volume_cc: float = 0.0,
    ) -> Self:
        """Make the DVH of an ROI that has no volume with a dose; it is flagged ``EMPTY``."""
        return cls(
            roi_number=roi_number,
            roi_name=roi_name,
            volume_cc=volume_cc,
            dose_gy=np.zeros(1),
            cumulative_cc=np.zeros(1),
            min_gy=None,
            max_gy=None,
            mean_gy=None,
            outside_cc=volume_cc or None,
            flags=(Flag.EMPTY, *flags),
            notes=notes,
        )

    @property
    def dosed_cc(self) -> float:
        """The volume whose dose is known."""
        return float(self.cumulative_cc[0])

    @property
    def whole_cc(self) -> float:
        """What 100 % means: ``volume_cc``, or ``dosed_cc`` where only rounding tells them apart."""
        return self.volume_cc if self.is_partly_outside else self.dosed_cc

    @property
    def is_partly_outside(self) -> bool:
        """Whether some of the ROI has no known dose; of an empty DVH, whether there is volume."""
        return self.dosed_cc < self.volume_cc * (1 - 2 * _ROUNDING)

    @property
    def is_empty(self) -> bool:
        """Whether no volume has a dose, so that there is no curve."""
        return self.dosed_cc <= 0

    @property
    def median_gy(self) -> float | None:
        """D50%: half of the ROI gets at least this dose; None when less has a known dose."""
        return self.dose_at_volume(50)

    @property
    def cumulative_percent(self) -> NDArray[np.float64]:
        """The curve in percent of the whole ROI, shape (n,); all 0 when the DVH is empty."""
        return 100 * self.cumulative_cc / (self.whole_cc or 1.0)

    @property
    def percent_curve(self) -> Curve:
        """Doses in Gy and volumes in percent of the whole ROI."""
        return self.dose_gy, self.cumulative_percent

    def dose_at_volume(self, percent: float) -> float | None:
        """D``percent``%: the largest dose in Gy that ``percent`` of the ROI gets.

        D100% is the largest dose that everything gets, D0% the maximum. None where so much of the
        ROI is outside the dose grid that this dose cannot be known.

        Raises:
            InputError: ``percent`` is not between 0 and 100.
        """
        if not 0 <= percent <= 100:
            msg = f"D{percent:g}%: a share of a volume is between 0 and 100 %"
            raise InputError(msg)
        return self.dose_at_cc(percent / 100 * self.whole_cc)

    def dose_at_cc(self, cc: float) -> float | None:
        """D``cc``cc: the largest dose in Gy that ``cc`` cm³ get; None when there is less volume.

        Raises:
            InputError: ``cc`` is negative.
        """
        if cc < 0:
            msg = f"D{cc:g}cc: a volume is not negative"
            raise InputError(msg)
        slack = _ROUNDING * self.dosed_cc
        if self.is_empty or cc > self.dosed_cc + slack:
            return None
        if cc == 0:
            return self.max_gy
        # The curve never rises, so negated it is sorted: the last point that still holds cc.
        last = int(np.searchsorted(-self.cumulative_cc, slack - cc, side="right")) - 1
        if last == self.dose_gy.size - 1:
            return float(self.dose_gy[last])
        upper_cc, lower_cc = self.cumulative_cc[last : last + 2]
        share = max(0.0, (upper_cc - cc) / (upper_cc - lower_cc))
        return float(self.dose_gy[last] + share * (self.dose_gy[last + 1] - self.dose_gy[last]))

    def volume_at_dose(self, gy: float) -> float | None:
        """V``gy``Gy: the percentage that is known to get ``gy``; None when the DVH is empty."""
        return None if self.is_empty else 100 * self.cc_at_dose(gy) / self.whole_cc

    def cc_at_dose(self, gy: float) -> float:
        """V``gy``Gy in cm³: the volume that gets at least ``gy``."""
        return float(volume_at((self.dose_gy, self.cumulative_cc), np.array([gy]))[0])

    def differential(self, bin_gy: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Say how much volume gets a dose in each bin.

        Args:
            bin_gy: Width of a bin.

        Returns:
            Edges of the bins in Gy from 0, shape (m + 1,), and the volume in cm³ that gets at
            least the lower and less than the upper edge, shape (m,). The volumes sum to
            ``dosed_cc``.

        Raises:
            InputError: ``bin_gy`` is not positive.
        """
        if not bin_gy > 0:
            msg = f"a bin of {bin_gy:g} Gy has no width"
            raise InputError(msg)
        bins = int(np.floor(self.dose_gy[-1] / bin_gy)) + 1
        edges = np.arange(bins + 1, dtype=np.float64) * bin_gy
        return edges, -np.diff(volume_at((self.dose_gy, self.cumulative_cc), edges))

    def _fault_of_statistics(self) -> str | None:
        """Say how minimum, mean and maximum contradict each other or the curve."""
        if self.dosed_cc > self.volume_cc * (1 + _ROUNDING):
            return "more volume has a dose than there is"
        statistics = (self.min_gy, self.mean_gy, self.max_gy)
        known = [value for value in statistics if value is not None]
        if self.is_empty:
            return "an empty curve has no minimum, mean or maximum" if known else None
        if len(known) < len(statistics):
            return "minimum, mean or maximum is missing"
        slack = _ROUNDING * max(1.0, known[-1])
        if known[0] > known[1] + slack or known[1] > known[2] + slack:
            return "minimum, mean and maximum are not in this order"
        return None


def _fault_of_curve(dose_gy: NDArray[np.float64], cc: NDArray[np.float64]) -> str | None:
    """Say what keeps dose and volume from being a cumulative curve."""
    if dose_gy.shape != cc.shape or dose_gy.ndim != 1 or dose_gy.size == 0:
        return f"dose {dose_gy.shape} and volume {cc.shape} do not pair up"
    if not (np.isfinite(dose_gy).all() and np.isfinite(cc).all()):
        return "the curve holds values that are not finite"
    if np.any(np.diff(dose_gy) < 0) or dose_gy[0] < 0:
        return "the doses fall or are negative"
    if np.any(np.diff(cc) > 0) or cc[-1] < 0:
        return "the volume rises with dose or is negative: the curve is not cumulative"
    return None
