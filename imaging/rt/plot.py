"""DVH curves as pictures, by matplotlib without its global state: safe in threads, same bytes."""

import base64
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.files import write_whole
from imaging.rt.dvh import DVH

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]

# Okabe and Ito's colours, which colour-blind people tell apart; yellow is too pale for a line.
_FALLBACK = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_LINE_STYLES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
_PALEST = 0.55  # relative luminance of the palest line that stands out on white
_WIDTH_IN, _HEIGHT_IN = 7.6, 4.2
_DPIS = (130, 110, 96, 84, 72, 60, 50)
_GREY = "#444444"
_UNLISTED = "_nolegend_"  # matplotlib's word for it

_rendering = threading.Lock()  # matplotlib's settings and font cache are shared by all threads


def plot_dvhs(
    dvhs: Sequence[DVH],
    *,
    title: str,
    colours: Mapping[int, str] | None = None,
    overlays: Mapping[str, Curve] | None = None,
) -> Figure:
    """Draw cumulative DVHs, volume in percent against dose in Gy; empty ones are left out.

    Args:
        dvhs: What to draw, in the order of the legend.
        title: Stands above the curves.
        colours: ``#rrggbb`` by ROI number, as ``roi_colours`` reads them; pale ones are darkened.
            ROIs without get a colour that colour-blind people tell from the others.
        overlays: Curves to compare with, by name: doses in Gy and volumes in percent, each of
            shape (n,). They are dashed, in the colour of the ROI of the same name.
    """
    with _quietly():
        figure = Figure(figsize=(_WIDTH_IN, _HEIGHT_IN), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        drawn = [dvh for dvh in dvhs if not dvh.is_empty]
        of_name = _draw_curves(axes, drawn, colours or {})
        _draw_overlays(axes, overlays or {}, of_name)
        _dress(axes, title, max((dvh.dose_gy[-1] for dvh in drawn), default=1.0))
        _add_legend(figure, axes)
    return figure


def write_png(figure: Figure, target: Path) -> Path:
    """Write a figure as PNG; the same figure gives the same bytes."""
    return write_whole(target, _png(figure, _DPIS[0]))


def png_data_uri(figure: Figure, max_bytes: int = 70_000) -> str:
    """Make a PNG data URI of at most ``max_bytes`` characters, as sharp as fits.

    Raises:
        InputError: Even the coarsest picture is larger.
    """
    for dpi in _DPIS:
        uri = "data:image/png;base64," + base64.b64encode(_png(figure, dpi)).decode()
        if len(uri) <= max_bytes:
            return uri
    msg = f"the picture has {len(uri)} characters at {_DPIS[-1]} dpi, more than {max_bytes}"
    raise InputError(msg)


def svg_text(figure: Figure) -> str:
    """Render a figure as an SVG element, for a page; text stays text."""
    buffer = BytesIO()
    with _quietly():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue().decode()
    return svg[svg.index("<svg") :]  # a page has no place for the XML declaration


@contextmanager
def _quietly() -> Iterator[None]:
    """Hold matplotlib's shared settings: fixed ids in SVG, and no formulas in names of ROIs."""
    with (
        _rendering,
        mpl.rc_context(
            {
                "svg.hashsalt": "dvh",
                "svg.fonttype": "none",
                "font.size": 9,
                "text.parse_math": False,
            }
        ),
    ):
        yield


def _png(figure: Figure, dpi: int) -> bytes:
    """Render a figure as PNG without the program's name and version."""
    buffer = BytesIO()
    with _quietly():
        figure.savefig(
            buffer,
            format="png",
            dpi=dpi,
            metadata={"Software": None},
            pil_kwargs={"optimize": True},
        )
    return buffer.getvalue()


def _draw_curves(axes: Axes, dvhs: Sequence[DVH], colours: Mapping[int, str]) -> dict[str, str]:
    """Draw the curves and say which colour each name got."""
    of_name: dict[str, str] = {}
    for index, dvh in enumerate(dvhs):
        wanted = colours.get(dvh.roi_number, _FALLBACK[index % len(_FALLBACK)])
        colour = _darkened(wanted)
        # A colour that is taken already, or has come round, is told apart by the line's style.
        style = _LINE_STYLES[list(of_name.values()).count(colour) % len(_LINE_STYLES)]
        of_name[dvh.roi_name] = colour
        dose_gy, percent = _corners(dvh)
        axes.plot(dose_gy, percent, color=colour, linestyle=style, lw=1.6, label=dvh.roi_name)
    return of_name


def _draw_overlays(axes: Axes, overlays: Mapping[str, Curve], of_name: Mapping[str, str]) -> None:
    """Draw the curves to compare with, dashed and on top; one entry of the legend is enough."""
    dashed = (0, (3, 2.5))
    for name, (dose_gy, percent) in overlays.items():
        colour = _darkened(of_name.get(name, _GREY), by=0.55)
        axes.plot(dose_gy, percent, color=colour, linestyle=dashed, lw=1.1, label=_UNLISTED)
    if overlays:
        axes.plot([], [], color=_GREY, linestyle=dashed, lw=1.1, label="closed form")


def _dress(axes: Axes, title: str, highest_gy: float) -> None:
    """Give the axes their ranges, names and grid."""
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", pad=8)
    axes.set_xlabel("Dose [Gy]")
    axes.set_ylabel("Volume [%]")
    axes.set_xlim(0, 1.03 * highest_gy)
    axes.set_ylim(0, 102)
    axes.set_yticks(range(0, 101, 20))
    axes.grid(visible=True, color="#dddddd", lw=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(color=_GREY, length=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GREY)


def _add_legend(figure: Figure, axes: Axes) -> None:
    """Put the legend beside the axes, in as many columns and as small as it needs."""
    handles = [line for line in axes.get_lines() if line.get_label() != _UNLISTED]
    labels = [str(line.get_label()) for line in handles]
    if not handles:
        axes.text(0.5, 0.5, "no curve", transform=axes.transAxes, ha="center", color=_GREY)
        return
    figure.legend(
        handles,
        labels,
        loc="outside right upper",
        frameon=False,
        fontsize=8 if len(labels) <= 20 else 6.5,
        ncols=1 + (len(labels) - 1) // 26,
        handlelength=2.2,
        labelspacing=0.45,
    )


def _corners(dvh: DVH) -> Curve:
    """Leave out points that lie on the line between their neighbours, and come down to 0."""
    dose_gy = np.append(dvh.dose_gy, dvh.dose_gy[-1])
    percent = np.append(dvh.cumulative_percent, 0.0)
    flat = np.zeros(percent.size, dtype=bool)
    flat[1:-1] = (percent[1:-1] == percent[:-2]) & (percent[1:-1] == percent[2:])
    return dose_gy[~flat], percent[~flat]


def _darkened(colour: str, by: float = 1.0) -> str:
    """Darken a colour until it stands out on white, and then by a factor."""
    red, green, blue = to_rgb(colour)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    factor = by * min(1.0, _PALEST / max(luminance, 1e-6))
    return to_hex((red * factor, green * factor, blue * factor))
