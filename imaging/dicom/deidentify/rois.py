"""What becomes of the names of ROIs and segments: a standard name stays, any other may tell."""

from collections.abc import Sequence

from imaging.dicom.deidentify.keyed import Keyed
from imaging.dicom.deidentify.tg263 import follows_tg263
from imaging.dicom.names import name_key, name_matches

_LENGTH = 8  # 40 bits, and short enough for the 16 characters of a name in TG-263


def new_roi_name(name: str, keyed: Keyed, kept: Sequence[str]) -> str:
    """Return a name that tells nothing of the patient.

    Names that are the same but for blanks and letter case get the same replacement, in every
    structure set: a cohort can still be asked for the ROI, without knowing what it was called.

    Args:
        name: ROIName or SegmentLabel.
        keyed: Makes the replacement.
        kept: Names and patterns (``Lung_*``) to keep beside those that follow TG-263.
    """
    key = name_key(name)
    if not key:
        return ""
    if follows_tg263(name) or any(name_matches(name, pattern) for pattern in kept):
        return name
    return f"ROI_{keyed.text('roi', key, _LENGTH)}"
