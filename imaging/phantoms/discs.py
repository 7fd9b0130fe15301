"""Disc phantoms: stacks of outlines whose true DVH is that of the contours as they are drawn.

A solid between contours is a matter of opinion; the slabs that contours stand for are not. So what
these phantoms show of an engine is its own error alone. After the validation of MLCOOKER's AutoSeg
Evaluator, which has balls, cylinders and tubes of 2.5 to 20 mm in doses of 1 Gy/mm: there an error
in Gy is also the shift of the surface in mm that would cause it.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np

from imaging.phantoms.dose import DoseGrid
from imaging.phantoms.headers import derive_seed
from imaging.phantoms.outlined import at_height, rtdose_of, rtstruct_of, write_object
from imaging.phantoms.outlines import circle
from imaging.phantoms.prisms import Prism, PrismDVH, SlopedDose
from imaging.phantoms.scores import Floats, ReadableDVH, curve_errors, parameters_of
from imaging.phantoms.solids import Point

Stack = Literal["ball", "cylinder", "tube"]
Slope = Literal["x", "z", "x-z", "x-y"]

ROI_NAME = "Discs"
CONTOUR_MM = 2.0

_GRADIENTS: dict[Slope, Point] = {
    "x": (1.0, 0.0, 0.0),
    "z": (0.0, 0.0, 1.0),
    "x-z": (math.sqrt(0.5), 0.0, math.sqrt(0.5)),
    "x-y": (math.sqrt(0.5), math.sqrt(0.5), 0.0),
}
_CENTRE_GY = 50.0
_POINTS = 96  # of the largest ring of a stack
_SMALLEST_MM = 0.5  # radius; a smaller section of a ball is not drawn
_DECIMALS = 5  # of the coordinates in the file: the truth is that of the file
_CURVE_POINTS = 401


class DiscScore(NamedTuple):
    """How far a DVH is from the true one.

    Attributes:
        volume_percent: Error of the volume.
        extremes_gy: The larger error of Dmin and Dmax.
        worst_gy: The largest error of Dmean, D99%, D95%, D5%, D1% and D0.03cc.
        curve_percent: The largest error of the volume at any dose, in percent of the whole.
    """

    volume_percent: float
    extremes_gy: float
    worst_gy: float
    curve_percent: float


@dataclass(frozen=True, slots=True)
class DiscCase:
    """One stack in one dose, at a place that is arbitrary and always the same.

    Attributes:
        stack: A ball, a cylinder as high as wide, or that with a hole of half its radius.
        radius_mm: Radius.
        slope: The direction in which the dose rises by 1 Gy/mm; x-z and x-y lie at 45 degrees.
        grid_mm: Distance between the points of the dose.
    """

    stack: Stack
    radius_mm: float
    slope: Slope
    grid_mm: float

    def __str__(self) -> str:
        return f"{self.stack} of {self.radius_mm:g} mm, slope {self.slope}, grid {self.grid_mm:g}"

    @property
    def truth(self) -> PrismDVH:
        """The true DVH."""
        dose = SlopedDose(self._centre_mm(), _CENTRE_GY, _GRADIENTS[self.slope])
        return PrismDVH(self.prisms(), dose)

    def prisms(self) -> list[Prism]:
        """Return the slabs that the contours stand for, a hole after what it is in."""
        half = CONTOUR_MM / 2
        drawn = [
            (z_mm, radius_mm, is_hole)
            for z_mm, outer_mm in self._sections()
            for radius_mm, is_hole in ((outer_mm, False), (outer_mm / 2, True))
            if self.stack == "tube" or not is_hole
        ]
        return [Prism(self._ring(r), z - half, z + half, is_hole) for z, r, is_hole in drawn]

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write the RTSTRUCT and the RTDOSE to ``folder``, and return their paths."""
        contours = [
            at_height(prism.ring_mm, (prism.low_mm + prism.high_mm) / 2) for prism in self.prisms()
        ]
        name = f"{self.stack}-{self.radius_mm:g}-{self.slope}-{self.grid_mm:g}"
        structures = write_object(
            rtstruct_of({ROI_NAME: contours}), folder / f"RTSTRUCT-{name}.dcm"
        )
        dose = rtdose_of(self.truth.dose, self.dose_grid())
        return structures, write_object(dose, folder / f"RTDOSE-{name}.dcm")

    def _centre_mm(self) -> Point:
        """Return the centre; contours lie at whole multiples of ``CONTOUR_MM``."""
        x, y, z = _scatter(self, "centre").uniform(-CONTOUR_MM, CONTOUR_MM, 3).round(3).tolist()
        return x, y, z

    def _sections(self) -> list[tuple[float, float]]:
        """Return z and radius of every section of the solid that lies at a contour's height."""
        centre_mm = self._centre_mm()[2]
        first = math.ceil((centre_mm - self.radius_mm) / CONTOUR_MM)
        last = math.floor((centre_mm + self.radius_mm) / CONTOUR_MM)
        heights_mm = [CONTOUR_MM * index for index in range(first, last + 1)]
        if self.stack != "ball":
            return [(z_mm, self.radius_mm) for z_mm in heights_mm]
        squares = ((z_mm, self.radius_mm**2 - (z_mm - centre_mm) ** 2) for z_mm in heights_mm)
        return [(z, math.sqrt(square)) for z, square in squares if square >= _SMALLEST_MM**2]

    def _ring(self, radius_mm: float) -> Floats:
        step_mm = math.tau * self.radius_mm / _POINTS
        ring_mm = circle(radius_mm, step_mm) + np.array(self._centre_mm()[:2])
        return np.asarray(ring_mm.round(_DECIMALS))

    def dose_grid(self) -> DoseGrid:
        """Return a grid that no point of the stack has a fixed place in."""
        count = math.ceil((self.radius_mm + CONTOUR_MM) / self.grid_mm) + 2
        shifts = _scatter(self, "grid").uniform(0, self.grid_mm, 3)
        x, y, z = (np.array(self._centre_mm()) - count * self.grid_mm + shifts).round(3).tolist()
        size = 2 * count + 1
        return DoseGrid((x, y, z), (self.grid_mm,) * 3, (size, size, size))


def _cases(slopes: Iterable[Slope]) -> tuple[DiscCase, ...]:
    return tuple(
        DiscCase(stack, radius_mm, slope, grid_mm)
        for stack, radius_mm, slope, grid_mm in product(
            get_args(Stack), (2.5, 5.0, 10.0, 20.0), slopes, (1.0, 2.0, 2.5, 3.0)
        )
    )


DISC_CASES = _cases(("x", "z", "x-z"))
"""144 cases, in the directions of the AutoSeg Evaluator."""

DIAGONAL_CASES = _cases(["x-y"])
"""48 cases more: across a square cell, a dose along its diagonal is spread like a triangle."""


def score_disc(dvh: ReadableDVH, truth: PrismDVH) -> DiscScore:
    """Compare a DVH of a disc phantom with the true one; NaN where it has no answer."""
    found, true = parameters_of(dvh), parameters_of(truth)
    doses_gy = np.linspace(true["Dmin"] - 1, true["Dmax"] + 1, _CURVE_POINTS)
    true_cc = truth.cc_at_doses(doses_gy)
    errors = {name: abs(found[name] - true[name]) for name in found}
    extremes = [errors.pop("Dmin"), errors.pop("Dmax")]
    return DiscScore(
        volume_percent=100 * errors.pop("V") / true["V"],
        extremes_gy=float(np.max(extremes)),
        worst_gy=float(np.max(list(errors.values()))),
        curve_percent=float(np.abs(curve_errors(dvh, doses_gy, true_cc)).max()),
    )


def _scatter(case: DiscCase, what: str) -> np.random.Generator:
    return np.random.default_rng(derive_seed(str(case), what))
