"""A dose as NIfTI: on its own grid, and on that of an image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.rt.doses.grid import DoseGrid
from imaging.rt.doses.selection import SelectedDose
from imaging.volumes.findings import Evidence, Finding, FindingKind
from imaging.volumes.geometry import Geometry
from imaging.volumes.nifti import write_nifti
from imaging.volumes.sampling import planes_on

OWN_GRID, ON_IMAGE = "dose.nii.gz", "dose_on_ct.nii.gz"

_EVEN_MM = 0.01  # offsets of frames are often rounded to hundredths


@dataclass(frozen=True, slots=True, eq=False)
class PlacedDose:
    """A dose whose frames are evenly spaced.

    Attributes:
        geometry: Where its voxels are.
        values_gy: Shape (frames, rows, columns).
    """

    geometry: Geometry
    values_gy: NDArray[np.float64]


def write_dose(
    dose: SelectedDose, folder: Path, image: Geometry | None, own: bool
) -> list[Finding]:
    """Write a dose as float32 in Gy.

    Args:
        dose: The dose.
        folder: Where to.
        image: The grid to interpolate it onto as well; None does not.
        own: Whether to write it on its own grid.

    Returns:
        What is written, and whether its frames are too uneven for a grid of its own.
    """
    uid = next(iter(dose.uids), dose.grid.uid)
    found: list[Finding] = []
    files: list[str] = []
    placed = evenly_placed(dose.grid) if own else None
    if placed is not None:
        write_nifti(folder / OWN_GRID, placed.geometry, np.float32, iter(placed.values_gy))
        files.append(OWN_GRID)
    elif own:
        gaps_mm = np.diff(dose.grid.frames_mm)
        range_mm = [f"{end:.3f}" for end in (gaps_mm.min(), gaps_mm.max())]
        evidence: Evidence = {"smallest_and_largest_gap_mm": range_mm}
        found.append(Finding(FindingKind.DOSE_UNEVEN, uid, evidence))
    if image is not None:
        write_nifti(folder / ON_IMAGE, image, np.float32, planes_on(dose.grid, image))
        files.append(ON_IMAGE)
    if not files:
        return found
    evidence = {
        "files": files,
        "rtdoses": len(dose.uids),
        "summation": dose.summation,
        "max_gy": round(dose.grid.max_gy, 4),
    }
    return [*found, Finding(FindingKind.DOSE_WRITTEN, uid, evidence)]


def evenly_placed(grid: DoseGrid) -> PlacedDose | None:
    """Give a dose the geometry of a NIfTI; None when its frames are unevenly spaced."""
    gaps_mm = np.diff(grid.frames_mm)
    if np.ptp(gaps_mm) > _EVEN_MM:
        return None
    values_gy, origin_mm, gap_mm = grid.values_gy, grid.origin_mm, float(np.mean(gaps_mm))
    if len(values_gy) == 2 and grid.border_mm == (0.0, 0.0):
        # A single frame, which ``DoseGrid`` holds twice, at both faces of its slab.
        values_gy, origin_mm = values_gy[:1], origin_mm + grid.normal * gap_mm / 2
    geometry = Geometry(
        shape=(len(values_gy), values_gy.shape[1], values_gy.shape[2]),
        origin_mm=origin_mm,
        along_columns=grid.along_columns,
        along_rows=grid.along_rows,
        spacing_mm=(gap_mm, *grid.spacing_mm),
    )
    return PlacedDose(geometry, values_gy)
