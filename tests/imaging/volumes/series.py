"""Image series of any orientation, and what is made of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from pydicom import Dataset
from pydicom.uid import CTImageStorage

from imaging.phantoms import rtstruct_of, write_object
from imaging.phantoms.headers import new_object, rename
from imaging.phantoms.outlined import PLAIN_STUDY, Drawing
from imaging.rt.doses.selection import select_dose
from imaging.volumes import (
    CaseFiles,
    DoseSource,
    FindingKind,
    Products,
    Resampling,
    Wanted,
    write_products,
)

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
IMAGE_ONLY = Wanted(masks=False, label_map=False, dose=False, pictures=False)
MASKS_ONLY = Wanted(image=False, label_map=False, dose=False, pictures=False)
Change = Callable[[Dataset, int], None]


def as_is(image: Dataset, index: int) -> None:
    """Leave a slice as it is."""


def series(  # noqa: PLR0913 - values, and where they are
    values: np.ndarray,
    *,
    origin_mm: Sequence[float] = (-10.0, -20.0, 5.0),
    orientation: Sequence[float] = AXIAL,
    spacing_mm: Sequence[float] = (3.0, 2.0, 1.5),
    step_mm: Sequence[float] | None = None,
    change: Change = as_is,
) -> list[Dataset]:
    """Make slices of stored values, shape (slices, rows, columns); spacing likewise.

    ``step_mm`` is what lies between two slices, by default along the normal.
    """
    cosines = np.array(orientation)
    normal = np.cross(cosines[:3], cosines[3:])
    step = normal * spacing_mm[0] if step_mm is None else np.array(step_mm)
    images = []
    for index, plane in enumerate(values):
        image = new_object(PLAIN_STUDY, CTImageStorage, "CT", "CT")
        rename(image, PLAIN_STUDY.uid(f"slice {index}"))
        image.ImagePositionPatient = [round(float(v), 9) for v in origin_mm + index * step]
        image.ImageOrientationPatient = [round(float(v), 12) for v in cosines]
        image.PixelSpacing = [float(v) for v in spacing_mm[1:]]
        image.SliceThickness = spacing_mm[0]
        image.RescaleSlope, image.RescaleIntercept = 1, 0
        image.InstanceNumber = len(values) - index  # which must not matter
        set_pixels(image, plane)
        change(image, index)
        images.append(image)
    return images


def set_pixels(image: Dataset, plane: np.ndarray) -> None:
    """Store integers of any width."""
    image.Rows, image.Columns = plane.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated = image.BitsStored = plane.dtype.itemsize * 8
    image.HighBit = image.BitsStored - 1
    image.PixelRepresentation = int(plane.dtype.kind == "i")
    image.PixelData = plane.tobytes()


def written(images: Sequence[Dataset], folder: Path) -> tuple[Path, ...]:
    """Write slices, and list them in an order that is not theirs."""
    paths = [write_object(image, folder / f"{image.SOPInstanceUID}.dcm") for image in images]
    return tuple(paths[::2] + paths[1::2][::-1])


def numbered(*shape: int, dtype: type = np.int16) -> np.ndarray:
    """Give every voxel a number of its own."""
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def structures(folder: Path, rois: Mapping[str, Sequence[Drawing]], **options: Any) -> Path:
    return write_object(rtstruct_of(rois, **options), folder / "RTSTRUCT.dcm")


def dose_source(*datasets: Dataset, folder: Path) -> DoseSource:
    files = tuple(write_object(d, folder / f"{d.SOPInstanceUID}.dcm") for d in datasets)
    return DoseSource(files, lambda: select_dose(files))


def made(
    folder: Path,
    images: tuple[Path, ...] = (),
    rtstruct: Path | None = None,
    dose: DoseSource | None = None,
    wanted: Wanted = IMAGE_ONLY,
    **options: Any,
) -> Products:
    resampling = Resampling(**{k: v for k, v in options.items() if k != "wanted_rois"})
    files = CaseFiles(images, rtstruct, dose)
    return write_products(files, folder, wanted, resampling, options.get("wanted_rois", ()))


def kinds(products: Products) -> list[FindingKind]:
    return [finding.kind for finding in products.findings]


def evidence(products: Products, kind: FindingKind) -> dict[str, Any]:
    (found,) = [dict(each.evidence) for each in products.findings if each.kind == kind]
    return found


def loaded(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read a NIfTI: voxels of shape (slices, rows, columns), and its affine in DICOM's mm."""
    image: Any = nib.load(path)
    affine = np.diag([-1, -1, 1, 1]) @ image.affine
    return np.asarray(image.dataobj).transpose(2, 1, 0), affine, image.header


def volumes_cc(folder: Path) -> dict[str, float]:
    """Read the volume of each mask, by ROI name."""
    table = json.loads((folder / "nifti/masks/rois.json").read_text(encoding="utf-8"))
    return {row["roi_name"]: row["volume_cc"] for row in table["masks"].values()}
