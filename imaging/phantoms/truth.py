"""The DVH of a solid in a dose that is linear along one axis, known without sampling either."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.phantoms.solids import AXIS_INDEX, Axis, Solid, span_mm

Floats = NDArray[np.float64]
DoseField = Callable[[Floats, Floats, Floats], Floats]

_MM3_IN_CC = 1000.0
_HALVINGS = 60  # of a span below 1 m: far beyond a double's precision


@dataclass(frozen=True, slots=True)
class LinearDose:
    """A dose that changes along one axis only; trilinear interpolation of its samples is exact.

    Calling it with x, y, z in mm (arrays that broadcast) gives the dose there, in Gy.

    Attributes:
        axis: LR (x), AP (y) or SI (z).
        centre_mm: The coordinate along the axis where the dose is ``dose_at_centre_gy``.
        dose_at_centre_gy: The dose there.
        gradient_gy_per_mm: Change of dose toward the left, the back or the head; not 0.
    """

    axis: Axis
    centre_mm: float
    dose_at_centre_gy: float
    gradient_gy_per_mm: float

    def __post_init__(self) -> None:
        if not self.gradient_gy_per_mm:
            msg = "A uniform dose has no inverse: give a gradient"
            raise ValueError(msg)

    def __call__(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """Return the dose in Gy at each point, in the shape that x, y and z broadcast to."""
        along = (x, y, z)[AXIS_INDEX[self.axis]]
        return np.broadcast_arrays(self.at(along), x, y, z)[0]

    def at(self, coordinate_mm: float | Floats) -> Floats:
        """Return the dose in Gy at a coordinate along the axis."""
        offset = np.asarray(coordinate_mm, dtype=np.float64) - self.centre_mm
        return self.dose_at_centre_gy + self.gradient_gy_per_mm * offset

    def where(self, dose_gy: float) -> float:
        """Return the coordinate along the axis where the dose is ``dose_gy``."""
        return self.centre_mm + (dose_gy - self.dose_at_centre_gy) / self.gradient_gy_per_mm

    def scaled(self, factor: float) -> "LinearDose":
        """Return this dose, everywhere ``factor`` times as large."""
        dose_gy, gradient = self.dose_at_centre_gy * factor, self.gradient_gy_per_mm * factor
        return LinearDose(self.axis, self.centre_mm, dose_gy, gradient)


@dataclass(frozen=True, slots=True)
class ClosedFormDVH:
    """What a DVH engine should find for one solid in one linear dose.

    The solid reaches half a contour spacing beyond its end contours (Nelms et al. 2015, doi
    10.1118/1.4923175): the poles of a sphere thereby widen the range of the dose along SI without
    adding volume.

    Attributes:
        solid: The structure.
        dose: The dose.
        spacing_mm: Distance between the contours.
    """

    solid: Solid
    dose: LinearDose
    spacing_mm: float

    @property
    def volume_cc(self) -> float:
        """The whole volume."""
        return float(self._cc_beyond(-np.inf))

    @property
    def min_gy(self) -> float:
        """The smallest dose in the structure."""
        return min(self._end_doses_gy())

    @property
    def max_gy(self) -> float:
        """The largest dose in the structure."""
        return max(self._end_doses_gy())

    @property
    def mean_gy(self) -> float:
        """The mean dose: a linear dose has it at the centre of mass."""
        return float(self.dose.at(self.solid.centroid_mm(self.dose.axis, self.spacing_mm)))

    def cc_at_dose(self, dose_gy: float) -> float:
        """Return the volume in cc that gets at least ``dose_gy``."""
        beyond = self._cc_beyond(self.dose.where(dose_gy))
        return beyond if self.dose.gradient_gy_per_mm > 0 else self.volume_cc - beyond

    def volume_at_dose(self, dose_gy: float) -> float:
        """V``dose``Gy: the percentage of the volume that gets at least ``dose_gy``."""
        return 100 * self.cc_at_dose(dose_gy) / self.volume_cc

    def dose_at_volume(self, percent: float) -> float:
        """D``percent``%: the largest dose that at least ``percent`` of the volume gets."""
        return self.dose_at_cc(self.volume_cc * (percent / 100))

    def dose_at_cc(self, volume_cc: float) -> float:
        """D``volume``cc: the largest dose that at least ``volume_cc`` gets, in Gy.

        The whole of a solid that ends in a point gets more than ``min_gy`` where that is the dose
        in the extension, which has no volume there.
        """
        low, high = self.min_gy, self.max_gy
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.cc_at_dose(middle) >= volume_cc else (low, middle)
        return (low + high) / 2

    def _cc_beyond(self, s_mm: float) -> float:
        mm3 = self.solid.volume_beyond(s_mm, self.dose.axis, self.spacing_mm)
        return float(mm3) / _MM3_IN_CC

    def _end_doses_gy(self) -> tuple[float, float]:
        first_mm, last_mm = span_mm(self.solid, self.dose.axis, self.spacing_mm)
        return float(self.dose.at(first_mm)), float(self.dose.at(last_mm))
