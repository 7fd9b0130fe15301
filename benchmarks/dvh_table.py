"""A small table: one row a figure, one column an engine, and the goals at the end of the row."""

from collections.abc import Mapping, Sequence

from benchmarks.report import Goal

_NAME_WIDTH = 44
_CELL_WIDTH = 12


def show_headings(names: Sequence[str]) -> None:
    """Name the columns."""
    print(" " * (2 + _NAME_WIDTH) + "".join(f"{name:>{_CELL_WIDTH}}" for name in names))


def show_row(
    name: str,
    figures: Mapping[str, float],
    digits: int = 0,
    goals: Mapping[str, Goal] | None = None,
) -> None:
    """Print one row.

    Args:
        name: What the figures are.
        figures: By column; NaN stands for no answer.
        digits: How many decimals they are shown with.
        goals: Of some columns.
    """
    cells = "".join(f"{value:>{_CELL_WIDTH}.{digits}f}" for value in figures.values())
    verdicts = [
        f"{column}: {goal.verdict(figures[column])}" for column, goal in (goals or {}).items()
    ]
    print(f"  {name:<{_NAME_WIDTH}}{cells}  {'; '.join(verdicts)}".rstrip())
