"""Goals of a plan, such as ``Heart: Dmean[Gy] < 4 | < 5``, and how well a patient meets them."""

import math
import operator
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, Self, cast

from imaging.dicom import name_key
from imaging.errors import InputError
from imaging.rt.dvh import DVH
from imaging.rt.flags import Flag
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.metric import Metric
from imaging.rt.metrics.structures import means, structure_of

Comparison = Literal["<", "<=", ">", ">="]

EXAMPLES = "Dmean[Gy] < 4 | < 5, V20Gy[%] <= 30, D95%[Gy] >= 47.5 Gy | >= 45 Gy, CI > 0.7"

_STRICTLY = {"<": operator.lt, "<=": operator.lt, ">": operator.gt, ">=": operator.gt}
_SIGNS = {"≤": "<=", "≥": ">="}
_LIMIT = re.compile(
    r"\s*(?P<comparison><=|>=|<|>|≤|≥)\s*(?P<limit>-?\d+(?:\.\d+)?)\s*(?P<unit>[A-Za-z%]*)\s*"
)
_ROUNDING = 1e-9  # share of a limit that arithmetic may lose: 4.0 is not below 4


class Outcome(StrEnum):
    """How a patient's plan meets a goal."""

    PASS = "PASS"  # noqa: S105 - not a password
    ACCEPTABLE = "ACCEPTABLE"
    FAIL = "FAIL"
    NOT_EVALUATED = "NOT_EVALUATED"


@dataclass(frozen=True, slots=True)
class Goal:
    """What one metric of a structure should be.

    Attributes:
        structure: The TG-263 name, or a pattern (``PTV*``), as the table has it.
        patterns: Names and patterns of the ROIs that are meant, ``structure`` first.
        metric: What is compared.
        comparison: How the metric should relate to the limits.
        ideal: The limit that is aimed at, in the metric's unit.
        acceptable: The looser limit that will do, None where there is none.
        priority: 1 for the most important, None where the table does not say.
        comment: What the table says of the limit: its endpoint, its source.
    """

    structure: str
    patterns: tuple[str, ...]
    metric: Metric
    comparison: Comparison
    ideal: float
    acceptable: float | None = None
    priority: int | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other.

        Raises:
            InputError: The acceptable limit is not looser than the ideal one.
        """
        looser = self.acceptable
        if looser is not None and not _STRICTLY[self.comparison](self.ideal, looser):
            msg = (
                f"{self.structure}: {self.text}: the second limit, the acceptable one, is not"
                " looser than the first, the ideal one"
            )
            raise InputError(msg)

    @classmethod
    def parse(cls, structure: str, text: str, aliases: Iterable[str] = ()) -> Self:
        """Read a goal as people write it: metric, comparison, ideal limit ``|`` acceptable limit.

        Args:
            structure: The TG-263 name, or a pattern. What is known to mean the same as the name
                is meant, too.
            text: Such as ``Dmean[Gy] < 4 | < 5`` or ``V20Gy[%] <= 30 %``.
            aliases: Further names and patterns of the structure's ROIs.

        Raises:
            InputError: The text is no goal; the message says why and gives examples.
        """
        sign = re.search("[<>≤≥]", text)
        if sign is None:
            raise _refusal(text, "it compares nothing; < <= > or >= is missing")
        metric = Metric.parse(text[: sign.start()])
        limits = [_limit(part, text, metric) for part in text[sign.start() :].split("|")]
        if len(limits) > 2 or len({comparison for comparison, _ in limits}) > 1:
            raise _refusal(text, "it has one limit, or two with the same sign: ideal | acceptable")
        values = [value for _, value in limits]
        return cls(
            structure=structure,
            patterns=_patterns(structure, aliases),
            metric=metric,
            comparison=limits[0][0],
            ideal=values[0],
            acceptable=values[1] if len(values) > 1 else None,
        )

    @property
    def text(self) -> str:
        """The goal as ``parse`` reads it, without the structure."""
        limits = [self.ideal] if self.acceptable is None else [self.ideal, self.acceptable]
        said = " | ".join(f"{self.comparison} {limit:.10g}" for limit in limits)
        return f"{self.metric.name} {said}"

    def outcome_of(self, value: float) -> Outcome:
        """Compare a value of the metric with the limits; one that equals a limit is at it."""
        if self._holds(value, self.ideal):
            return Outcome.PASS
        if self.acceptable is not None and self._holds(value, self.acceptable):
            return Outcome.ACCEPTABLE
        return Outcome.FAIL

    def _holds(self, value: float, limit: float) -> bool:
        if math.isclose(value, limit, rel_tol=_ROUNDING, abs_tol=_ROUNDING):
            return self.comparison.endswith("=")
        return bool(_STRICTLY[self.comparison](value, limit))


@dataclass(frozen=True, slots=True)
class GoalResult:
    """How one ROI meets a goal.

    Attributes:
        goal: What was asked.
        roi_number: Of the ROI, None when the patient has none that the goal means.
        roi_name: Its name in the RTSTRUCT, empty when there is none.
        value: Of the metric, None when it cannot be had.
        outcome: NOT_EVALUATED when there is no ROI or no value.
        flags: Why there is no value, or what is odd about the DVH it is from.
    """

    goal: Goal
    roi_number: int | None
    roi_name: str
    value: float | None
    outcome: Outcome
    flags: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """Why the goal was not evaluated, in words; empty when it was."""
        if self.outcome is not Outcome.NOT_EVALUATED:
            return ""
        return "; ".join(Flag(flag).meaning for flag in self.flags)


@dataclass(frozen=True, slots=True)
class GoalTable:
    """The goals of one protocol.

    Attributes:
        title: What the protocol is called.
        goals: In the order of the table.
        citation: Where the limits were published; likewise ``doi`` and ``url``.
        prescription: What the protocol prescribes, in words.
    """

    title: str
    goals: tuple[Goal, ...]
    citation: str = ""
    doi: str = ""
    url: str = ""
    prescription: str = ""

    def score(self, dvhs: Sequence[DVH], plan: PlanContext) -> list[GoalResult]:
        """Compare one patient's DVHs with every goal, in the order of the table.

        A goal has a row for each ROI that it means, so that no failure hides behind another ROI,
        and one row where there is no ROI. Percentages are of the whole ROI; a flag says where
        part of it is outside the dose grid and therefore not counted as irradiated.
        """
        return [result for goal in self.goals for result in _results(goal, dvhs, plan)]

    def with_aliases(self, aliases: Mapping[str, Sequence[str]]) -> Self:
        """Add names and patterns of ROIs by structure, as ``{"Lung_Ipsi": ["Lung_L"]}``.

        Raises:
            InputError: No goal is about a structure of that name.
        """
        added = {name_key(name): patterns for name, patterns in aliases.items()}
        unknown = sorted(added.keys() - {name_key(goal.structure) for goal in self.goals})
        if unknown:
            names = ", ".join(dict.fromkeys(goal.structure for goal in self.goals))
            msg = f"{self.title} has no goal for {', '.join(unknown)}. It has goals for {names}"
            raise InputError(msg)
        goals = (
            replace(
                goal, patterns=_distinct([*goal.patterns, *added.get(name_key(goal.structure), ())])
            )
            for goal in self.goals
        )
        return replace(self, goals=tuple(goals))


def _results(goal: Goal, dvhs: Sequence[DVH], plan: PlanContext) -> Iterator[GoalResult]:
    """Score one goal on each ROI that it means."""
    meant = [dvh for dvh in dvhs if means(dvh.roi_name, goal.patterns)]
    if not meant:
        yield GoalResult(goal, None, "", None, Outcome.NOT_EVALUATED, (Flag.NO_SUCH_ROI,))
    for dvh in meant:
        found = goal.metric.evaluate(dvh, plan)
        value = found.value
        outcome = Outcome.NOT_EVALUATED if value is None else goal.outcome_of(value)
        flags = _distinct([*found.flags, *dvh.flags])
        yield GoalResult(goal, dvh.roi_number, dvh.roi_name, value, outcome, flags)


def _limit(part: str, text: str, metric: Metric) -> tuple[Comparison, float]:
    """Read one limit with its sign and, where it is written, its unit."""
    match = _LIMIT.fullmatch(part)
    if match is None:
        raise _refusal(text, f"{part.strip()!r} is no sign and number")
    if match["unit"] and match["unit"].lower() != metric.unit.lower():
        unit = metric.unit or "no unit"
        raise _refusal(text, f"{metric.name} is in {unit}, and the limit in {match['unit']}")
    sign = _SIGNS.get(match["comparison"], match["comparison"])
    return cast("Comparison", sign), float(match["limit"])


def _patterns(structure: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """List what a structure's ROIs are called; PTV_60 is one target, not any (``PTV*``)."""
    known = structure_of(structure)
    also = () if known is None or "*" in known.name else known.patterns
    return _distinct([structure, *aliases, *also])


def _distinct(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _refusal(text: str, reason: str) -> InputError:
    """Say what is wrong with a goal, and what right ones look like."""
    return InputError(f"{text!r} is no goal: {reason}. Goals look like {EXAMPLES}")
