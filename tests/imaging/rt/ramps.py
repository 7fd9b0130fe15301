"""DVHs whose every number can be told in the head."""

import numpy as np

from imaging.rt import DVH


def ramp(
    first_gy: float = 10.0,
    last_gy: float = 20.0,
    *,
    cc: float = 40.0,
    number: int = 1,
    name: str = "PTV",
) -> DVH:
    """All of the ROI gets ``first_gy``, and V falls in a line to 0 at ``last_gy``."""
    return DVH(
        roi_number=number,
        roi_name=name,
        volume_cc=cc,
        dose_gy=np.array([0.0, first_gy, last_gy]),
        cumulative_cc=np.array([cc, cc, 0.0]),
        min_gy=first_gy,
        mean_gy=(first_gy + last_gy) / 2,
        max_gy=last_gy,
    )


def dark() -> DVH:
    """All of the ROI gets no dose."""
    return DVH(
        roi_number=1,
        roi_name="Far",
        volume_cc=5.0,
        dose_gy=np.zeros(1),
        cumulative_cc=np.array([5.0]),
        min_gy=0.0,
        mean_gy=0.0,
        max_gy=0.0,
    )


def smooth(points: int = 10_000) -> DVH:
    """A sigmoid in many points, as the exact engine makes them."""
    gy = np.linspace(0, 60, points)
    return DVH(
        roi_number=1,
        roi_name="PTV",
        volume_cc=50.0,
        dose_gy=gy,
        cumulative_cc=50 / (1 + np.exp((gy - 40) / 1.5)),
        min_gy=0.0,
        mean_gy=40.0,
        max_gy=60.0,
    )
