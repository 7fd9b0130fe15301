"""One HTML page about the DVHs of many patients, which needs nothing but itself."""

import base64
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from imaging.dicom import name_key
from imaging.files import write_whole
from imaging.rt.dvh import DVH
from imaging.rt.flags import Flag
from imaging.rt.metrics.context import PlanContext
from imaging.rt.metrics.goals import GoalResult
from imaging.rt.metrics.metric import Metric
from imaging.rt.pages.marks import GoalMark
from imaging.rt.pages.plot import Curve, plot_dvhs, png_data_uri, svg_text
from imaging.rt.pages.templates import templates_of

_PACKAGES = ("imaging-flows", "dicompyler-core", "pydicom", "numpy", "matplotlib")
_MAX_SVG_BYTES = 120_000
_DECIMALS = {"Gy": 2, "%": 1, "cc": 2, "": 3}
_NOTHING = "–"  # noqa: RUF001 - an en dash, which a reader sees in an empty cell


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ReportPatient:
    """What the report says about one patient.

    Attributes:
        case_id: A pseudonym; the page may leave the house.
        decision: ``PROCEED``, ``REVIEW`` or ``EXCLUDE``.
        codes: Why.
        dvhs: One per ROI; none when there is nothing to show.
        plan: What metrics need to know beside the DVHs.
        prescribed_by: Where the prescription is from, in words.
        notes: What was done to the dose, as sentences.
        colours: ``#rrggbb`` by ROI number.
        summary_roi: Name of the ROI that stands in the summary; None means the first with a curve.
        references: Values to compare with, by ROI name and then by the metric's name.
        overlays: Curves to compare with, by ROI name: doses in Gy, volumes in percent.
        overlay_label: What they are called.
        marks: Goals that are drawn.
        goals: How the goals are met.
        page: Relative address of the page to explore; "" when there is none.
    """

    case_id: str
    decision: str
    codes: tuple[str, ...] = ()
    dvhs: tuple[DVH, ...] = ()
    plan: PlanContext = field(default_factory=PlanContext)
    prescribed_by: str = ""
    notes: tuple[str, ...] = ()
    colours: Mapping[int, str] = field(default_factory=dict)
    summary_roi: str | None = None
    references: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    overlays: Mapping[str, Curve] = field(default_factory=dict)
    overlay_label: str = "closed form"
    marks: tuple[GoalMark, ...] = ()
    goals: tuple[GoalResult, ...] = ()
    page: str = ""


@dataclass(frozen=True, slots=True)
class _Cell:
    """One metric of one ROI as text; ``reference`` is empty when there is nothing to compare."""

    value: str
    reference: str
    flags: str


@dataclass(frozen=True, slots=True)
class _Row:
    """One ROI of one patient."""

    name: str
    flags: tuple[str, ...]
    cells: tuple[_Cell, ...]


@dataclass(frozen=True, slots=True)
class _Section:
    """One patient on the page."""

    patient: ReportPatient
    picture: str
    rows: tuple[_Row, ...]
    summary: _Row | None


def write_report(  # noqa: PLR0913 - the parts of a page, each by its name
    target: Path,
    *,
    title: str,
    subtitle: str,
    patients: Sequence[ReportPatient],
    metrics: Sequence[str],
    settings: Mapping[str, str],
) -> Path:
    """Write the report as one HTML file without links to anywhere, wholly or not at all.

    Args:
        target: Where the file goes.
        title: Heading of the page.
        subtitle: Line below it.
        patients: One section each, in this order.
        metrics: Columns, by their TG-263 names.
        settings: What the run was told, as names and values, for the end of the page.

    Returns:
        ``target``.

    Raises:
        InputError: A name is no metric.
    """
    parsed = [Metric.parse(text) for text in metrics]
    sections = [_section(patient, parsed) for patient in patients]
    page = (
        templates_of("imaging.rt")
        .get_template("report.html.j2")
        .render(
            title=title,
            subtitle=subtitle,
            sections=sections,
            metrics=[(metric.name.partition("[")[0], metric.unit) for metric in parsed],
            has_references=any(patient.references for patient in patients),
            flags=_flags_used(sections),
            settings=settings,
            versions=[f"Python {platform.python_version()}"]
            + [f"{package} {version(package)}" for package in _PACKAGES],
        )
    )
    return write_whole(target, page)


def _section(patient: ReportPatient, metrics: Sequence[Metric]) -> _Section:
    """Work out one patient's picture and rows."""
    references = {name_key(name): values for name, values in patient.references.items()}
    rows = tuple(
        _row(dvh, metrics, patient.plan, references.get(name_key(dvh.roi_name), {}))
        for dvh in patient.dvhs
    )
    chosen = _summary_index(patient)
    return _Section(patient, _picture(patient), rows, None if chosen is None else rows[chosen])


def _row(
    dvh: DVH,
    metrics: Sequence[Metric],
    plan: PlanContext,
    references: Mapping[str, float],
) -> _Row:
    """Work out one ROI's metrics, and what they are compared with."""
    expected = {Metric.parse(name): value for name, value in references.items()}
    cells = []
    for metric in metrics:
        result = metric.evaluate(dvh, plan)
        value = _text(result.value, result.unit)
        reference = _text(expected[metric], result.unit) if metric in expected else ""
        flags = [flag for flag in result.flags if flag not in dvh.flags]  # the row says those
        cells.append(_Cell(value, reference, " ".join(flags)))
    return _Row(dvh.roi_name, dvh.flags, tuple(cells))


def _summary_index(patient: ReportPatient) -> int | None:
    """Choose the ROI for the summary; None when there is none."""
    if patient.summary_roi is None:
        fitting = [not dvh.is_empty for dvh in patient.dvhs]
    else:
        wanted = name_key(patient.summary_roi)
        fitting = [name_key(dvh.roi_name) == wanted for dvh in patient.dvhs]
    return fitting.index(True) if any(fitting) else None


def _picture(patient: ReportPatient) -> str:
    """Draw the curves as a data URI, SVG when that is small; empty when there is no curve."""
    if all(dvh.is_empty for dvh in patient.dvhs):
        return ""
    figure = plot_dvhs(
        patient.dvhs,
        title=f"{patient.case_id}: cumulative DVH",
        colours=patient.colours,
        overlays=patient.overlays,
        overlay_label=patient.overlay_label,
        marks=patient.marks,
    )
    svg = svg_text(figure).encode()
    if len(svg) > _MAX_SVG_BYTES:
        return png_data_uri(figure, max_bytes=4 * _MAX_SVG_BYTES)
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()


def _text(value: float | None, unit: str) -> str:
    """Write a value with the digits that its unit deserves; small volumes get more."""
    if value is None:
        return _NOTHING
    decimals = _DECIMALS[unit] + (1 if unit == "cc" and value < 10 else 0)
    return f"{value:.{decimals}f}"


def _flags_used(sections: Sequence[_Section]) -> list[tuple[str, str]]:
    """List the flags on the page with their meanings; a flag of another room is left out."""
    rows = [row for section in sections for row in section.rows]
    used = {flag for row in rows for flag in row.flags}
    used |= {flag for row in rows for cell in row.cells for flag in cell.flags.split()}
    return [(flag.value, flag.meaning) for flag in Flag if flag in used]
