"""What may be odd about a DVH or a metric, as short codes that travel with the number."""

from enum import StrEnum


class Flag(StrEnum):
    """A code beside a result; ``meaning`` says it in a sentence for a reader of the report."""

    EMPTY = "EMPTY"
    NO_CONTOURS = "NO_CONTOURS"
    BROKEN_CONTOURS = "BROKEN_CONTOURS"
    NOT_CLOSED = "NOT_CLOSED"
    NOT_AXIAL = "NOT_AXIAL"
    NOT_PARALLEL = "NOT_PARALLEL"
    RESAMPLED = "RESAMPLED"
    CROSSING_CONTOURS = "CROSSING_CONTOURS"
    REPEATED_CONTOURS = "REPEATED_CONTOURS"
    SINGLE_PLANE = "SINGLE_PLANE"
    UNEVEN_PLANES = "UNEVEN_PLANES"
    MERGED_PLANES = "MERGED_PLANES"
    SEPARATE_PARTS = "SEPARATE_PARTS"
    FEW_VOXELS = "FEW_VOXELS"
    UNDER_SAMPLED = "UNDER_SAMPLED"
    OUTSIDE_DOSE_GRID = "OUTSIDE_DOSE_GRID"
    NO_PRESCRIPTION = "NO_PRESCRIPTION"
    VOLUME_TOO_SMALL = "VOLUME_TOO_SMALL"
    NO_BODY = "NO_BODY"
    NO_FRACTIONS = "NO_FRACTIONS"
    ALPHA_BETA_ASSUMED = "ALPHA_BETA_ASSUMED"
    ISODOSE_ELSEWHERE = "ISODOSE_ELSEWHERE"
    BODY_TOO_SMALL = "BODY_TOO_SMALL"
    NO_DOSE = "NO_DOSE"
    NO_SUCH_ROI = "NO_SUCH_ROI"
    FRAME_UNKNOWN = "FRAME_UNKNOWN"
    OTHER_FRAME = "OTHER_FRAME"
    SINGLE_FRAME = "SINGLE_FRAME"
    RELATIVE_DOSE = "RELATIVE_DOSE"
    EFFECTIVE_DOSE = "EFFECTIVE_DOSE"
    SCALED_FRACTION = "SCALED_FRACTION"
    SUM_OF_PLANS = "SUM_OF_PLANS"
    BEAMS_UNVERIFIED = "BEAMS_UNVERIFIED"
    DOSES_DISAGREE = "DOSES_DISAGREE"
    OUTSIDE_COMPONENT_GRID = "OUTSIDE_COMPONENT_GRID"
    UNAPPROVED_PLAN = "UNAPPROVED_PLAN"

    @property
    def meaning(self) -> str:
        """What the code says about the result beside it."""
        return _MEANINGS[self]


_MEANINGS = {
    Flag.EMPTY: "no volume of the ROI could be given a dose; there is no curve",
    Flag.NO_CONTOURS: "the RTSTRUCT holds no contour of the ROI",
    Flag.BROKEN_CONTOURS: "coordinates of the ROI cannot be read; it was not computed",
    Flag.NOT_CLOSED: "points or open contours of the ROI were left out",
    Flag.NOT_AXIAL: "a contour does not lie in one axial plane; the ROI was not computed",
    Flag.NOT_PARALLEL: "contours lie in planes that are not parallel; the ROI was not computed",
    Flag.RESAMPLED: "contours lie obliquely to the dose, which was interpolated onto their planes",
    Flag.CROSSING_CONTOURS: "contours cross or touch; what an odd number of them encloses counts",
    Flag.REPEATED_CONTOURS: "a contour is stored more than once; it was counted once",
    Flag.SINGLE_PLANE: "the ROI has one contour plane, so its thickness is unknown",
    Flag.UNEVEN_PLANES: "contour planes are missing or unevenly spaced; the volume is uncertain",
    Flag.MERGED_PLANES: "contours a few tenths of a mm apart were taken for one plane",
    Flag.SEPARATE_PARTS: "a gap between contours is too wide to bridge; the parts end beside it",
    Flag.FEW_VOXELS: "the ROI is smaller than 30 voxels of the dose",
    Flag.UNDER_SAMPLED: "the dose bends too much between its voxels to be interpolated linearly",
    Flag.OUTSIDE_DOSE_GRID: "part of the ROI is outside the dose grid and is not counted",
    Flag.NO_PRESCRIPTION: "the metric is relative to a prescription, and none is known",
    Flag.VOLUME_TOO_SMALL: "the metric asks for more volume than the ROI has",
    Flag.NO_BODY: "the metric needs the external contour, and no ROI with a dose is one",
    Flag.NO_FRACTIONS: "the metric needs the number of fractions, and none is known",
    Flag.ALPHA_BETA_ASSUMED: "no alpha/beta is known for the ROI; 3 Gy, late damage, was assumed",
    Flag.ISODOSE_ELSEWHERE: "the isodose does not reach the ROI; it is no target of that dose",
    Flag.BODY_TOO_SMALL: "less of the body than of the ROI is inside the isodose",
    Flag.NO_DOSE: "the metric is relative to a dose that is 0 in the ROI",
    Flag.NO_SUCH_ROI: "no ROI of the patient has this name or one that means the same",
    Flag.FRAME_UNKNOWN: "the ROI or the dose states no frame of reference; taken to be the same",
    Flag.OTHER_FRAME: "the ROI is drawn in another frame of reference; it was not computed",
    Flag.SINGLE_FRAME: "the dose is one plane; it was taken as constant through its thickness",
    Flag.RELATIVE_DOSE: "the dose is stored relative to the prescription, which scaled it",
    Flag.EFFECTIVE_DOSE: "the dose is a biologically effective one, not a physical one",
    Flag.SCALED_FRACTION: "the dose of one fraction was multiplied by the number of fractions",
    Flag.SUM_OF_PLANS: "the dose is of several plans, added here or by the planning system",
    Flag.BEAMS_UNVERIFIED: "doses of beams were added, and no plan says that these are all",
    Flag.DOSES_DISAGREE: "the plan's dose and the sum of its beams differ by more than 1 %",
    Flag.OUTSIDE_COMPONENT_GRID: "a dose of the sum ends inside the grid; beyond it counts as 0",
    Flag.UNAPPROVED_PLAN: "the dose is of a plan that is not approved",
}
