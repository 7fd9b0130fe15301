"""Volumes of organs as a page to explore: every point says whose it is, and no other host is asked.

The page holds plotly.js itself and opens without a network; its Content-Security-Policy forbids
every load.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from imaging.files import write_whole
from imaging.rt.pages.templates import templates_of
from imaging.segmentations.plots import Strip, jitter

_MOST_POINTS = 20_000  # of what is not an outlier; a browser is slow with more
_ROW, _FRAME = 26, 140  # pixels
_BLUE, _PALE, _RED = "#0072b2", "#cfe3f1", "#c1272d"


def write_interactive(target: Path, strips: Sequence[Strip], *, title: str, subtitle: str) -> Path:
    """Write an HTML page with a box and points for each organ.

    Args:
        target: Where the page goes.
        strips: What is drawn, the first on top.
        title: Its heading.
        subtitle: The line below.
    """
    data = json.dumps(_figure(strips), allow_nan=False, separators=(",", ":"))
    for sign in "<>&":  # or a name could end the script element
        data = data.replace(sign, f"\\u{ord(sign):04x}")
    library = files("plotly") / "package_data" / "plotly.min.js"
    page = templates_of("imaging.segmentations").get_template("volumes.html.j2")
    return write_whole(
        target,
        page.render(
            title=title,
            subtitle=subtitle,
            figure=data,
            nonce=hashlib.sha256(f"{title}{data}".encode()).hexdigest()[:32],
            library=library.read_text(encoding="utf-8"),
        ),
    )


def _figure(strips: Sequence[Strip]) -> dict[str, Any]:
    """Make a figure as plotly.js takes it."""
    ordinary = sum(len(strip.ml) - sum(strip.is_outlier) for strip in strips)
    kinds: list[tuple[str, str, str, Callable[[bool, bool], bool]]] = [
        ("outlier", _RED, "circle", lambda outlier, cut: outlier and not cut),
        ("outlier, cut by the image", _RED, "circle-open", lambda outlier, cut: outlier and cut),
    ]
    if ordinary <= _MOST_POINTS:
        kinds += [
            ("whole", _BLUE, "circle", lambda outlier, cut: not outlier and not cut),
            ("cut by the image", _BLUE, "circle-open", lambda outlier, cut: not outlier and cut),
        ]
    points = [_points(strips, *kind) for kind in reversed(kinds)]
    return {"data": [_boxes(strips), *points], "layout": _layout(strips)}


def _boxes(strips: Sequence[Strip]) -> dict[str, Any]:
    quartiles = [(place, each.quartiles) for place, each in enumerate(strips) if each.quartiles]
    return {
        "type": "box",
        "orientation": "h",
        "name": "middle half",
        "y": [place for place, _ in quartiles],
        "q1": [low for _, (low, _, _) in quartiles],
        "median": [median for _, (_, median, _) in quartiles],
        "q3": [high for _, (_, _, high) in quartiles],
        "fillcolor": _PALE,
        "line": {"color": _BLUE, "width": 1},
        "hoverinfo": "skip",
    }


def _points(
    strips: Sequence[Strip],
    name: str,
    colour: str,
    symbol: str,
    belongs: Callable[[bool, bool], bool],
) -> dict[str, Any]:
    """Make the points of one kind; names are escaped, as plotly takes tags in them for its own."""
    found = [
        (ml, round(place + offset, 3), f"{escape(case_id)}<br>{escape(strip.organ)}")
        for place, strip in enumerate(strips)
        for case_id, ml, outlier, cut, offset in zip(
            strip.case_ids,
            strip.ml,
            strip.is_outlier,
            strip.is_cut,
            jitter(len(strip.ml)).tolist(),
            strict=True,
        )
        if belongs(outlier, cut)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [float(f"{ml:.5g}") for ml, _, _ in found],
        "y": [height for _, height, _ in found],
        "text": [said for _, _, said in found],
        "hovertemplate": "%{text}<br>%{x:.4~g} ml<extra></extra>",
        "marker": {"color": colour, "symbol": symbol, "size": 6, "opacity": 0.8},
    }


def _layout(strips: Sequence[Strip]) -> dict[str, Any]:
    return {
        "height": _FRAME + _ROW * max(len(strips), 4),
        "margin": {"l": 220, "r": 20, "t": 100, "b": 20},
        "hovermode": "closest",
        "legend": {"orientation": "h", "yref": "container", "y": 1, "yanchor": "top"},
        "xaxis": {
            "type": "log",
            "side": "top",  # of a plot that is longer than a screen
            "title": {"text": "Volume [ml]"},
            "gridcolor": "#e3e7ea",
        },
        "yaxis": {
            "range": [len(strips) - 0.4, -0.6],
            "tickvals": list(range(len(strips))),
            "ticktext": [escape(strip.organ) for strip in strips],
            "showgrid": False,
            "zeroline": False,
        },
    }
