"""DVHs of many patients as one picture: per structure, the median and how far cases spread.

Curves come one at a time and are kept as percentages in steps of dose, so a cohort of a thousand
patients with twenty structures each takes some 100 MB.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from imaging.dicom import name_key
from imaging.errors import InputError
from imaging.rt.curves import Curve, volume_at
from imaging.rt.pages.colours import GREY, darkened
from imaging.rt.pages.rendering import quietly

log = logging.getLogger(__name__)

STEP_GY = 0.1
MOST_STRUCTURES = 20
_MANY_CASES = 20  # fewer have no 5th percentile worth the name
_TYPES = {
    "roi_name": "str",
    "dose_gy": "float64",
    "n": "int64",
    "median": "float64",
    "q25": "float64",
    "q75": "float64",
    "low": "float64",
    "high": "float64",
    "band": "str",
}
_COLUMNS, _PANEL_IN = 4, (2.5, 1.9)
_BLUE = "#0072b2"


@dataclass(frozen=True, slots=True, eq=False)
class CaseCurve:
    """One structure of one case.

    Attributes:
        case_id: A pseudonym.
        roi_name: The name in the RTSTRUCT.
        curve: Doses in Gy and cumulative volumes in percent, each of shape (n,).
    """

    case_id: str
    roi_name: str
    curve: Curve


def curves_of_table(curves: pd.DataFrame) -> Iterator[CaseCurve]:
    """Take the curves of a tidy table, as ``curves_table`` makes it."""
    keys = ["case_id", "roi_number", "roi_name"]
    for (case_id, _, roi_name), rows in curves.groupby(keys, sort=False):
        dose_gy = rows["dose_gy"].to_numpy(dtype=np.float64)
        percent = rows["volume_percent"].to_numpy(dtype=np.float64)
        yield CaseCurve(str(case_id), str(roi_name), (dose_gy, percent))


def curves_of_parquet(path: Path) -> Iterator[CaseCurve]:
    """Take the curves of a cohort's file, a row group at a time: each holds whole cases."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield from curves_of_table(file.read_row_group(group).to_pandas())


def population_table(
    curves: Iterable[CaseCurve],
    *,
    aliases: Mapping[str, str] | None = None,
    step_gy: float = STEP_GY,
) -> pd.DataFrame:
    """Say how V(D) spreads over the cases, per structure and dose.

    Names that TG-263 takes for the same (``name_key``) are one structure, under the spelling that
    most cases use. When a case has several ROIs of one structure, the first counts.

    Args:
        curves: Of all cases, in any order.
        aliases: Names to count as another name, such as ``{"Lung left": "Lung_L"}``.
        step_gy: Distance of the doses.

    Returns:
        Columns ``roi_name, dose_gy, n, median, q25, q75, low, high, band``, volumes in percent,
        structures with the most cases first. ``band`` says what ``low`` and ``high`` are: ``5-95
        %`` of the cases, or ``min-max`` of fewer than 20.

    Raises:
        InputError: ``step_gy`` is not positive.
    """
    if not step_gy > 0:
        msg = f"a step of {step_gy:g} Gy leads nowhere"
        raise InputError(msg)
    named = {name_key(name): said for name, said in (aliases or {}).items()}
    sampled: dict[str, dict[str, NDArray[np.float32]]] = defaultdict(dict)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for item in curves:
        name = named.get(name_key(item.roi_name), item.roi_name)
        key = name_key(name)
        if item.case_id in sampled[key]:
            log.warning("%s has a structure twice; the first ROI counts", item.case_id)
            continue
        sampled[key][item.case_id] = _sampled(item.curve, step_gy)
        spellings[key][name] += 1
    ordered = sorted(sampled, key=lambda key: (-len(sampled[key]), key))
    parts = [
        _spread(_usual(spellings[key]), list(sampled.pop(key).values()), step_gy) for key in ordered
    ]
    empty = pd.DataFrame(columns=list(_TYPES))
    return (pd.concat(parts, ignore_index=True) if parts else empty).astype(_TYPES)


def plot_population(
    table: pd.DataFrame, *, title: str, colours: Mapping[str, str] | None = None
) -> Figure:
    """Draw the median and the bands of each structure, a panel each.

    Args:
        table: As ``population_table`` makes it; the first 20 structures are drawn, and the figure
            says how many are not.
        title: Stands above the panels.
        colours: ``#rrggbb`` by structure name; others are blue.
    """
    names = list(dict.fromkeys(table["roi_name"]))
    shown = names[:MOST_STRUCTURES]
    of_key = {name_key(name): colour for name, colour in (colours or {}).items()}
    columns = min(_COLUMNS, max(len(shown), 2))
    lines = max(1, -(-len(shown) // columns))
    with quietly():
        size = (columns * _PANEL_IN[0], lines * _PANEL_IN[1] + 0.9)
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold")
        grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
        by_name = dict(iter(table.groupby("roi_name", sort=False)))
        for axes, name in zip(grid.flat, shown, strict=False):
            _draw(axes, name, by_name[name], darkened(of_key.get(name_key(name), _BLUE)))
        for axes in grid.flat[len(shown) :]:
            axes.set_visible(False)
        for axes in grid.flat[max(0, len(shown) - columns) : len(shown)]:
            axes.tick_params(labelbottom=True)
        figure.supxlabel(f"Dose [Gy]\n{_caption(table, len(names))}", fontsize=8, linespacing=1.5)
        figure.supylabel("Volume [%]", fontsize=8)
    return figure


def _sampled(curve: Curve, step_gy: float) -> NDArray[np.float32]:
    """Evaluate a curve at 0, 1, 2 ... steps up to its last dose, where it still has volume."""
    count = int(np.floor(curve[0][-1] / step_gy + 1e-9)) + 1
    return volume_at(curve, np.arange(count, dtype=np.float64) * step_gy).astype(np.float32)


def _spread(name: str, curves: list[NDArray[np.float32]], step_gy: float) -> pd.DataFrame:
    """Take the quantiles of one structure's curves; beyond its last dose a curve is 0."""
    longest = max(curve.size for curve in curves) + 1
    percent = np.zeros((len(curves), longest), dtype=np.float32)
    for row, curve in zip(percent, curves, strict=True):
        row[: curve.size] = curve
    many = len(curves) >= _MANY_CASES
    shares = [5, 25, 50, 75, 95] if many else [0, 25, 50, 75, 100]
    low, q25, median, q75, high = np.percentile(percent, shares, axis=0)
    return pd.DataFrame(
        {
            "roi_name": name,
            "dose_gy": np.arange(longest) * step_gy,
            "n": len(curves),
            "median": median,
            "q25": q25,
            "q75": q75,
            "low": low,
            "high": high,
            "band": "5-95 %" if many else "min-max",
        }
    )


def _usual(spellings: Counter[str]) -> str:
    """Choose the spelling that most cases use; of equals the first in the alphabet."""
    return min(spellings, key=lambda name: (-spellings[name], name))


def _draw(axes: Axes, name: str, rows: pd.DataFrame, colour: str) -> None:
    """Draw one structure."""
    gy = rows["dose_gy"].to_numpy()
    axes.fill_between(gy, rows["low"], rows["high"], color=colour, alpha=0.15, lw=0)
    axes.fill_between(gy, rows["q25"], rows["q75"], color=colour, alpha=0.3, lw=0)
    axes.plot(gy, rows["median"], color=colour, lw=1.5)
    short = name if len(name) <= 20 else f"{name[:19]}…"
    axes.set_title(f"{short} (n = {rows['n'].iloc[0]})", fontsize=8, loc="left")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 102)
    axes.grid(visible=True, color="#dddddd", lw=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=7, color=GREY, length=2)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)


def _caption(table: pd.DataFrame, structures: int) -> str:
    """Say what line and bands mean, and what is not drawn."""
    if table.empty:
        return "no curves"
    bands = f", below {_MANY_CASES} cases ".join(dict.fromkeys(table["band"]))
    left_out = structures - MOST_STRUCTURES
    more = f"\n{left_out} structures with fewer cases are not drawn" if left_out > 0 else ""
    return f"line: median; dark band: quartiles; pale band: {bands}{more}"
