"""What makes a cohort: what a patient must have, what to choose, and what to write.

Prefect shows these models as a form; the same fields are read from YAML (`read_specification`).
"""

import hashlib
import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from imaging.dicom import name_matches
from imaging.dicom.references import RT_MODALITIES
from imaging.dicom.tags import is_image

_VERSION = 1  # of the rules' code: a change that may alter a decision raises it

Modality = Literal[
    "CT", "MR", "PT", "NM", "US", "CR", "DX", "XA", "RTSTRUCT", "RTPLAN", "RTDOSE", "RTIMAGE",
    "RTRECORD", "REG", "SEG", "SR",
]  # fmt: skip
Approval = Literal["approved_first", "approved_only", "any"]
SeveralTreatments = Literal["quarantine", "newest", "description", "dose", "every"]


class _Model(BaseModel):
    """Unknown fields are refused: Prefect would drop them silently, and run."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SliceBounds(_Model):
    """How many slices an image series may have; nothing is bounded unless it is said here."""

    model_config = ConfigDict(title="Number of slices")

    fewest: int = Field(0, ge=0, description="Fewest slices; 0 is no bound.")
    most: int = Field(0, ge=0, description="Most slices; 0 is no bound.")
    outside: Literal["REVIEW", "EXCLUDE"] = Field(
        "REVIEW", description="What becomes of a patient whose images are outside the bounds."
    )

    @model_validator(mode="after")
    def _are_in_order(self) -> Self:
        if self.most and self.fewest > self.most:
            msg = "the fewest slices are more than the most"
            raise ValueError(msg)
        return self


class ImageRules(_Model):
    """What may be done to slices that do not stack evenly; by default nothing, openly."""

    model_config = ConfigDict(title="Images")

    fill_missing_slices: int = Field(
        0,
        ge=0,
        le=20,
        description="Interpolate up to so many slices missing in a row. 0: leave such patients for"
        " review, without a volume.",
    )
    straighten_tilt: bool = Field(
        default=False,
        description="Resample images with gantry tilt onto an upright grid. Otherwise they are left"
        " for review, without a volume.",
    )


class DoseRules(_Model):
    """Which dose counts. A plan's PLAN dose, once; without one, the sum of all of its beams."""

    model_config = ConfigDict(title="Dose")

    scale_fractions: bool = Field(
        default=False,
        description="Where there is only the dose of a FRACTION, multiply it by the planned number"
        " of fractions; the patient is for review either way.",
    )
    sum_plans: bool = Field(
        default=False,
        description="Add the doses of all plans made on one structure set (a boost, say). Otherwise"
        " several plans are several treatments to choose from.",
    )
    lowest_maximum_gy: float = Field(
        0.0, ge=0, description="Exclude patients whose largest dose is below this; 0 is no bound."
    )
    highest_maximum_gy: float = Field(
        0.0, ge=0, description="Exclude patients whose largest dose is above this; 0 is no bound."
    )


class Outputs(_Model):
    """What is written for each patient, beside the DICOM files as they were received."""

    model_config = ConfigDict(title="Outputs")

    image: bool = Field(default=True, description="The images as NIfTI.")
    masks: bool = Field(default=True, description="One mask per ROI, as NIfTI.")
    label_map: bool = Field(default=True, description="All ROIs in one label map, as NIfTI.")
    dose: bool = Field(default=True, description="The dose in Gy, as NIfTI, on its own grid.")
    dose_on_image: bool = Field(
        default=False, description="The dose on the grid of the images, as well."
    )
    pictures: bool = Field(
        default=True, description="A contact sheet: the central slice of every ROI."
    )
    dvh: bool = Field(
        default=True, description="DVHs and their metrics of the cohort, by compute-dvh."
    )

    @property
    def any_files(self) -> bool:
        """Whether anything is written for a patient, DVHs apart."""
        return any((self.image, self.masks, self.label_map, self.dose_files, self.pictures))

    @property
    def dose_files(self) -> bool:
        """Whether the dose is written, on either grid."""
        return self.dose or self.dose_on_image


class CohortSpecification(_Model):
    """What a patient must have to get into the cohort, and what is made of them."""

    model_config = ConfigDict(title="Specification")

    required_modalities: list[Modality] = Field(
        default=["CT", "RTSTRUCT", "RTPLAN", "RTDOSE"],
        min_length=1,
        description="Modalities that must be there and refer to each other: CT, MR, PT, RTSTRUCT,"
        " RTPLAN, RTDOSE, ... The first image modality is the one that structures are drawn on.",
    )
    wanted_rois: list[str] = Field(
        default_factory=list,
        title="Wanted ROIs",
        description="ROI names, * and ? as wildcards, case ignored; the RTSTRUCT must hold at least"
        " one. Empty: any.",
    )
    description_must_contain: list[str] = Field(
        default_factory=list,
        description="Keep only studies whose StudyDescription contains one of these. Empty: all.",
    )
    description_must_not_contain: list[str] = Field(
        default_factory=list,
        description="Drop studies whose StudyDescription contains any of these.",
    )
    description_may_contain: list[str] = Field(
        default_factory=list,
        description="Of several treatments, prefer the one whose StudyDescription contains one of"
        " these (several treatments: description).",
    )
    phantom_patterns: list[str] = Field(
        default=["phantom"],
        description="Drop studies whose StudyDescription or a SeriesDescription contains one of"
        " these.",
    )
    slices: SliceBounds = Field(
        SliceBounds(), description="Bounds of the number of slices; none unless given."
    )
    images: ImageRules = Field(
        ImageRules(), description="What may be done to slices that do not stack evenly."
    )
    approval: Approval = Field(
        "approved_first",
        description="approved_first: plans marked UNAPPROVED only where there is no other, and then"
        " for review. approved_only: never. any: like the others. REJECTED plans are never used.",
    )
    dose: DoseRules = Field(DoseRules(), description="Which dose counts, and its bounds.")
    several_treatments: SeveralTreatments = Field(
        "quarantine",
        description="Patients with several complete treatments. quarantine: exclude them, and put"
        " every candidate aside for a person to choose (resolve-quarantine). newest: the one of the"
        " latest plan. description: the one whose StudyDescription has a preferred keyword. dose:"
        " the one that has a dose. every: each course becomes a case of its own. Where a policy"
        " leaves several, they go to quarantine.",
    )
    course_days: int = Field(
        30,
        ge=0,
        le=3650,
        description="Studies whose dates are no further apart belong to one course, even if they do"
        " not refer to each other (a rescan, say).",
    )
    outputs: Outputs = Field(
        Outputs(), description="What is written for each patient beside the DICOM files."
    )

    @field_validator(
        "description_must_contain",
        "description_must_not_contain",
        "description_may_contain",
        "phantom_patterns",
    )
    @classmethod
    def _without_empty_keywords(cls, keywords: list[str]) -> list[str]:
        """A keyword of separators alone (``*``) asks for nothing, so it must not drop a study."""
        return [keyword for keyword in keywords if _plain(keyword)]

    @model_validator(mode="after")
    def _has_keywords_to_prefer(self) -> Self:
        if self.several_treatments == "description" and not self.description_may_contain:
            msg = "to choose by description, name the keywords in description_may_contain"
            raise ValueError(msg)
        return self

    @property
    def image_modality(self) -> str:
        """The modality that structures are drawn on, "" where no images are required."""
        return next(iter(self.image_modalities), "")

    @property
    def image_modalities(self) -> list[str]:
        """The image modalities required, in order."""
        return [name for name in self.required_modalities if is_image(name)]

    @property
    def other_modalities(self) -> list[str]:
        """Required modalities that are neither the images nor RTSTRUCT, RTPLAN or RTDOSE."""
        linked = {self.image_modality, *RT_MODALITIES}
        return [name for name in self.required_modalities if name not in linked]

    @property
    def digest(self) -> str:
        """Changes when a decision may change: with any field but the outputs, or with the code."""
        text = f"{_VERSION} {self.model_dump_json(exclude={'outputs'})}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def wants_roi(self, names: list[str]) -> bool:
        """Whether at least one of the ROI names is wanted."""
        if not self.wanted_rois:
            return True
        return any(name_matches(name, wanted) for name in names for wanted in self.wanted_rois)


def contains_any(text: str, keywords: list[str]) -> bool:
    """Whether a keyword occurs in the text, whatever the case, spacing or separators.

    A keyword of separators alone says nothing and is passed over.

    >>> contains_any("HEAD_AND  NECK", ["head and neck"])
    True
    """
    plain = _plain(text)
    return any(wanted in plain for wanted in map(_plain, keywords) if wanted)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).casefold().strip()
