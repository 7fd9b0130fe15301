"""What a CBCT must be, so that a paid run on it can succeed."""

from pydantic import BaseModel, ConfigDict, Field


class CbctRules(BaseModel):
    """Limits of a CBCT that is worth submitting.

    Attributes:
        least_slices: Fewer are a piece of a volume, or a preview.
        least_fov_mm: Of the field of view, in each direction.
        most_pixel_mm: Between rows and between columns; teeth are lost in larger ones.
        most_gap_mm: Between slices.
        compressed: Slices with compressed pixels are sent. No document of the vendor says that it
            can read them, so they are refused unless someone has tried.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, title="Limits of the CBCT")

    least_slices: int = Field(100, ge=2, description="Fewest slices.")
    least_fov_mm: float = Field(30.0, gt=0, description="Smallest field of view, mm.")
    most_pixel_mm: float = Field(0.6, gt=0, description="Largest pixels, mm.")
    most_gap_mm: float = Field(1.0, gt=0, description="Largest distance of slices, mm.")
    compressed: bool = Field(default=False, description="Send slices with compressed pixels.")
