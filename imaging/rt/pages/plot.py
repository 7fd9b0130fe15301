"""The DVHs of one case as a figure: cumulative, differential, goals, and another program's."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from imaging.rt.curves import Curve, round_width, signed_difference
from imaging.rt.dvh import DVH
from imaging.rt.pages.colours import GREY, Look, darkened, looks_of
from imaging.rt.pages.marks import GoalMark, draw_marks, legend_of_marks
from imaging.rt.pages.rendering import png_data_uri, quietly, svg_text, write_png
from imaging.rt.thinning import thinned

__all__ = [
    "Curve",
    "GoalMark",
    "plot_dvhs",
    "png_data_uri",
    "svg_text",
    "write_png",
]

_LINE_STYLES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
_OVERLAY_STYLE = (0, (3, 2.5))
_WIDTH_IN = 7.6
_HEIGHTS_IN = {"cumulative": 4.2, "difference": 1.7, "differential": 2.8}
_COLUMN_IN = 2.3  # wider for each further column of the legend
_ENTRIES_PER_IN = 6.2  # of the legend, in small type
_BINS = 300  # of the differential curve
_TALLEST = 4.0  # times the median peak: a taller one would press the other curves flat
_INVISIBLE = 1e-4  # share of the volume: a fifteenth of a pixel
_LONGEST_NAME = 28  # characters in the legend; DICOM allows 64, and the axes need room


def plot_dvhs(  # noqa: PLR0913 - the parts of a picture, each by its name
    dvhs: Sequence[DVH],
    *,
    title: str,
    colours: Mapping[int, str] | None = None,
    overlays: Mapping[str, Curve] | None = None,
    overlay_label: str = "closed form",
    marks: Sequence[GoalMark] = (),
    differential: Literal["%", "cc"] | None = None,
    difference: bool = False,
) -> Figure:
    """Draw cumulative DVHs, volume in percent against dose in Gy; empty ones are left out.

    Args:
        dvhs: What to draw, in the order of the legend.
        title: Stands above the curves.
        colours: ``#rrggbb`` by ROI number, as ``roi_colours`` reads them; pale ones are darkened.
            ROIs without get a colour that colour-blind people tell from the others.
        overlays: Curves to compare with, by name: doses in Gy and volumes in percent, each of
            shape (n,). They are dashed, in the colour of the ROI of the same name.
        overlay_label: What the legend calls them.
        marks: Goals, in the colour of the ROI of their name.
        differential: Adds a panel of -dV/dD in this unit of volume per Gy.
        difference: Adds a panel of ours minus the overlay of the same name, in percentage points.
    """
    drawn = [dvh for dvh in dvhs if not dvh.is_empty]
    looks = looks_of(drawn, colours)
    of_name = {dvh.roi_name: look.colour for dvh, look in zip(drawn, looks, strict=True)}
    compared = overlays or {}
    with quietly():
        figure, panels = _panels(difference=difference, differential=differential is not None)
        axes = panels["cumulative"]
        _draw_curves(axes, drawn, looks)
        _draw_overlays(axes, compared, of_name)
        _dress(panels, title, max((dvh.dose_gy[-1] for dvh in drawn), default=0.0) or 1.0)
        draw_marks(axes, marks, of_name)
        if difference:
            _draw_differences(panels["difference"], drawn, compared, looks)
        if differential:
            _draw_differentials(panels["differential"], drawn, looks, differential)
        of_overlays = [_overlay_line(GREY, overlay_label)] if compared else []
        of_marks = legend_of_marks(marks, of_name)
        _add_legend(figure, axes, len(drawn), [*of_overlays, *of_marks])
    return figure


def _panels(*, difference: bool, differential: bool) -> tuple[Figure, dict[str, Axes]]:
    """Make the figure and its axes by name, one above the other on one dose axis."""
    asked = {"cumulative": True, "difference": difference, "differential": differential}
    heights = {name: height for name, height in _HEIGHTS_IN.items() if asked[name]}
    figure = Figure(figsize=(_WIDTH_IN, sum(heights.values())), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(
        len(heights),
        sharex=True,
        squeeze=False,
        gridspec_kw={"height_ratios": list(heights.values())},
    )
    return figure, dict(zip(heights, grid[:, 0], strict=True))


def _draw_curves(axes: Axes, dvhs: Sequence[DVH], looks: Sequence[Look]) -> None:
    """Draw the curves down to 0, without the points that nobody would see."""
    for dvh, look in zip(dvhs, looks, strict=True):
        dose_gy, percent = thinned(*dvh.percent_curve, _INVISIBLE)
        axes.plot(
            np.append(dose_gy, dose_gy[-1]),
            np.append(percent, 0.0),
            color=look.colour,
            linestyle=_LINE_STYLES[look.dash],
            lw=1.6,
            label=_short(dvh.roi_name),
        )


def _draw_overlays(axes: Axes, overlays: Mapping[str, Curve], of_name: Mapping[str, str]) -> None:
    """Draw the curves to compare with, dashed and on top; one entry of the legend is enough."""
    for name, curve in overlays.items():
        line = _overlay_line(darkened(of_name.get(name, GREY), by=0.55), "_nolegend_")
        line.set_data(*thinned(*curve, _INVISIBLE))
        axes.add_line(line)


def _overlay_line(colour: str, label: str) -> Line2D:
    """Make the line of a curve to compare with, without points."""
    return Line2D([], [], color=colour, linestyle=_OVERLAY_STYLE, lw=1.1, label=label, zorder=3)


def _draw_differences(
    axes: Axes, dvhs: Sequence[DVH], overlays: Mapping[str, Curve], looks: Sequence[Look]
) -> None:
    """Draw ours minus theirs where both are."""
    axes.axhline(0, color=GREY, lw=0.8)
    axes.set_ylabel("Difference [pp]")
    for dvh, look in zip(dvhs, looks, strict=True):
        if dvh.roi_name in overlays:
            gy, points = signed_difference(dvh.percent_curve, overlays[dvh.roi_name])
            axes.plot(gy, points, color=look.colour, linestyle=_LINE_STYLES[look.dash], lw=1.1)


def _draw_differentials(
    axes: Axes, dvhs: Sequence[DVH], looks: Sequence[Look], unit: Literal["%", "cc"]
) -> None:
    """Draw -dV/dD in bins; a peak far above the others is cut, and the panel says so."""
    axes.set_ylabel("-dV/dD [%/Gy]" if unit == "%" else "-dV/dD [cm³/Gy]")
    bin_gy = round_width(max((dvh.dose_gy[-1] for dvh in dvhs), default=0.0) or 1.0, _BINS)
    peaks = []
    for dvh, look in zip(dvhs, looks, strict=True):
        edges, cc = dvh.differential(bin_gy)
        slope = cc / bin_gy * (100 / dvh.whole_cc if unit == "%" else 1.0)
        line = _LINE_STYLES[look.dash]
        axes.stairs(slope, edges, baseline=None, color=look.colour, linestyle=line, lw=1.1)
        peaks.append(float(slope.max()))
    top = min(max(peaks, default=1.0), _TALLEST * float(np.median(peaks or [1.0])))
    axes.set_ylim(0, 1.05 * top)
    cut = sum(peak > 1.05 * top for peak in peaks)
    if cut:
        said = f"{cut} {'peak' if cut == 1 else 'peaks'} cut, up to {_number(max(peaks))}"
        axes.text(0.99, 0.97, said, transform=axes.transAxes, ha="right", va="top", color=GREY)


def _dress(panels: Mapping[str, Axes], title: str, highest_gy: float) -> None:
    """Give the axes their ranges, names and grid."""
    axes = panels["cumulative"]
    axes.set_title(_short(title, 48), loc="left", fontsize=10, fontweight="bold", pad=8)
    axes.set_ylabel("Volume [%]")
    axes.set_xlim(0, 1.03 * highest_gy)
    axes.set_ylim(0, 102)
    axes.set_yticks(range(0, 101, 20))
    for panel in panels.values():
        panel.grid(visible=True, color="#dddddd", lw=0.6)
        panel.set_axisbelow(True)
        panel.tick_params(color=GREY, length=3)
        panel.spines[["top", "right"]].set_visible(False)
        panel.spines[["left", "bottom"]].set_color(GREY)
    list(panels.values())[-1].set_xlabel("Dose [Gy]")


def _add_legend(figure: Figure, axes: Axes, curves: int, others: Sequence[Line2D]) -> None:
    """Put the legend beside the axes, in as many columns and as small as it needs."""
    handles = [*axes.get_lines()[:curves], *others]
    if not curves:
        axes.text(0.5, 0.5, "no curve", transform=axes.transAxes, ha="center", color=GREY)
    if not handles:
        return
    columns = 1 + int((len(handles) - 1) / (_ENTRIES_PER_IN * figure.get_figheight()))
    figure.set_figwidth(_WIDTH_IN + (columns - 1) * _COLUMN_IN)
    figure.legend(
        handles,
        [str(line.get_label()) for line in handles],
        loc="outside right upper",
        frameon=False,
        fontsize=8 if len(handles) <= 4.7 * figure.get_figheight() else 6.5,
        ncols=columns,
        handlelength=2.2,
        labelspacing=0.45,
    )


def _number(value: float) -> str:
    """Write a number with three digits, and no power of ten."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def _short(text: str, longest: int = _LONGEST_NAME) -> str:
    """Cut a text that would leave no room for the curves."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
