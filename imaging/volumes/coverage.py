"""Whether a dose is where the image and its ROIs are."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from imaging.dicom import name_matches
from imaging.rt.doses.grid import DoseGrid
from imaging.rt.doses.selection import SelectedDose
from imaging.volumes.findings import Finding, FindingKind
from imaging.volumes.geometry import Floats, Geometry
from imaging.volumes.masks import MaskSet

_ROUNDING_MM = 1e-3


def findings_of_place(
    dose: SelectedDose, image: Geometry, made: MaskSet, wanted_rois: Sequence[str]
) -> list[Finding]:
    """Say whether a dose misses the image, all of its masks, or part of a wanted ROI.

    An ROI counts by the block of voxels around it, along the axes of the image: where a dose lies
    obliquely to these, a corner of the block may be beyond it that the ROI does not fill.

    Args:
        dose: The dose.
        image: The image.
        made: The masks on it; without any, only the image counts.
        wanted_rois: Names or patterns of ROIs that somebody waits for.
    """
    grid, uid = dose.grid, next(iter(dose.uids), dose.grid.uid)
    whole = image.corners_mm(np.array([[0, count - 1] for count in image.shape]))
    axes = np.stack([image.normal, image.along_rows, image.along_columns])
    blocks = made.corners_mm
    missed = [] if _reaches(grid, whole, axes) else ["images"]
    if blocks and not any(_reaches(grid, block, axes) for block in blocks.values()):
        missed.append("masks")
    if missed:
        return [Finding(FindingKind.DOSE_ELSEWHERE, uid, {"missed": missed})]
    beyond = [
        f"{row.roi_number} {row.roi_name}"
        for file, row in made.rows.items()
        if any(name_matches(row.roi_name, pattern) for pattern in wanted_rois)
        and grid.sampled(blocks[file])[1].min() < -_ROUNDING_MM
    ]
    return [Finding(FindingKind.WANTED_ROI_BEYOND_DOSE, uid, {"rois": beyond})] if beyond else []


def _reaches(grid: DoseGrid, block: Floats, axes: Floats) -> bool:
    """Whether a dose and a block have a point in common.

    They have none if, and only if, a plane between them runs along a face of either, or along an
    edge of each.

    Args:
        grid: The dose.
        block: Its corners in mm, shape (8, 3).
        axes: Along its edges, shape (3, 3).
    """
    of_dose = np.stack([grid.normal, grid.along_rows, grid.along_columns])
    between = np.cross(of_dose[:, None], axes).reshape(-1, 3)  # 0 for parallel edges, and no harm
    directions = np.concatenate([of_dose, axes, between])
    dose, other = _corners_mm(grid) @ directions.T, block @ directions.T
    is_apart = (dose.max(axis=0) < other.min(axis=0)) | (other.max(axis=0) < dose.min(axis=0))
    return not bool(is_apart.any())


def _corners_mm(grid: DoseGrid) -> Floats:
    """Return the corners of what a dose reaches, shape (8, 3)."""
    between_rows, between_columns = grid.spacing_mm
    _, rows, columns = grid.values_gy.shape
    border = grid.border_pixels
    ends_mm = (
        (-grid.border_mm[0], grid.frames_mm[-1] + grid.border_mm[1]),
        (-border * between_rows, (rows - 1 + border) * between_rows),
        (-border * between_columns, (columns - 1 + border) * between_columns),
    )
    axes = np.stack([grid.normal, grid.along_rows, grid.along_columns])
    return np.array(list(product(*ends_mm))) @ axes + grid.origin_mm
