"""What came of de-identifying a file: counts and reasons, never a value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Done(StrEnum):
    """What was done to an attribute; the order is that of the report."""

    REMOVED = "removed"
    PRIVATE_REMOVED = "private, removed"
    EMPTIED = "emptied"
    REPLACED = "replaced by a dummy value"
    PSEUDONYM = "replaced by a pseudonym"
    UID_MAPPED = "UID mapped"
    DATE_SHIFTED = "date shifted"
    ROI_RENAMED = "ROI renamed"
    CLEANED = "text cleaned"
    KEPT = "kept"


class Suspicion(StrEnum):
    """Why an object is held back until a person has looked at it."""

    BURNED_IN = "it says that annotation is burned into its pixels"
    VISUAL_FEATURES = "it says that its pixels show recognizable features"
    SECONDARY_CAPTURE = "a secondary capture, perhaps of a screen or a paper"
    ULTRASOUND = "an ultrasound image, which usually shows the name"
    PHOTOGRAPH = "a photograph or a video"
    AUDIO = "a recording of a voice"
    COLOUR = "colour in a modality that has none: perhaps a screenshot"
    OVERLAY_IN_PIXELS = "an overlay within the pixels' unused bits"
    BYTES_AFTER_PIXELS = "more bytes of pixels than its frames have"
    DIRECTORY = "a directory of files (DICOMDIR), to be made anew"
    NO_CT_VOLUME = "not an image of a CT volume, and nothing else was wanted"


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What came of one file.

    Attributes:
        sop_instance_uid: The new SOPInstanceUID; "" where the object has none.
        counts: How many attributes, at any depth, each thing was done to.
        held_back: Why nothing was written; empty when the file was.
    """

    sop_instance_uid: str
    counts: Mapping[Done, int] = field(default_factory=dict)
    held_back: tuple[Suspicion, ...] = ()

    @property
    def is_written(self) -> bool:
        """Whether the target is there."""
        return not self.held_back
