"""What is known of a plan beside its DVHs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from imaging.rt.dvh import DVH


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PlanContext:
    """What some metrics need to know beside the DVH.

    Attributes:
        prescription_gy: What 100 % of the dose means, None when it is not known.
        fractions: The number of fractions of the course, for BED and EQD2.
        body: The DVH of the external contour, for CI and GI; ``body_of`` finds it.
        alpha_beta_gy: alpha/beta by name or pattern of ROIs (``{"SpinalCord": 2}``); the first
            that fits counts, before the values that ``names.yaml`` holds.
    """

    prescription_gy: float | None = None
    fractions: int | None = None
    body: DVH | None = None
    alpha_beta_gy: Mapping[str, float] = field(default_factory=dict)
