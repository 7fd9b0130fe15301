"""What was found while a patient's volumes were written, as kinds with evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Evidence = Mapping[str, str | int | float | list[str]]


class FindingKind(StrEnum):
    """What a finding says; what that means for a patient is for the caller to decide."""

    IMAGE_WRITTEN = "image-written"
    """The image is there as NIfTI; evidence: file, size, spacing."""
    SLICES_INTERPOLATED = "slices-interpolated"
    """Missing slices were interpolated, as asked; evidence: which, and where."""
    TILT_STRAIGHTENED = "tilt-straightened"
    """Tilted slices were resampled onto an upright grid, as asked; evidence: angle, padding."""
    SLICES_UNEVEN = "slices-uneven"
    """No volume: slices are missing, doubled, tilted, unevenly spaced, or without a place."""
    SLICES_DIFFER = "slices-differ"
    """No volume: slices differ in size, pixel spacing or the meaning of their pixels."""
    PIXELS_UNREADABLE = "pixels-unreadable"
    """A slice or its pixels cannot be decoded, or are not grey values; no image."""
    IMAGE_FAILED = "image-failed"
    """Writing the image failed for a reason that nobody foresaw; the log has it."""
    MASKS_WRITTEN = "masks-written"
    """Masks were made; evidence: how many, and ROIs so small that they hold no voxel."""
    ROIS_WITHOUT_CONTOURS = "rois-without-contours"
    """ROIs without a closed contour have no mask; evidence: which."""
    ROI_BEYOND_IMAGE = "roi-beyond-image"
    """A ROI reaches beyond the image, where its mask is cut off; evidence: which."""
    CONTOURS_OUT_OF_PLANE = "contours-out-of-plane"
    """A ROI has no mask: its contours are not in the planes of the image; evidence: which, why."""
    CONTOURS_BROKEN = "contours-broken"
    """A ROI has no mask: its coordinates are no numbers; evidence: which."""
    WANTED_ROI_WITHOUT_MASK = "wanted-roi-without-mask"
    """A ROI that was asked for has no mask, or there is no such ROI; evidence: which."""
    MASKS_FAILED = "masks-failed"
    """The RTSTRUCT cannot be used, or making masks failed for a reason that nobody foresaw."""
    NO_MASKS = "no-masks"
    """Not one ROI has a mask; evidence: how many ROIs there are, and those that hold no voxel."""
    DOSE_WRITTEN = "dose-written"
    """The dose is there as NIfTI; evidence: files, maximum."""
    DOSE_UNEVEN = "dose-uneven"
    """The planes of the dose are unevenly spaced: no NIfTI on its own grid."""
    DOSE_ELSEWHERE = "dose-elsewhere"
    """The dose ends before the image begins, or before any mask does; evidence: which."""
    WANTED_ROI_BEYOND_DOSE = "wanted-roi-beyond-dose"
    """A ROI that was asked for lies outside the dose, or partly so; evidence: which."""
    DOSE_REFUSED = "dose-refused"
    """The dose cannot be used; evidence: why."""
    DOSE_FAILED = "dose-failed"
    """Writing the dose failed for a reason that nobody foresaw; evidence: the trace."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        kind: What it says.
        subject_uid: The series, RTSTRUCT or RTDOSE that it is about.
        evidence: Counts, numbers, and ROIs as ``number name``; ROI names are as in the RTSTRUCT.
    """

    kind: FindingKind
    subject_uid: str
    evidence: Evidence = field(default_factory=dict)
