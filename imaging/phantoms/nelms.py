"""The data sets of Nelms et al. 2015 (doi 10.1118/1.4923175), drawn anew with their true DVHs.

Five solids, 24 mm across and high, in doses that rise by 1 Gy/mm toward the back or the head and
are 16 Gy at the centre. The paper asks for the nine parameters of ``scores`` in two tests:

* Test 1, 340 values: contours every 0.2 mm, dose grids of 0.4 x 0.4 x 0.2, 1, 2 and 3 mm;
* Test 2, 255 values: contours and dose grid both 1, 2 or 3 mm apart;

and, in Test 3, for the volume at 301 doses of the data sets of Test 2 at 1 and 3 mm. A volume does
not depend on the dose, so it is asked for once for the two gradients: 9 and 8 values a case.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from imaging.phantoms.dose import DoseGrid
from imaging.phantoms.outlined import at_height, rtdose_of, rtstruct_of, write_object
from imaging.phantoms.scores import Floats, ReadableDVH, Scored, curve_errors, scored
from imaging.phantoms.solids import AXIS_INDEX, Cone, Cylinder, Point, Solid, Sphere
from imaging.phantoms.truth import ClosedFormDVH, LinearDose

Shape = Literal["sphere", "cylinder", "rotated cylinder", "cone", "rotated cone"]
Gradient = Literal["SI", "AP"]

CENTRE_MM: Point = (0.0, -6.0, 6.0)
FINE_MM: Point = (0.4, 0.4, 0.2)
ROI_NAME = "Solid"
TEST_3_GY: Floats = np.arange(301) / 10

_RADIUS_MM, _HEIGHT_MM = 12.0, 24.0
_MARGIN_MM = 18.0  # of the dose beyond the centre: a whole number of each spacing, none below 0 Gy
_SOLIDS: dict[Shape, Solid] = {
    "sphere": Sphere(CENTRE_MM, _RADIUS_MM),
    "cylinder": Cylinder(CENTRE_MM, _RADIUS_MM, _HEIGHT_MM),
    "rotated cylinder": Cylinder(CENTRE_MM, _RADIUS_MM, _HEIGHT_MM, "AP"),
    "cone": Cone(CENTRE_MM, _RADIUS_MM, _HEIGHT_MM),
    "rotated cone": Cone(CENTRE_MM, _RADIUS_MM, _HEIGHT_MM, "AP"),
}


@dataclass(frozen=True, slots=True)
class NelmsCase:
    """One solid in one dose.

    Attributes:
        shape: The solid; a rotated one has its axis from front to back.
        gradient: The direction in which the dose rises.
        contour_mm: Distance between the contours.
        grid_mm: Distance between the points of the dose along x, y and z; one lies at the centre
            of the solid.
    """

    shape: Shape
    gradient: Gradient
    contour_mm: float
    grid_mm: Point

    def __str__(self) -> str:
        grid = "x".join(f"{step:g}" for step in sorted(set(self.grid_mm), reverse=True))
        return f"{self.shape}, {self.gradient}, contours {self.contour_mm:g}, grid {grid} mm"

    @property
    def truth(self) -> ClosedFormDVH:
        """The true DVH: that of the solid, half a contour spacing longer at either end."""
        return ClosedFormDVH(_SOLIDS[self.shape], self._dose, self.contour_mm)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write the RTSTRUCT and the RTDOSE, each unless another case has written the same.

        Returns:
            Their paths, ``folder / RTSTRUCT-*.dcm`` and ``folder / RTDOSE-*.dcm``.
        """
        name = f"{self.shape.replace(' ', '-')}-{self.contour_mm:g}"
        steps = "x".join(f"{step:g}" for step in self.grid_mm)
        structures = folder / f"RTSTRUCT-{name}.dcm"
        dose = folder / f"RTDOSE-{self.gradient}-{steps}.dcm"
        if not structures.exists():
            drawn = _SOLIDS[self.shape].contours(self.contour_mm)
            contours = [at_height(points, z_mm) for z_mm, points in drawn]
            write_object(rtstruct_of({ROI_NAME: contours}), structures)
        if not dose.exists():
            write_object(rtdose_of(self._dose, self._grid()), dose)
        return structures, dose

    @property
    def _dose(self) -> LinearDose:
        return LinearDose(self.gradient, CENTRE_MM[AXIS_INDEX[self.gradient]], 16.0, 1.0)

    def _grid(self) -> DoseGrid:
        x, y, z = (round(_MARGIN_MM / step) for step in self.grid_mm)
        first = [
            centre - count * step
            for centre, count, step in zip(CENTRE_MM, (x, y, z), self.grid_mm, strict=True)
        ]
        shape = (2 * z + 1, 2 * y + 1, 2 * x + 1)
        return DoseGrid((first[0], first[1], first[2]), self.grid_mm, shape)


def _cases(contours_and_grids: Iterable[tuple[float, Point]]) -> tuple[NelmsCase, ...]:
    return tuple(
        NelmsCase(shape, gradient, contour_mm, grid_mm)
        for contour_mm, grid_mm in contours_and_grids
        for shape in get_args(Shape)
        for gradient in get_args(Gradient)
    )


_CUBES: tuple[Point, ...] = ((1.0, 1.0, 1.0), (2.0, 2.0, 2.0), (3.0, 3.0, 3.0))

TEST_1 = _cases((0.2, grid) for grid in (FINE_MM, *_CUBES))
TEST_2 = _cases((grid[0], grid) for grid in _CUBES)
TEST_3 = tuple(case for case in TEST_2 if case.contour_mm != 2)


def score(case: NelmsCase, dvh: ReadableDVH) -> list[Scored]:
    """Compare a DVH with the true one; as the paper counts, the volume with one gradient only."""
    everything = scored(dvh, case.truth)
    return [one for one in everything if case.gradient == "SI" or one.parameter != "V"]


def volume_errors(case: NelmsCase, dvh: ReadableDVH) -> Floats:
    """Compare the volumes at the 301 doses of Test 3, in percent of the whole; shape (301,)."""
    true_cc = np.array([case.truth.cc_at_dose(gy) for gy in TEST_3_GY.tolist()])
    return curve_errors(dvh, TEST_3_GY, true_cc)
