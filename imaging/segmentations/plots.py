"""Volumes of organs over patients as pictures: a strip an organ, outliers with their case ids."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator
from numpy.typing import NDArray

from imaging.rt.pages.rendering import quietly
from imaging.segmentations.outliers import Judged

MOST_ORGANS = 240  # of a file; 117 are TotalSegmentator's
_PER_COLUMN = 40
_ROW_IN, _COLUMN_IN, _FRAME_IN = 0.21, 6.2, 1.0
_LONGEST = 30
_ROOM = 0.38  # of the axis, left and right, for case ids
_GOLDEN = 0.6180339887498949
_BLUE, _RED = "#0072b2", "#c1272d"


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """One organ's volumes, a point a patient.

    Attributes:
        case_ids: Shape (n,), as every other.
        ml: The volumes.
        is_outlier: Which are.
        is_cut: Which the image cuts off.
        quartiles: 25 %, median and 75 % of the whole ones; None where there are none.
    """

    organ: str
    case_ids: Sequence[str]
    ml: Sequence[float]
    is_outlier: Sequence[bool]
    is_cut: Sequence[bool]
    quartiles: tuple[float, float, float] | None


def strips_of(judged: Judged, most: int = MOST_ORGANS) -> list[Strip]:
    """Choose what is drawn: organs with outliers come first if not all fit, else all by size."""
    organs = judged.organs
    if len(organs) > most:
        organs = organs.sort_values(["outliers", "cases"], ascending=False, kind="stable")[:most]
    ordered = organs.sort_values("median_ml", ascending=False, kind="stable", na_position="last")
    of_organ: Mapping[object, pd.DataFrame] = dict(iter(judged.volumes.groupby("organ")))
    return [_strip(row, of_organ[row["organ"]]) for row in ordered.to_dict("records")]


def plot_volumes(strips: Sequence[Strip], title: str, said: str = "") -> Figure:
    """Draw strips on one logarithmic axis of volume, in columns that are read from the left.

    Args:
        strips: What is drawn.
        title: Stands on top.
        said: A line below the axes.
    """
    columns = max(1, -(-len(strips) // _PER_COLUMN))
    rows = max(1, -(-len(strips) // columns))
    with quietly():
        size = (columns * _COLUMN_IN, rows * _ROW_IN + _FRAME_IN)
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
        grid = figure.subplots(1, columns, squeeze=False)
        for number, axes in enumerate(grid[0]):
            _draw(axes, strips[number * rows : (number + 1) * rows], rows)
        caption = "Volume [ml]. Box: middle half; filled: whole organ; hollow: cut by the image."
        figure.supxlabel(f"{caption}\n{said}".strip(), fontsize=8)
    return figure


def _strip(row: Mapping[object, object], found: pd.DataFrame) -> Strip:
    quartiles = tuple(float(str(row[name])) for name in ("q25_ml", "median_ml", "q75_ml"))
    low, median, high = quartiles
    flags = found["flags"].str.split(";")
    return Strip(
        organ=str(row["organ"]),
        case_ids=found["case_id"].tolist(),
        ml=found["ml"].tolist(),
        is_outlier=[not {"large", "small"}.isdisjoint(each) for each in flags],
        is_cut=found["touches_edge"].tolist(),
        quartiles=None if np.isnan(median) else (low, median, high),
    )


def _draw(axes: Axes, strips: Sequence[Strip], rows: int) -> None:
    """Draw one column of strips, the first on top."""
    for place, strip in enumerate(strips):
        _draw_strip(axes, strip, place)
    axes.set_xscale("log")
    axes.set_ylim(rows - 0.4, -0.6)
    axes.set_yticks(range(len(strips)), [_short(strip.organ) for strip in strips], fontsize=7.5)
    axes.xaxis.set_major_locator(LogLocator(numticks=8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ml, _: f"{ml:g}"))
    axes.tick_params(axis="x", labelsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e3e7ea", linewidth=0.6)
    axes.margins(x=0.05)
    low, high = axes.get_xlim()
    room = (high / low) ** _ROOM
    axes.set_xlim(low / room, high * room)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _draw_strip(axes: Axes, strip: Strip, place: int) -> None:
    if strip.quartiles is not None:
        low, median, high = strip.quartiles
        axes.plot([low, high], [place, place], color="#cfe3f1", linewidth=7, zorder=1)
        axes.plot([median, median], [place - 0.3, place + 0.3], color=_BLUE, linewidth=1.2)
    ml, height = np.array(strip.ml), place + jitter(len(strip.ml))
    outlier, cut = np.array(strip.is_outlier), np.array(strip.is_cut)
    for which, colour in ((~outlier, _BLUE), (outlier, _RED)):
        full, hollow = which & ~cut, which & cut
        axes.scatter(ml[full], height[full], s=6, color=colour, alpha=0.75, linewidths=0, zorder=3)
        axes.scatter(
            ml[hollow], height[hollow], s=7, facecolors="none", edgecolors=colour, linewidths=0.5
        )
    for side in (-1, 1):
        _name_furthest(axes, strip, height, side)


def _name_furthest(axes: Axes, strip: Strip, height: NDArray[np.float64], side: int) -> None:
    """Write the case id of the outlier that is furthest off on one side, and count the others."""
    far = side * (np.log(strip.ml) - np.median(np.log(strip.ml)))
    outliers = np.flatnonzero(np.array(strip.is_outlier) & (far > 0))
    if not outliers.size:
        return
    index = int(outliers[np.argmax(far[outliers])])
    more = f" +{outliers.size - 1}" if outliers.size > 1 else ""
    axes.annotate(
        f"{strip.case_ids[index]}{more}",
        (strip.ml[index], height[index]),
        xytext=(4 * side, 0),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        va="center",
        fontsize=6,
        color=_RED,
        annotation_clip=False,
    )


def jitter(count: int) -> NDArray[np.float64]:
    """Spread points over the height of a strip, the same way every time."""
    places = np.arange(count, dtype=np.float64)
    return (places * _GOLDEN % 1.0 - 0.5) * 0.5


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
