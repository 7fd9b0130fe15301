"""Convert a segmentation: label map, DICOM SEG, RTSTRUCT, surface mesh."""

from pathlib import Path
from typing import Annotated

from prefect import flow
from pydantic import Field

from imaging.conversions import SegKind, Target
from tasks.conversions import convert_segmentation

Text = Annotated[str, Field(coerce_numbers_to_str=True)]  # 5 is as good as "5"


@flow
def convert_labels(  # noqa: PLR0913 - each is a field of the form
    source: Path | None = None,
    to: Target = "dicom-seg",
    *,
    images: Path | None = None,
    labels: tuple[Text, ...] = (),
    dictionary: str = "",
    output: str = "",
    seg_kind: SegKind = "BINARY",
    algorithm_name: str = "unknown",
    threshold: float = 0.5,
    smoothing_voxels: float = 0.8,
) -> Path:
    """Convert a label map, a DICOM SEG or an RTSTRUCT into another of these, or into surfaces.

    Voxels are never resampled: a label map that is not on the grid of the images is refused. Where
    segments or ROIs overlap, a label map shows the smaller. Shows a table of what was converted.

    Args:
        source: Path of a NIfTI label map, a DICOM SEG or an RTSTRUCT; paths that are not absolute
            count from the data root.
        to: What to make: `nifti` (with names and colours beside it), `dicom-seg`, `rtstruct`, or
            surfaces as `glb`, `stl` or `ply`.
        images: Path of the folder of the DICOM image series that the labels were made on. Needed
            for `rtstruct` and `dicom-seg`, and to read an RTSTRUCT; for a SEG it gives the grid.
        labels: Ids, names, patterns (`rib_left_*`) or groups (`all ribs`); empty for all.
        dictionary: Names of a label map's ids: `vista3d`, `totalsegmentator`, or the path of a
            table; empty for what the label map comes with.
        output: Path of the file to write, below the data root; empty for one in `conversions`.
        seg_kind: `BINARY` is read everywhere; `LABELMAP` is smaller and new, few programs read it.
        algorithm_name: What drew the labels, as a DICOM SEG must say.
        threshold: Least fraction, of 0 to 1, that counts of a voxel in a FRACTIONAL SEG.
        smoothing_voxels: How far steps of voxels are smoothed in surfaces; their volume stays.
    """
    return convert_segmentation(
        source=source or Path(),
        to=to,
        images=images if images is not None and images.parts else None,
        labels=labels,
        dictionary=dictionary,
        output=output,
        seg_kind=seg_kind,
        algorithm_name=algorithm_name,
        threshold=threshold,
        smoothing_voxels=smoothing_voxels,
    )
