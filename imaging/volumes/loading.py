"""A case's volumes back in memory, by name: for notebooks, training, measurements of one's own."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk  # noqa: N813 - as its users write it

from imaging.errors import InputError
from imaging.volumes.masks import ROIS
from imaging.volumes.record import NIFTI

_NO_IMAGE = ("dose", "dose_on_ct", "labels")


class Masks(Mapping[str, sitk.Image]):
    """Masks by ROIName, each read when it is asked for; voxels are 0 and 1.

    Of two ROIs of one name, the later ones have their ROINumber added: ``PTV (7)``.
    """

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, Path] = {}
        listing = folder / ROIS
        rows = json.loads(listing.read_text())["masks"] if listing.exists() else {}
        for name, row in rows.items():
            key = row["roi_name"]
            if key in self._files:
                key = f"{key} ({row['roi_number']})"
            self._files[key] = listing.parent / name

    def __getitem__(self, roi_name: str) -> sitk.Image:
        """Read one mask."""
        return sitk.ReadImage(self._files[roi_name])

    def __iter__(self) -> Iterator[str]:
        """Give the names, in the order of the RTSTRUCT."""
        return iter(self._files)

    def __len__(self) -> int:
        """Count the masks."""
        return len(self._files)


@dataclass(frozen=True, slots=True, eq=False)
class CaseVolumes:
    """What was written for one case; `sitk.GetArrayFromImage` makes arrays (z, y, x) of them.

    Attributes:
        image: CT (in HU) or another image; None where there is none.
        masks: By ROIName, on the grid of the image.
        dose: In Gy, on its own grid; None where there is none.
        dose_on_image: In Gy, on the grid of the image; None where it was not asked for.
        labels: All ROIs in one; None where there is none.
    """

    image: sitk.Image | None
    masks: Mapping[str, sitk.Image]
    dose: sitk.Image | None
    dose_on_image: sitk.Image | None
    labels: sitk.Image | None


def load_volumes(folder: Path) -> CaseVolumes:
    """Read what was written for a case, such as ``cohorts/<name>/patients/<case id>``.

    Raises:
        InputError: Nothing was written there.
    """
    nifti = folder / NIFTI
    if not nifti.is_dir():
        msg = f"{folder.name} holds no volumes"
        raise InputError(msg)
    images = [path for path in sorted(nifti.glob("*.nii.gz")) if _stem(path) not in _NO_IMAGE]
    return CaseVolumes(
        image=sitk.ReadImage(images[0]) if images else None,
        masks=Masks(nifti),
        dose=_read(nifti / "dose.nii.gz"),
        dose_on_image=_read(nifti / "dose_on_ct.nii.gz"),
        labels=_read(nifti / "labels.nii.gz"),
    )


def _read(path: Path) -> sitk.Image | None:
    return sitk.ReadImage(path) if path.exists() else None


def _stem(path: Path) -> str:
    return path.name.removesuffix(".nii.gz")
