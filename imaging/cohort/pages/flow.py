"""Who left the cohort where, and why: counted case by case, and laid out as a diagram.

The diagram is a stream that flows down. At each step, those whom a code decides leave it to the
right, in a band as wide as they are many; what is left at the end is in the cohort.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from imaging.cohort.codes import CODES, Outcome
from imaging.cohort.decision import Decision

STEPS = (
    ("The patient", "stage I"),
    ("Links, and geometry of the images", "stage II"),
    ("Retrieval", "stages XI to XVI"),
    ("Images, masks and dose", "stages XII, XIV, XVI and XXIV"),
)
_OUTPUTS = len(STEPS) - 1
_STEP_OF = {"I": 0, "II": 1, "XI": 2, "XIII": 2, "XV": 2, "XVI": 2}
_WIDTH, _THINNEST, _LEFT = 150.0, 2.0, 1.0  # pixels
_RADIUS, _REACH = 14.0, 34.0
_HEAD, _ROW, _GAP = 40.0, 44.0, 10.0


@dataclass(frozen=True, slots=True)
class Branch:
    """Cases that one code decided.

    Attributes:
        outcome: REVIEW or EXCLUDE.
        step: Index into STEPS.
    """

    step: int
    outcome: Outcome
    code: str
    count: int

    @property
    def meaning(self) -> str:
        """The code in words."""
        return CODES[self.code].meaning


@dataclass(slots=True)
class Tally:
    """Counts of cases.

    Attributes:
        patients: How many patients there are.
        cases: How many cases; a patient without one counts as a case.
        proceed: How many are in the cohort.
        deciding: By step, outcome and code: for how many it is what decided first.
        having: By code: how many cases have it, whether or not it decided.
    """

    patients: int = 0
    cases: int = 0
    proceed: int = 0
    deciding: Counter[tuple[int, Outcome, str]] = field(default_factory=Counter)
    having: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome, decisions: Sequence[Decision]) -> None:
        """Count one case."""
        self.cases += 1
        self.having.update({decision.code for decision in decisions})
        if outcome is Outcome.PROCEED:
            self.proceed += 1
            return
        steps = [(step_of(d.code), d.code) for d in decisions if d.severity is outcome]
        step, code = min(steps, key=lambda pair: pair[0])
        self.deciding[step, outcome, code] += 1

    def count(self, outcome: Outcome) -> int:
        """Count the cases of one outcome."""
        if outcome is Outcome.PROCEED:
            return self.proceed
        return sum(branch.count for branch in self.branches if branch.outcome is outcome)

    @property
    def branches(self) -> list[Branch]:
        """Who left, by step; at each step exclusions first, then the most frequent code."""
        found = [Branch(*key, count) for key, count in self.deciding.items()]
        return sorted(found, key=lambda b: (b.step, b.outcome, -b.count, b.code))

    def decided_by(self, code: str) -> int:
        """Count the cases that a code decided."""
        return sum(branch.count for branch in self.branches if branch.code == code)


def step_of(code: str) -> int:
    """Return the step at which a code is given, as an index into STEPS."""
    stage = CODES[code].stage
    # Stage XVI is the dose's: retrieved first (001, and failures above 010), then chosen, written.
    is_retrieved = code == "XVI_SUCC_001" or int(code[-3:]) > 10
    return _OUTPUTS if stage == "XVI" and not is_retrieved else _STEP_OF.get(stage, _OUTPUTS)


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the stream: where it goes, and what it is."""

    path: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text beside the stream.

    Attributes:
        top: Its place in pixels.
        step: Index into STEPS; -1 for the first line, and for the last.
        count: Cases that reach the step, or leave.
        branch: Who leaves; None for the heading of a step.
    """

    top: float
    step: int
    count: int
    branch: Branch | None = None


@dataclass(frozen=True, slots=True)
class Diagram:
    """The stream, in pixels.

    Attributes:
        rules: Heights at which a step begins.
        stream: Right end of the stream at each of them.
        end: Where those in the cohort arrive.
    """

    width: float
    height: float
    bands: tuple[Band, ...]
    lines: tuple[Line, ...]
    rules: tuple[tuple[float, float], ...]
    end: float


def draw(tally: Tally) -> Diagram:
    """Lay out the diagram."""
    branches = tally.branches
    widths = [_thickness(branch.count, tally) for branch in branches]
    stay = _thickness(tally.proceed, tally)
    right = _LEFT + stay + sum(widths)
    ends = right + _RADIUS + _REACH
    top, left = _HEAD, tally.cases
    bands, rules = [], []
    lines = [Line(0.0, -1, tally.cases)]
    for step in range(len(STEPS)):
        lines.append(Line(top, step, left))
        rules.append((top, right))
        top += _HEAD
        for branch, width in zip(branches, widths, strict=True):
            if branch.step != step:
                continue
            lines.append(Line(top, step, branch.count, branch))
            bands.append(Band(_bend(right, width, top + _GAP, ends), branch.outcome))
            right -= width
            left -= branch.count
            top += max(_ROW, width + 1.5 * _GAP)
    if stay:
        path = f"M{_LEFT},0H{_LEFT + stay:g}V{top + _HEAD / 2:g}H{_LEFT}Z"
        bands.append(Band(path, Outcome.PROCEED))
    return Diagram(ends, top + _HEAD, tuple(bands), tuple(lines), tuple(rules), top)


def _thickness(count: int, tally: Tally) -> float:
    """Return how wide a band is; few among many are still to be seen."""
    return max(_THINNEST, round(_WIDTH * count / tally.cases, 2)) if count else 0.0


def _bend(right: float, width: float, top: float, end: float) -> str:
    """Draw a band that flows down, turns right around a quarter of a circle, and ends."""
    left, inner, outer = right - width, _RADIUS, _RADIUS + width
    return (
        f"M{left:g},0H{right:g}V{top - inner:g}"
        f"A{inner:g},{inner:g} 0 0 0 {right + inner:g},{top:g}H{end:g}V{top + width:g}"
        f"H{right + inner:g}A{outer:g},{outer:g} 0 0 1 {left:g},{top - inner:g}Z"
    )
