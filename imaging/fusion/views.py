"""From where a case is looked at: the same in the pictures and on the page.

Directions are those of glTF: x toward the patient's left, y toward the head, z toward the face. In
the views from the front, from below and from above, the patient's right is on the viewer's left, as
on a dental chart.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Arch = Literal["", "upper", "lower"]

ANGLE_DEG = 20.0  # of the picture's height: little perspective, as through a long lens
_MARGIN = 1.15  # for the letters


@dataclass(frozen=True, slots=True)
class View:
    """A direction to look from.

    Attributes:
        name: Of its file and its button.
        title: What a person reads.
        toward: Unit vector from the eye to the teeth.
        up: Unit vector that points up in the picture.
        arch: Which arch is seen alone, as the other is in the way; empty for both.
        sides: What lies at the left and at the right of the picture.
    """

    name: str
    title: str
    toward: tuple[int, int, int]
    up: tuple[int, int, int]
    arch: Arch
    sides: tuple[str, str]


VIEWS = (
    View("right", "Right", (1, 0, 0), (0, 1, 0), "", ("Back", "Front")),
    View("front", "Front", (0, 0, -1), (0, 1, 0), "", ("R", "L")),
    View("left", "Left", (-1, 0, 0), (0, 1, 0), "", ("Front", "Back")),
    View("upper", "Upper, from below", (0, 1, 0), (0, 0, 1), "upper", ("R", "L")),
    View("lower", "Lower, from above", (0, -1, 0), (0, 0, -1), "lower", ("R", "L")),
)


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the eye is; every engine draws with the same.

    Attributes:
        position: Of the eye, in the scene's own unit.
        focus: What it looks at.
        up: Unit vector that points up in the picture.
        angle_deg: Between the picture's upper and lower edge.
    """

    position: tuple[float, float, float]
    focus: tuple[float, float, float]
    up: tuple[float, float, float]
    angle_deg: float = ANGLE_DEG


def camera_for(view: View, bounds: NDArray[np.float64], aspect: float) -> Camera:
    """Place the eye so that a box fills the picture, and no corner of it is cut off.

    Args:
        view: The direction.
        bounds: Shape (2, 3), the box's least and greatest corner.
        aspect: Width of the picture over its height.
    """
    toward, up = np.array(view.toward, float), np.array(view.up, float)
    focus = bounds.mean(axis=0)
    half = (bounds[1] - bounds[0]) / 2
    width, height, depth = (abs(axis) @ half for axis in (np.cross(toward, up), up, toward))
    tangent = math.tan(math.radians(ANGLE_DEG) / 2)
    distance = depth + _MARGIN * max(height, width / aspect) / tangent
    eye = focus - toward * distance
    return Camera(_triple(eye), _triple(focus), _triple(up))


def _triple(vector: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z
