"""How large permanent teeth are, about."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToothSize:
    """Mean sizes of a permanent tooth, in mm (Wheeler's table, as Ash and Nelson give it).

    Attributes:
        mesiodistal_mm: Width along the arch.
        buccolingual_mm: Width across the arch.
        crown_mm: Height of the crown.
        root_mm: Length of the root.
    """

    mesiodistal_mm: float
    buccolingual_mm: float
    crown_mm: float
    root_mm: float


UPPER_SIZES = (
    ToothSize(8.5, 7.0, 10.5, 13.0),
    ToothSize(6.5, 6.0, 9.0, 13.0),
    ToothSize(7.5, 8.0, 10.0, 17.0),
    ToothSize(7.0, 9.0, 8.5, 14.0),
    ToothSize(7.0, 9.0, 8.5, 14.0),
    ToothSize(10.0, 11.0, 7.5, 12.5),
    ToothSize(9.0, 11.0, 7.0, 11.5),
    ToothSize(8.5, 10.0, 6.5, 11.0),
)
LOWER_SIZES = (
    ToothSize(5.0, 6.0, 9.0, 12.5),
    ToothSize(5.5, 6.5, 9.5, 14.0),
    ToothSize(7.0, 7.5, 11.0, 16.0),
    ToothSize(7.0, 7.5, 8.5, 14.0),
    ToothSize(7.0, 8.0, 8.0, 14.5),
    ToothSize(11.0, 10.5, 7.5, 14.0),
    ToothSize(10.5, 10.0, 7.0, 13.0),
    ToothSize(10.0, 9.5, 7.0, 11.0),
)
