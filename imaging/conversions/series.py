"""The image series that labels were made on: its grid, and the headers that results refer to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pydicom
from pydicom import Dataset

from imaging.dicom.headers import read_header
from imaging.dicom.reading import UNREADABLE
from imaging.dicom.tags import is_image
from imaging.dicom.walk import files_below
from imaging.errors import DicomError, InputError
from imaging.volumes.findings import Finding
from imaging.volumes.geometry import Geometry
from imaging.volumes.images import read_stack
from imaging.volumes.request import Resampling
from imaging.volumes.stacking import Stack

# What a new object repeats of patient, study and frame of reference, and may be empty (type 2).
TYPE_2 = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "PositionReferenceIndicator",
)
_NEW_NUMBERS = 1000  # beyond those that a scanner gives out


@dataclass(frozen=True, eq=False)
class ImageSeries:
    """Slices that make a volume.

    Attributes:
        stack: The slices, in order.
    """

    stack: Stack

    @property
    def geometry(self) -> Geometry:
        """Where the voxels lie."""
        return self.stack.geometry

    @property
    def frame_of_reference_uid(self) -> str:
        """Of its coordinates."""
        return self.stack.slices[0].frame_of_reference_uid

    @property
    def new_number(self) -> int:
        """A Series Number for what is made of it; the series itself need not have one."""
        try:
            return int(self.headers[0].get("SeriesNumber") or 0) + _NEW_NUMBERS
        except UNREADABLE:
            return _NEW_NUMBERS

    @cached_property
    def headers(self) -> list[Dataset]:
        """The headers of its files without pixels, in the order of the slices; one if multi-frame.

        What new objects repeat is there, also where de-identification or a sender took it out: what
        DICOM lets be empty, and the thickness of slices.

        Raises:
            DicomError: One cannot be read (any more).
        """
        paths = dict.fromkeys(each.path for each in self.stack.slices)
        headers = [_header(path) for path in paths]
        for header in headers:
            if not header.get("SliceThickness"):
                header.SliceThickness = round(self.geometry.spacing_mm[0], 6)
        return headers


def image_series(
    folder: Path, wanted_uids: Sequence[str] = (), *, must_be_framed: bool = False
) -> ImageSeries:
    """Find the series of a folder, and check that its slices make a volume.

    Args:
        folder: Holds the files, in any order and depth; other objects in it do not matter.
        wanted_uids: Series Instance UIDs, one of which is meant; none for the only one there is.
        must_be_framed: Whether it must say its frame of reference, which new objects repeat.

    Raises:
        InputError: There is no such series, or there are several.
        DicomError: Its slices make no volume, or do not say in which frame of reference.
    """
    if not folder.is_dir():
        msg = "give the folder of the DICOM image series that the labels were made on"
        raise InputError(msg)
    series = _series_below(folder)
    wanted = [uid for uid in series if uid in wanted_uids] if wanted_uids else list(series)
    if len(wanted) != 1:
        held = Counter(len(paths) for paths in series.values())
        sizes = ", ".join(f"{n} of {size} files" for size, n in sorted(held.items())) or "none"
        asked = "the series that the labels refer to" if wanted_uids else "one image series"
        msg = f"the folder must hold {asked} once; of image series it holds {sizes}"
        raise InputError(msg)
    stack = read_stack(series[wanted[0]], Resampling())
    if isinstance(stack, Finding):
        said = ", ".join(f"{key} {value}" for key, value in stack.evidence.items())
        raise DicomError(stack.subject_uid, f"its slices make no volume: {stack.kind} ({said})")
    found = ImageSeries(stack)
    if must_be_framed and not found.frame_of_reference_uid:
        msg = "its images have no Frame of Reference UID, so nothing can be drawn on them"
        raise DicomError(stack.series_instance_uid, msg)
    return found


def _series_below(folder: Path) -> dict[str, list[Path]]:
    """Sort the files of images by series; what cannot be read is missed where it is needed."""
    series: dict[str, list[Path]] = {}
    for name, _ in files_below(folder):
        try:
            header = read_header(folder / name)
        except (DicomError, OSError):
            continue
        if header is not None and header.matrix and is_image(header.modality):
            series.setdefault(header.series_instance_uid, []).append(folder / name)
    return series


def _header(path: Path) -> Dataset:
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        lacking = [keyword for keyword in TYPE_2 if keyword not in header]
    except UNREADABLE as error:
        msg = f"cannot be read as an image ({type(error).__name__})"
        uid = "an image of the series"  # a file's name may be a patient's
        raise DicomError(uid, msg) from error
    for keyword in lacking:
        setattr(header, keyword, "")
    return header
