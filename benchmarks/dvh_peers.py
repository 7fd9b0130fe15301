"""dicompyler-core as it is: its own `get_dvh` with its own statistics, nothing improved."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread

import imaging.rt.dicompyler  # noqa: F401 - mends the library's import, which comes after it

from dicompylercore import dvhcalc  # isort: skip


@dataclass(frozen=True, slots=True)
class LibraryDVH:
    """A DVH that answers as the library does; an empty one answers nothing.

    Attributes:
        library: What `get_dvh` returned: a cumulative DVH in Gy and cm3.
    """

    library: Any

    @property
    def volume_cc(self) -> float:
        """The whole volume."""
        return float(self.library.volume)

    @property
    def min_gy(self) -> float | None:
        """The smallest dose."""
        return float(self.library.min) if self.library.volume else None

    @property
    def max_gy(self) -> float | None:
        """The largest dose."""
        return float(self.library.max) if self.library.volume else None

    @property
    def mean_gy(self) -> float | None:
        """The mean dose."""
        return float(self.library.mean) if self.library.volume else None

    def dose_at_volume(self, percent: float) -> float | None:
        """Return D``percent``%, in Gy."""
        return self._dose(percent, None)

    def dose_at_cc(self, cc: float) -> float | None:
        """Return D``cc``cc, in Gy."""
        return self._dose(cc, "cm3")

    def cc_at_dose(self, gy: float) -> float:
        """Return V``gy``Gy, in cc."""
        return float(self.library.volume_constraint(gy, "Gy").value)

    def _dose(self, volume: float, units: str | None) -> float | None:
        if not self.library.volume:
            return None
        return float(self.library.dose_constraint(volume, units).value)


def library_dvh(rtstruct: Path, rtdose: Path) -> LibraryDVH:
    """Calculate the DVH of the only ROI."""
    return LibraryDVH(dvhcalc.get_dvh(dcmread(rtstruct), dcmread(rtdose), 1))


def library_dvhs(rtstruct: Path, rtdose: Path, *, crop: bool) -> list[Any]:
    """Calculate the DVHs of all ROIs, from files read once.

    Args:
        rtstruct: File of the RTSTRUCT.
        rtdose: File of the RTDOSE.
        crop: Look at the dose around each ROI only, which is not the default.
    """
    structures, dose = dcmread(rtstruct), dcmread(rtdose)
    numbers = [int(item.ROINumber) for item in structures.StructureSetROISequence]
    return [_cropped_or_not(structures, dose, number, crop=crop) for number in numbers]


def _cropped_or_not(structures: Dataset, dose: Dataset, number: int, *, crop: bool) -> Any:
    return dvhcalc.get_dvh(structures, dose, number, use_structure_extents=crop)
