"""A plan as clinics have them, in size: 20 ROIs on thin slices, and a dose around all of them.

What it is for is time and memory; its DVHs are not known in closed form.
"""

from pathlib import Path

import numpy as np

from imaging.phantoms.dose import DoseGrid
from imaging.phantoms.outlined import at_height, rtdose_of, rtstruct_of, write_object
from imaging.phantoms.truth import Floats

ROI_COUNT = 20
GRID = DoseGrid((-250.0, -200.0, -150.0), (2.5, 2.5, 2.5), (121, 161, 201))

_SLICE_MM = 1.0
_CONTOURS = np.linspace(61, 253, ROI_COUNT).round().astype(int)
_POINTS = np.linspace(100, 300, ROI_COUNT).round().astype(int)
_RADII_MM = np.append(np.geomspace(10, 70, ROI_COUNT - 1), 180)  # organs, and a body
_ROOM_MM = 185.0  # from the middle of the grid to where no ROI reaches beyond, to the side
_HALF_HEIGHT_MM = 140.0


def write_clinical(folder: Path) -> tuple[Path, Path]:
    """Write the RTSTRUCT and the RTDOSE to ``folder``; the same bytes each time.

    The ROIs have 61 to 253 contours of 100 to 300 points, and reach 10 to 70 mm to either
    side, the last one 180 mm.

    Returns:
        Their paths.
    """
    rng = np.random.default_rng(20)
    rois = {f"ROI_{index + 1:02}": _contours(index, rng) for index in range(ROI_COUNT)}
    structures = write_object(rtstruct_of(rois), folder / "RTSTRUCT-clinical.dcm")
    return structures, write_object(rtdose_of(dose_gy, GRID), folder / "RTDOSE-clinical.dcm")


def dose_gy(x: Floats, y: Floats, z: Floats) -> Floats:
    """Return 60 Gy in a target, a second maximum beside it, and less and less around, in Gy."""
    target = 50 * np.exp(-(((x - 20) / 60) ** 2 + (y / 50) ** 2 + (z / 70) ** 2))
    second = 25 * np.exp(-(((x + 90) / 40) ** 2 + ((y - 40) / 40) ** 2 + ((z - 30) / 50) ** 2))
    return np.asarray(target + second + 8 * np.exp(-np.hypot(x, y) / 120) * np.exp(-np.abs(z) / 90))


def _contours(index: int, rng: np.random.Generator) -> list[Floats]:
    """Draw one ROI: an upright egg with a wavy outline, at a random place."""
    half_mm = (_CONTOURS[index] - 1) * _SLICE_MM / 2
    radius_mm = _RADII_MM[index]
    middle_mm = np.round(rng.uniform(-1, 1) * (_HALF_HEIGHT_MM - half_mm))
    centre_mm = rng.uniform(-1, 1, 2) * (_ROOM_MM - radius_mm) * np.array([1.0, 0.5])
    phases = rng.uniform(0, 2 * np.pi, 2)
    angle = 2 * np.pi * np.arange(_POINTS[index]) / _POINTS[index]
    wave = 0.92 + 0.05 * np.sin(3 * angle + phases[0]) + 0.03 * np.sin(7 * angle + phases[1])
    outline = np.column_stack([np.cos(angle), 0.75 * np.sin(angle)]) * (radius_mm * wave)[:, None]
    heights_mm = np.linspace(-half_mm, half_mm, _CONTOURS[index])
    return [
        at_height(
            outline * np.sqrt(1 - 0.8 * (height / half_mm) ** 2) + centre_mm, middle_mm + height
        )
        for height in heights_mm
    ]
