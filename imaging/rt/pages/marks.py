"""Goals as marks in a DVH plot: what to draw, not how it was judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from imaging.rt.pages.colours import GREY

GoalKind = Literal["dose-at-volume", "volume-at-dose", "mean", "max", "min"]
GoalDirection = Literal["at least", "at most"]
GoalOutcome = Literal["met", "acceptable", "failed", "unknown"]

SHAPES: Mapping[tuple[bool, GoalDirection], str] = {
    # A goal about a dose allows what is left or right of it, one about a volume what is above or
    # below.
    (True, "at least"): ">",
    (True, "at most"): "<",
    (False, "at least"): "^",
    (False, "at most"): "v",
}
MEANINGS: Mapping[GoalOutcome, str] = {
    "met": "goal met",
    "acceptable": "goal nearly met",
    "failed": "goal failed",
    "unknown": "goal not evaluated",
}
_STEM = 4.0  # percent: how far a goal without a volume stands above the dose axis
_SIZE = 6.5


@dataclass(frozen=True, slots=True)
class GoalMark:
    """One goal in the plane of a cumulative DVH.

    Attributes:
        roi_name: The ROI that it is about, which gives the colour.
        kind: ``dose-at-volume`` (D95%) and ``volume-at-dose`` (V20Gy) are points of the plane;
            ``mean``, ``max`` and ``min`` are places on the dose axis.
        dose_gy: The dose of the goal.
        percent: Its volume in percent; it does not count for places on the dose axis.
        direction: Whether the dose (or for ``volume-at-dose`` the volume) has to be at least or
            at most that.
        outcome: How the goal was judged.
        text: The goal in words, for whoever points at it.
    """

    roi_name: str
    kind: GoalKind
    dose_gy: float
    percent: float
    direction: GoalDirection
    outcome: GoalOutcome = "unknown"
    text: str = ""

    @property
    def on_dose_axis(self) -> bool:
        """Whether the goal has no volume of its own."""
        return self.kind in ("mean", "max", "min")

    @property
    def height(self) -> float:
        """Where the mark stands, in percent."""
        return _STEM if self.on_dose_axis else self.percent

    @property
    def shape(self) -> str:
        """Matplotlib's name of the marker: a triangle that points where values are allowed."""
        return SHAPES[self.kind != "volume-at-dose", self.direction]


def draw_marks(axes: Axes, marks: Sequence[GoalMark], of_name: Mapping[str, str]) -> None:
    """Draw the goals into the cumulative panel: filled when met, hollow when nearly, else a cross.

    Args:
        axes: Volume in percent against dose in Gy.
        marks: The goals; those of ROIs that are not drawn are left out.
        of_name: Colour by ROI name.
    """
    highest_gy = axes.get_xlim()[1]
    for mark in marks:
        colour = of_name.get(mark.roi_name)
        if colour is None:
            continue
        dose_gy = min(mark.dose_gy, highest_gy)  # a goal beyond the axis stands at its end
        if mark.on_dose_axis:
            axes.plot([dose_gy] * 2, [0, mark.height], color=colour, lw=1.4, zorder=4)
        line = _marker(mark.outcome, mark.shape, colour)
        line.set_data([dose_gy], [mark.height])
        line.set_in_layout(False)  # axes keep their room, wherever a mark is
        axes.add_line(line)


def legend_of_marks(marks: Sequence[GoalMark], of_name: Mapping[str, str]) -> list[Line2D]:
    """Make one grey entry for the legend an outcome that is drawn."""
    drawn = {mark.outcome for mark in marks if mark.roi_name in of_name}
    entries = []
    for outcome, meaning in MEANINGS.items():
        if outcome in drawn:
            entries.append(_marker(outcome, "<", GREY))
            entries[-1].set_label(meaning)
    return entries


def _marker(outcome: GoalOutcome, shape: str, colour: str) -> Line2D:
    """Make the marker of one goal, without a place."""
    filled = outcome == "met"
    return Line2D(
        [],
        [],
        linestyle="none",
        marker={"failed": "x", "unknown": "."}.get(outcome, shape),
        markersize=_SIZE,
        markeredgewidth=1.8 if outcome == "failed" else 1.2,
        markerfacecolor=colour if filled else "white",
        markeredgecolor="black" if filled else colour,
        zorder=5,
        clip_on=False,  # a goal at 100 % or 0 Gy is drawn whole
    )
