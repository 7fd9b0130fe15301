"""What may be odd about a DVH or a metric, as short codes that travel with the number."""

from enum import StrEnum


class Flag(StrEnum):
    """A code beside a result; ``meaning`` says it in a sentence for a reader of the report."""

    EMPTY = "EMPTY"
    NO_CONTOURS = "NO_CONTOURS"
    NOT_CLOSED = "NOT_CLOSED"
    NOT_AXIAL = "NOT_AXIAL"
    REPEATED_CONTOURS = "REPEATED_CONTOURS"
    SINGLE_PLANE = "SINGLE_PLANE"
    UNEVEN_PLANES = "UNEVEN_PLANES"
    OUTSIDE_DOSE_GRID = "OUTSIDE_DOSE_GRID"
    NO_PRESCRIPTION = "NO_PRESCRIPTION"
    VOLUME_TOO_SMALL = "VOLUME_TOO_SMALL"

    @property
    def meaning(self) -> str:
        """What the code says about the result beside it."""
        return _MEANINGS[self]


_MEANINGS = {
    Flag.EMPTY: "no volume of the ROI could be given a dose; there is no curve",
    Flag.NO_CONTOURS: "the RTSTRUCT holds no contour of the ROI",
    Flag.NOT_CLOSED: "points or open contours of the ROI were left out",
    Flag.NOT_AXIAL: "a contour does not lie in one axial plane; the ROI was not computed",
    Flag.REPEATED_CONTOURS: "a contour is stored more than once; it was counted once",
    Flag.SINGLE_PLANE: "the ROI has one contour plane, so its thickness is unknown",
    Flag.UNEVEN_PLANES: "contour planes are missing or unevenly spaced; the volume is uncertain",
    Flag.OUTSIDE_DOSE_GRID: "part of the ROI is outside the dose grid and is not counted",
    Flag.NO_PRESCRIPTION: "the metric is relative to a prescription, and none is known",
    Flag.VOLUME_TOO_SMALL: "the metric asks for more volume than the ROI has",
}
