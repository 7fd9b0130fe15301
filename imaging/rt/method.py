"""How DVHs are calculated: the choices that planning systems differ in, kept with every result."""

import math
from dataclasses import dataclass
from numbers import Real
from typing import Literal, TypedDict

from imaging.errors import InputError

EngineName = Literal["exact", "dicompyler"]
EndCaps = Literal["half", "none", "rounded"] | float
Between = Literal["prism", "cubic", "shape"]
DoseInterpolation = Literal["linear", "cubic"]


class MethodArguments(TypedDict, total=False):
    """What a caller may choose; the rest is as in ``Method``."""

    end_caps: EndCaps
    between: Between
    dose_interpolation: DoseInterpolation
    engine: EngineName


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """The choices behind a DVH.

    Attributes:
        end_caps: What lies beyond the first and the last contour: ``half`` a gap, ``none``, or
            ``rounded``, a third of half a gap, which is the volume of a cap that tapers over it; a
            number is mm.
        between: What lies between two contours: ``prism``, each reaches half-way; ``cubic``, areas
            follow a cubic through four contours; ``shape``, outlines change evenly from one to the
            other, by their signed distances.
        dose_interpolation: ``linear`` in all directions, or ``cubic``, a spline through the voxels.
        engine: What calculates.
        longest_cap_mm: No ``half`` or ``rounded`` end cap is longer; None means no limit.

    Raises:
        InputError: A choice is not one of these, or dicompyler-core is asked for what it cannot.
    """

    end_caps: EndCaps = "half"
    between: Between = "prism"
    dose_interpolation: DoseInterpolation = "linear"
    engine: EngineName = "exact"
    longest_cap_mm: float | None = None

    def __post_init__(self) -> None:
        """Refuse what no engine can do."""
        _check("between", self.between, ("prism", "cubic", "shape"))
        _check("dose_interpolation", self.dose_interpolation, ("linear", "cubic"))
        _check("engine", self.engine, ("exact", "dicompyler"))
        if isinstance(self.end_caps, str):
            _check("end_caps", self.end_caps, ("half", "none", "rounded"))
        elif not (_is_number(self.end_caps) and 0 <= self.end_caps < math.inf):
            msg = f"end_caps is {self.end_caps!r}; as a number it is mm, 0 or more"
            raise InputError(msg)
        limit_mm = self.longest_cap_mm
        if limit_mm is not None and not (_is_number(limit_mm) and 0 <= limit_mm < math.inf):
            msg = f"longest_cap_mm is {limit_mm!r}; it is mm, 0 or more"
            raise InputError(msg)
        chosen = (self.end_caps, self.between, self.dose_interpolation, limit_mm)
        if self.engine == "dicompyler" and chosen != ("half", "prism", "linear", None):
            msg = "dicompyler-core knows no other end caps or interpolation than its own"
            raise InputError(msg)

    @property
    def text(self) -> str:
        """The choices in one line, as results carry them."""
        if self.engine == "dicompyler":
            return "dicompyler-core"
        return f"exact, end caps {self.caps_text}, {self.between}, dose {self.dose_interpolation}"

    @property
    def caps_text(self) -> str:
        """The end caps in words."""
        if not isinstance(self.end_caps, str):
            return f"{self.end_caps:g} mm"
        limit_mm = self.longest_cap_mm
        return self.end_caps + ("" if limit_mm is None else f" up to {limit_mm:g} mm")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _check(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is not among the choices."""
    if value not in choices:
        msg = f"{name} is {value!r}; it is one of {', '.join(choices)}"
        raise InputError(msg)
