"""What is asked for: from which files, which outputs, and what may be interpolated."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from imaging.rt.doses.selection import SelectedDose
from imaging.volumes.findings import Finding


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which outputs to write.

    Attributes:
        image: The image series as NIfTI.
        masks: One mask for each ROI.
        label_map: All ROIs in one image of integers, with its dictionary.
        dose: The dose on its own grid.
        dose_on_image: The dose, interpolated onto the grid of the image.
        pictures: A contact sheet of the central slice of each ROI.
    """

    image: bool = True
    masks: bool = True
    label_map: bool = True
    dose: bool = True
    dose_on_image: bool = False
    pictures: bool = True


@dataclass(frozen=True, slots=True)
class Resampling:
    """What may be done to slices that do not stack evenly; by default nothing.

    Attributes:
        fill_missing_slices: Interpolate up to so many slices missing in a row; 0 interpolates none.
        straighten_tilt: Resample slices of a tilted gantry onto an upright grid.
    """

    fill_missing_slices: int = 0
    straighten_tilt: bool = False


@dataclass(frozen=True, slots=True)
class DoseSource:
    """A dose that is read when it is to be written, and not before.

    Attributes:
        files: Every file that the choice of the dose depends on: RTDOSEs and RTPLANs.
        read: Gives the dose; what it raises goes to the caller.
        policy: The choices behind ``read`` in words; other words, and the dose is written again.
    """

    files: tuple[Path, ...]
    read: Callable[[], SelectedDose]
    policy: str = ""


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """The DICOM files of one patient's treatment.

    Attributes:
        images: The files of one image series, in any order; none is fine.
        rtstruct: The file of the structure set.
        dose: The dose.
    """

    images: tuple[Path, ...]
    rtstruct: Path | None = None
    dose: DoseSource | None = None


@dataclass(frozen=True, slots=True)
class Products:
    """What was written.

    Attributes:
        findings: What was found on the way, the same when the files are reused.
        files: The outputs, relative to the patient's folder.
        reused: Everything was there from an earlier call, and nothing was done.
    """

    findings: tuple[Finding, ...]
    files: tuple[Path, ...]
    reused: bool
