"""How large a synthetic patient is, and where their organs lie: drawn at random from a seed."""

import math
from dataclasses import dataclass

import numpy as np

from imaging.phantoms.ct import CtGrid
from imaging.phantoms.dose import DoseGrid
from imaging.phantoms.solids import Cone, Cylinder, Point, Solid, Sphere
from imaging.phantoms.structures import Roi
from imaging.phantoms.truth import LinearDose

HOUNSFIELD = {
    "BODY": 0.0,
    "Liver": 60.0,
    "Lung_L": -750.0,
    "Lung_R": -750.0,
    "Heart": 40.0,
    "Esophagus": 25.0,
    "SpinalCord": 30.0,
    "PTV": 45.0,
}
"""HU inside each ROI, in the order they are painted."""

_COLOURS = {
    "PTV": (255, 0, 0),
    "Heart": (255, 0, 255),
    "Lung_L": (0, 0, 255),
    "Lung_R": (0, 128, 255),
    "SpinalCord": (255, 255, 0),
    "Esophagus": (0, 255, 255),
    "Liver": (160, 82, 45),
    "BODY": (0, 255, 0),
}
_INTERPRETED_TYPES = {"PTV": "PTV", "BODY": "EXTERNAL"}
_DOSE_HALF_WIDTH_MM = 135.0  # past every BODY, so that no ROI leaves the dose


@dataclass(frozen=True, slots=True)
class PhantomSize:
    """How much of everything a patient has; the organs are scaled along SI to fit.

    Attributes:
        slices: CT slices; contours lie on them.
        matrix: Rows and columns of the CT.
        pixel_spacing_mm: Of the CT; ``matrix`` of them should exceed 260 mm.
        slice_spacing_mm: Of the CT, and so of the contours.
        points_per_contour: Of a circle, about.
        dose_shape: Planes, rows and columns of the dose, which always covers the body.
    """

    slices: int = 48
    matrix: int = 256
    pixel_spacing_mm: float = 1.25
    slice_spacing_mm: float = 3.0
    points_per_contour: int = 120
    dose_shape: tuple[int, int, int] = (50, 91, 91)

    def __post_init__(self) -> None:
        if self.slices < 8:
            msg = f"{self.slices} slices cannot hold the organs; 8 can"
            raise ValueError(msg)

    @classmethod
    def tiny(cls) -> "PhantomSize":
        """Give the size for tests: 24 slices of 64 x 64, under half a megabyte of pixels."""
        return cls(24, 64, 5.0, 6.0, 60, (26, 46, 46))

    @classmethod
    def clinical(cls) -> "PhantomSize":
        """Give the size of a real treatment: 120 slices of 512 x 512, a dose of 60 x 128 x 128."""
        return cls(120, 512, 0.625, 1.5, 120, (60, 128, 128))

    def ct_grid(self) -> CtGrid:
        """Return the grid of the CT, its middle at the origin."""
        edge_mm = -self.pixel_spacing_mm * (self.matrix - 1) / 2
        first_mm = (edge_mm, edge_mm, -self.length_mm / 2)
        shape = (self.slices, self.matrix, self.matrix)
        return CtGrid(first_mm, self.pixel_spacing_mm, self.slice_spacing_mm, shape)

    def dose_grid(self) -> DoseGrid:
        """Return the grid of the dose: past the body, and half a slice past its end contours."""
        half_mm = (self.length_mm / 2 + self.slice_spacing_mm, *[_DOSE_HALF_WIDTH_MM] * 2)
        z, y, x = (
            _rounded_up(2 * half / (count - 1))
            for half, count in zip(half_mm, self.dose_shape, strict=True)
        )
        first_mm = (-_DOSE_HALF_WIDTH_MM, -_DOSE_HALF_WIDTH_MM, -half_mm[0])
        return DoseGrid(first_mm, (x, y, z), self.dose_shape)

    @property
    def length_mm(self) -> float:
        """From the first slice to the last."""
        return (self.slices - 1) * self.slice_spacing_mm


@dataclass(frozen=True, slots=True)
class _Slab:
    """A run of slices that a solid reaches over, its ends on slices."""

    centre_mm: float
    height_mm: float


class _Draw:
    """Draws the organs of one patient."""

    def __init__(self, seed: int, size: PhantomSize) -> None:
        self._rng = np.random.default_rng(seed)
        self._size = size

    def near(self, value: float, spread: float) -> float:
        """Draw a number within ``spread`` of ``value``, with one decimal."""
        return round(float(self._rng.uniform(value - spread, value + spread)), 1)

    def coin(self) -> bool:
        """Toss a coin."""
        return bool(self._rng.integers(2))

    def slab(self, share: float, *, at_most_mm: float = np.inf) -> _Slab:
        """Draw a run of about ``share`` of the slices, somewhere about the middle.

        Ends lie on slices: a contour there is what makes the closed form hold.
        """
        spacing, last = self._size.slice_spacing_mm, self._size.slices - 1
        share = min(share, at_most_mm / self._size.length_mm)
        intervals = max(2, min(last, round(share * last)))
        spare = last - intervals
        first = spare // 2 + int(self._rng.integers(-(spare // 8), spare // 8 + 1))
        height_mm = intervals * spacing
        return _Slab(first * spacing - self._size.length_mm / 2 + height_mm / 2, height_mm)


def draw_rois(seed: int, size: PhantomSize) -> tuple[Roi, ...]:
    """Draw a breast patient's ROIs: every shape occurs, radii and positions vary with the seed.

    The PTV, Lung_L, Esophagus, SpinalCord and BODY are cylinders along SI, whose contours lose
    nothing between slices; the Heart is a sphere, Lung_R a cone, the Liver a cylinder along AP.
    """
    solids = _draw_solids(_Draw(seed, size))
    return tuple(
        Roi(number, name, solid, _INTERPRETED_TYPES.get(name, "ORGAN"), _COLOURS[name])
        for number, (name, solid) in enumerate(solids.items(), 1)
    )


def _draw_solids(draw: _Draw) -> dict[str, Solid]:
    near, slab = draw.near, draw.slab
    whole = slab(1.0)
    heart, liver = slab(0.42, at_most_mm=66), slab(0.34, at_most_mm=54)
    lung_r = slab(0.85)
    heart_mm = (near(8, 2), near(-32, 2), heart.centre_mm)
    liver_mm = (near(-45, 2), near(-45, 2), liver.centre_mm)
    lung_r_mm = (near(-50, 1), near(45, 1), lung_r.centre_mm)
    return {
        "PTV": _cylinder(slab(0.6), near(60, 2), near(-60, 2), near(20, 2)),
        "Heart": Sphere(heart_mm, heart.height_mm / 2),
        "Lung_L": _cylinder(slab(0.85), near(50, 1), near(45, 1), near(40, 2)),
        "Lung_R": Cone(lung_r_mm, near(40, 2), lung_r.height_mm),
        "SpinalCord": _cylinder(whole, near(0, 2), near(85, 2), near(8, 1)),
        "Esophagus": _cylinder(slab(0.95), near(0, 1), near(15, 2), near(8, 1)),
        "Liver": Cylinder(liver_mm, liver.height_mm / 2, near(50, 4), "AP"),
        "BODY": _cylinder(whole, 0.0, 0.0, near(120, 4)),
    }


def draw_dose(seed: int, ptv_centre_mm: Point) -> LinearDose:
    """Draw a dose of about 51 Gy in the PTV that falls toward the back or toward the right.

    It is positive all over the body, and 20 Gy crosses Lung_L or Lung_R.
    """
    draw = _Draw(seed, PhantomSize())
    steepness = round(draw.near(24.5, 1) / 100, 3)
    centre_gy = draw.near(51.2, 0.8)
    if draw.coin():
        return LinearDose("AP", ptv_centre_mm[1], centre_gy, -steepness)
    return LinearDose("LR", ptv_centre_mm[0], centre_gy, steepness)


def _cylinder(slab: _Slab, x_mm: float, y_mm: float, radius_mm: float) -> Cylinder:
    return Cylinder((x_mm, y_mm, slab.centre_mm), radius_mm, slab.height_mm)


def _rounded_up(spacing_mm: float) -> float:
    """Round up to a twentieth of a millimetre, as planning systems have their grids."""
    return round(math.ceil(spacing_mm * 20 - 1e-6) / 20, 2)
