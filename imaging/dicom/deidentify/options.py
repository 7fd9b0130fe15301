"""What a de-identification keeps beyond the Basic Profile; Prefect shows it as a form."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class DeidentifyOptions(BaseModel):
    """Options of the Basic Application Level Confidentiality Profile (DICOM PS3.15, E.3)."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="De-identification")

    retain_longitudinal_intervals: bool = Field(
        default=True,
        title="Retain intervals between dates",
        description="Dates move by a number of days that is the same for all of a patient's"
        " objects; otherwise they are emptied, removed or replaced by 1900-01-01.",
    )
    retain_times_of_day: bool = Field(
        default=False,
        title="Retain times of day",
        description="Together with the intervals: keep the time of day as it was, as decay"
        " correction in PET needs. A hospital's schedule could tell whose scan began at 10:37:22.",
    )
    retain_device_identity: bool = Field(
        default=False,
        title="Retain device identity",
        description="Keep serial numbers, station and machine names.",
    )
    retain_patient_characteristics: bool = Field(
        default=False,
        title="Retain patient characteristics",
        description="Keep sex, age (from 90 on, 90), size, weight and the like.",
    )
    retain_uids: bool = Field(
        default=False,
        title="Retain UIDs",
        description="Keep every UID: whoever has the originals finds the patient.",
    )
    clean_descriptors: bool = Field(
        default=False,
        title="Clean descriptions",
        description="Keep of descriptions the words of a fixed medical vocabulary and short"
        " numbers; otherwise descriptions go wholly.",
    )
    clean_structured_content: bool = Field(
        default=False,
        title="Clean structured content",
        description="Keep codes, numbers and references of structured reports, and drop names and"
        " free text; otherwise the content goes wholly.",
    )
    kept_roi_names: tuple[str, ...] = Field(
        default=(),
        title="ROI names kept",
        description="Names or patterns (Lung_*) kept beside those that follow TG-263; any other"
        " becomes ROI_ and eight characters, the same for the same name.",
    )
    attributes: Literal["profile", "ct_volume"] = Field(
        default="profile",
        title="Attributes",
        description="profile: all that the profile does not take away. ct_volume: only what a CT"
        " volume needs, as for a vendor; other objects are held back.",
    )
    hold_back_pixels: bool = Field(
        default=True,
        title="Hold back suspicious pixels",
        description="Objects whose pixels may show a name (burned-in annotation, secondary"
        " captures, ultrasound, photographs) are not written. Switch it off only after looking.",
    )
