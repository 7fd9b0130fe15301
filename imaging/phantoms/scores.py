"""How far a DVH is from the true one: by the nine parameters of Nelms et al., and along the curve.

Nelms et al. 2015, doi 10.1118/1.4923175: volume, minimum, maximum and mean dose, D99%, D95%, D5%,
D1% and D0.03cc. A parameter counts as wrong when it is more than 3 % of its true value away.
"""

import math
from typing import Literal, NamedTuple, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

Parameter = Literal["V", "Dmin", "Dmax", "Dmean", "D99", "D95", "D5", "D1", "D0.03cc"]
Floats = NDArray[np.float64]

PARAMETERS: tuple[Parameter, ...] = get_args(Parameter)
WITHIN_PERCENT = 3.0
"""What Nelms et al. take for right."""


class ReadableDVH(Protocol):
    """What any DVH can be asked, whoever calculated it; None is what it cannot answer."""

    @property
    def volume_cc(self) -> float:
        """The whole volume."""
        ...

    @property
    def min_gy(self) -> float | None:
        """The smallest dose."""
        ...

    @property
    def max_gy(self) -> float | None:
        """The largest dose."""
        ...

    @property
    def mean_gy(self) -> float | None:
        """The mean dose."""
        ...

    def dose_at_volume(self, percent: float) -> float | None:
        """Return the largest dose that ``percent`` of the volume gets, in Gy."""
        ...

    def dose_at_cc(self, cc: float) -> float | None:
        """Return the largest dose that ``cc`` get, in Gy."""
        ...

    def cc_at_dose(self, gy: float) -> float:
        """Return the volume in cc that gets at least ``gy``."""
        ...


class Scored(NamedTuple):
    """One parameter of a DVH beside its true value.

    Attributes:
        parameter: Which; V in cc, all others in Gy.
        value: What the DVH says; NaN when it says nothing.
        truth: What is true.
        percent: How far off, in percent of what is true; NaN when the DVH says nothing.
    """

    parameter: Parameter
    value: float
    truth: float
    percent: float

    def is_beyond(self, percent: float = WITHIN_PERCENT) -> bool:
        """Say whether the value is missing, or more than ``percent`` off."""
        return not abs(self.percent) <= percent


def parameters_of(dvh: ReadableDVH) -> dict[Parameter, float]:
    """Read all nine parameters; NaN is what the DVH cannot answer."""
    shares = {f"D{percent}": dvh.dose_at_volume(percent) for percent in (99, 95, 5, 1)}
    found = {
        "V": dvh.volume_cc,
        "Dmin": dvh.min_gy,
        "Dmax": dvh.max_gy,
        "Dmean": dvh.mean_gy,
        **shares,
        "D0.03cc": dvh.dose_at_cc(0.03),
    }
    return {name: _number(found[name]) for name in PARAMETERS}


def scored(dvh: ReadableDVH, truth: ReadableDVH) -> list[Scored]:
    """Compare all nine parameters of ``dvh`` with the true ones."""
    values, true = parameters_of(dvh), parameters_of(truth)
    return [
        Scored(name, values[name], true[name], 100 * (values[name] / true[name] - 1))
        for name in PARAMETERS
    ]


def curve_errors(dvh: ReadableDVH, doses_gy: Floats, true_cc: Floats) -> Floats:
    """Compare the curves: volume too much at each dose, in percent of the whole.

    Args:
        dvh: What is judged.
        doses_gy: Shape (n,); all of the volume gets the first.
        true_cc: The volume that truly gets at least each dose, shape (n,).

    Returns:
        Shape (n,).
    """
    found_cc = np.array([dvh.cc_at_dose(gy) for gy in doses_gy.tolist()])
    return np.asarray((found_cc - true_cc) * (100 / true_cc[0]))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
