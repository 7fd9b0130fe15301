"""The DVHs of one case as a page to explore: plotly in the browser, and no other host.

The page either holds the library (4.8 MB, opens anywhere by itself) or shares one copy of it with
the other pages of its cohort, and then weighs about 10 kB an ROI. Its Content-Security-Policy
forbids every load but its own scripts. It is plain JSON and a script, not a figure of plotly's
Python side, so that each view (cumulative or differential, % or cm³) needs no arrays of its own.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from imaging.files import write_whole
from imaging.rt.curves import Curve, round_width
from imaging.rt.dvh import DVH
from imaging.rt.pages.colours import GREY, Look, darkened, looks_of
from imaging.rt.pages.marks import MEANINGS, GoalMark
from imaging.rt.pages.templates import templates_of
from imaging.rt.thinning import thinned

_DASHES = ("solid", "dash", "dot", "dashdot")
_SYMBOLS = {">": "triangle-right", "<": "triangle-left", "^": "triangle-up", "v": "triangle-down"}
_BINS = 250  # of the differential curve
_DOSE_DECIMALS, _PERCENT_DECIMALS = 4, 4


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of the table below the curves."""

    name: str
    numeric: bool

    def text(self, row: Mapping[str, Any]) -> str:
        """Write this column's cell of a row."""
        value = row.get(self.name)
        if value is None or value != value:  # noqa: PLR0124 - NaN
            return ""
        return f"{value:.3f}" if isinstance(value, float) else str(value)


def write_interactive(  # noqa: PLR0913 - the parts of a page, each by its name
    target: Path,
    *,
    title: str,
    dvhs: Sequence[DVH],
    subtitle: str = "",
    colours: Mapping[int, str] | None = None,
    overlays: Mapping[str, Curve] | None = None,
    overlay_label: str = "planning system",
    overlay_volumes_cc: Mapping[str, float] | None = None,
    marks: Sequence[GoalMark] = (),
    rows: Sequence[Mapping[str, Any]] = (),
    shared: Path | None = None,
) -> Path:
    """Write an HTML page on which ROIs can be pointed at, switched off and enlarged.

    Args:
        target: Where the page goes.
        title: Its heading.
        dvhs: What is drawn; empty ones are left out.
        subtitle: Line below the heading.
        colours: ``#rrggbb`` by ROI number; pale ones are darkened.
        overlays: Curves to compare with, by ROI name: doses in Gy, volumes in percent.
        overlay_label: What they are called when pointed at.
        overlay_volumes_cc: What 100 % of an overlay is, by ROI name; without it, it is drawn in
            percent only.
        marks: Goals.
        rows: A table below the curves, one mapping a row, as ``wide_table`` makes them.
        shared: A folder, such as the cohort's, that keeps the library for all its pages; the page
            refers to it by a relative path. None puts the library into the page.

    Returns:
        ``target``.
    """
    content = _content(
        [dvh for dvh in dvhs if not dvh.is_empty],
        colours,
        marks,
        _Overlays(overlays or {}, overlay_label, overlay_volumes_cc or {}),
    )
    data = json.dumps(content, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":  # or a name could end the script element
        data = data.replace(sign, f"\\u{ord(sign):04x}")
    page = templates_of("imaging.rt").get_template("interactive.html.j2")
    library_path = None if shared is None else _relative(write_library(shared), target)
    text = page.render(
        title=title,
        subtitle=subtitle,
        rows=rows,
        columns=_columns(rows),
        data=data,
        nonce=hashlib.sha256(f"{title}{data}".encode()).hexdigest()[:32],
        library_path=library_path,
        library=_library() if library_path is None else "",
    )
    return write_whole(target, text)


def write_library(folder: Path) -> Path:
    """Put the installed plotly.js into a folder, once; its name tells its release."""
    target = folder / f"plotly-{version('plotly')}.min.js"
    return target if target.exists() else write_whole(target, _library())


@dataclass(frozen=True, slots=True, eq=False)
class _Overlays:
    """Curves to compare with, by ROI name."""

    curves: Mapping[str, Curve]
    label: str
    volumes_cc: Mapping[str, float]


def _content(
    dvhs: Sequence[DVH],
    colours: Mapping[int, str] | None,
    marks: Sequence[GoalMark],
    overlays: _Overlays,
) -> dict[str, Any]:
    """Collect what the page's script draws."""
    highest_gy = max((float(dvh.dose_gy[-1]) for dvh in dvhs), default=0.0) or 1.0
    bin_gy = round_width(highest_gy, _BINS)
    looks = looks_of(dvhs, colours)
    rois = [_roi(dvh, look, bin_gy) for dvh, look in zip(dvhs, looks, strict=True)]
    of_name = {dvh.roi_name: roi for dvh, roi in zip(dvhs, rois, strict=True)}
    return {
        "highest_gy": round(1.03 * highest_gy, _DOSE_DECIMALS),
        "rois": rois,
        "overlays": [_overlay(name, overlays, of_name.get(name)) for name in overlays.curves],
        "marks": [_mark(m, of_name[m.roi_name]) for m in marks if m.roi_name in of_name],
    }


def _roi(dvh: DVH, look: Look, bin_gy: float) -> dict[str, Any]:
    """Make one ROI's curves, cumulative and differential."""
    dose_gy, percent = thinned(*dvh.percent_curve)
    edges, cc = dvh.differential(bin_gy)
    return {
        "group": str(dvh.roi_number),
        "label": dvh.roi_name,
        "colour": look.colour,
        "dash": _DASHES[look.dash],
        "cc": dvh.whole_cc,
        "dose_gy": _rounded(np.append(dose_gy, dose_gy[-1]), _DOSE_DECIMALS),
        "percent": _rounded(np.append(percent, 0.0), _PERCENT_DECIMALS),
        "bins_gy": _rounded((edges[1:] + edges[:-1]) / 2, _DOSE_DECIMALS),
        "slope": _rounded(100 * cc / dvh.whole_cc / bin_gy, _PERCENT_DECIMALS),
    }


def _overlay(name: str, overlays: _Overlays, roi: Mapping[str, Any] | None) -> dict[str, Any]:
    """Make one curve to compare with, in a darker tone of its ROI."""
    dose_gy, percent = thinned(*overlays.curves[name])
    return {
        "group": f"overlay {name}" if roi is None else roi["group"],
        "label": f"{name}, {overlays.label}",
        "colour": darkened(GREY if roi is None else roi["colour"], by=0.55),
        "cc": overlays.volumes_cc.get(name),
        "dose_gy": _rounded(dose_gy, _DOSE_DECIMALS),
        "percent": _rounded(percent, _PERCENT_DECIMALS),
    }


def _mark(mark: GoalMark, roi: Mapping[str, Any]) -> dict[str, Any]:
    """Make one goal: filled when met, hollow when nearly, a cross when failed."""
    shape = _SYMBOLS[mark.shape]
    symbols = {"met": shape, "acceptable": f"{shape}-open", "failed": "x-thin"}
    return {
        "group": roi["group"],
        "label": roi["label"],
        "colour": roi["colour"],
        "cc": roi["cc"],
        "symbol": symbols.get(mark.outcome, "circle-open"),
        "dose_gy": mark.dose_gy,
        "percent": 0.0 if mark.on_dose_axis else mark.percent,
        "text": f"{mark.text}: {MEANINGS[mark.outcome]}".removeprefix(": "),
    }


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[_Column]:
    """List the columns of the rows; one is numeric when it holds nothing but numbers."""
    names = dict.fromkeys(name for row in rows for name in row)
    values = {name: [row.get(name) for row in rows] for name in names}
    known = {name: [v for v in values[name] if v is not None and v != ""] for name in names}
    return [
        _Column(name, bool(found) and all(isinstance(value, int | float) for value in found))
        for name, found in known.items()
    ]


def _rounded(values: NDArray[np.float64], decimals: int) -> list[float]:
    rounded: list[float] = np.round(values, decimals).tolist()
    return rounded


def _relative(library: Path, page: Path) -> str:
    path = os.path.relpath(library.resolve(), page.parent.resolve())
    return quote(Path(path).as_posix())


def _library() -> str:
    return (files("plotly") / "package_data" / "plotly.min.js").read_text(encoding="utf-8")
