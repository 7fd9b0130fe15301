"""Prints what was measured: small tables, and beside each figure the goal it has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.measure import Ratio, Rounds

_NAME_WIDTH = 58


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit that a figure should be at least, or at most."""

    limit: float
    at_least: bool

    def verdict(self, value: float) -> str:
        """Say the goal, and whether ``value`` reaches it.

        >>> Goal(10, at_least=True).verdict(11.5)
        'goal >= 10: reached'
        """
        is_reached = value >= self.limit if self.at_least else value <= self.limit
        sign = ">=" if self.at_least else "<="
        return f"goal {sign} {self.limit:g}: {'reached' if is_reached else 'missed'}"


def at_least(limit: float) -> Goal:
    """A goal of ``limit`` or more."""
    return Goal(limit, at_least=True)


def at_most(limit: float) -> Goal:
    """A goal of ``limit`` or less."""
    return Goal(limit, at_least=False)


def show_title(text: str) -> None:
    """Begin a measurement."""
    print(f"\n{text}\n{'-' * len(text)}")


def show_costs(rounds: Rounds, extra: Mapping[str, Sequence[str]], headings: Sequence[str]) -> None:
    """Print the best wall and CPU time of each method, and further columns.

    Args:
        rounds: What was measured.
        extra: By method's name, the cells of the further columns.
        headings: Of those columns.
    """
    _line("", "wall s", "CPU s", *headings)
    for name in rounds.costs:
        best = rounds.best(name)
        _line(name, f"{best.wall_s:.3f}", f"{best.cpu_s:.3f}", *extra.get(name, ()))


def show_ratio_headings() -> None:
    """Name the columns of the ratios that follow."""
    _line("", "best", "median", "CPU")


def show_ratio(name: str, ratio: Ratio, goal: Goal | None = None) -> None:
    """Print a ratio; its goal is judged by the median: one lucky round decides the best."""
    verdict = goal.verdict(ratio.median) if goal else ""
    figures = (ratio.best, ratio.median, ratio.cpu)
    _line(name, *[f"{figure:.2f}x" for figure in figures], verdict=verdict)


def show_figure(name: str, figure: str, verdict: str = "") -> None:
    """Print a single figure."""
    _line(name, figure, verdict=verdict)


def _line(name: str, *cells: str, verdict: str = "") -> None:
    text = f"  {name:<{_NAME_WIDTH}}" + "".join(f"{cell:>10}" for cell in cells)
    print(f"{text}  {verdict}".rstrip())
