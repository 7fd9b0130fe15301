"""DVHs of many cases gathered: cohort tables, a workbook, a population, and one HTML report."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from imaging.errors import InputError
from imaging.files import whole_file
from imaging.rt.cases.calculate import CaseResult
from imaging.rt.cases.draw import PLANNING_SYSTEM, marks_of_case, overlays_of, remarks_of
from imaging.rt.cases.options import DvhCase, DvhOptions
from imaging.rt.cases.population import curves_of_parquet, plot_population, population_table
from imaging.rt.cases.store import StoredCase, fingerprints, load_case, write_trace
from imaging.rt.cases.summaries import metrics_sheets
from imaging.rt.cases.tables import (
    curves_table,
    goals_table,
    metrics_table,
    remove_table,
    write_table,
)
from imaging.rt.cases.workbook import write_workbook
from imaging.rt.pages.plot import png_data_uri, write_png
from imaging.rt.pages.report import ReportPatient, write_report
from imaging.rt.planned.comparison import comparison_table

_SPREAD_BYTES = 90_000
_REPORT_CASES = 100  # a page with more pictures than this opens in no browser


@dataclass(frozen=True, slots=True)
class DvhSummary:
    """What a run leaves behind, in one folder.

    Attributes:
        folder: Holds `metrics`, `goals` and `planned` (Parquet and CSV), `curves`, `dvh.xlsx`,
            `population` (Parquet, CSV and PNG) and `report.html`.
        metrics: Tidy table: case, course, ROI, metric, value, unit, flags, method.
        goals: How every case meets every goal; None when no goals were given.
        report: The HTML page.
        spread: Picture of the population as a data URI.
        failures: Reason by case id.
    """

    folder: Path
    metrics: pd.DataFrame
    goals: pd.DataFrame | None
    report: Path
    spread: str
    failures: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What one case adds to the cohort's tables and report; it has no patient beyond the first."""

    metrics: pd.DataFrame
    goals: pd.DataFrame | None
    compared: pd.DataFrame
    patient: ReportPatient | None


def gather(
    results: Sequence[CaseResult], options: DvhOptions, folder: Path, title: str
) -> DvhSummary:
    """Gather the cases into cohort tables, pictures and one HTML report.

    A case that cannot be read back, or that another run has replaced, is one of the failures.

    Raises:
        InputError: No case has a result; the message holds the first reason.
    """
    failures: dict[str, str] = {}
    parts = _parts(results, options, folder, failures)
    metrics, goals = _tables(parts, folder, title)
    spread = _population(folder, title)
    report = write_report(
        folder / "report.html",
        title=title,
        subtitle=_subtitle(results, failures),
        patients=[part.patient for part in parts if part.patient is not None],
        metrics=options.metrics,
        settings=_settings(options),
    )
    return DvhSummary(folder, metrics, goals, report, spread, failures)


def _parts(
    results: Sequence[CaseResult], options: DvhOptions, folder: Path, failures: dict[str, str]
) -> list[_Part]:
    """Read the cases back one at a time, and append their curves to the cohort's.

    Raises:
        InputError: There is none.
    """
    parts: list[_Part] = []
    schema = pa.Schema.from_pandas(curves_table([]), preserve_index=False)
    with (
        whole_file(folder / "curves.parquet") as parquet,
        whole_file(folder / "curves.csv") as csv,
        pq.ParquetWriter(parquet, schema) as writer,
        csv.open("wb") as text,
    ):
        for result in results:
            try:
                stored, lines = _read_back(result, options)
                shown = folder if len(parts) < _REPORT_CASES else None
                part = _part(result, stored, options, shown)
                curves = pa.Table.from_pandas(curves_table([stored.case]), schema)
            except Exception as error:  # noqa: BLE001 - the case's boundary: the others go on
                failures[result.case.case_id] = _reason(error, result.folder)
                continue
            writer.write_table(curves)
            text.writelines(lines[bool(parts) :])
            parts.append(part)
        if not parts:
            reason = next(iter(failures.values()), "there is no case to calculate")
            msg = f"no DVH could be calculated: {reason}"
            raise InputError(msg)
    return parts


def _read_back(result: CaseResult, options: DvhOptions) -> tuple[StoredCase, list[bytes]]:
    """Read one case and the lines of its curves.

    Raises:
        InputError: It has no result, or it is not that of this run.
    """
    if result.failure:
        raise InputError(result.failure)
    stored = load_case(result.folder, options.alpha_beta_gy)
    if stored is None:
        msg = "its results vanished while they were gathered, or cannot be read"
        raise InputError(msg)
    lines = (result.folder / "curves.csv").read_bytes().splitlines(keepends=True)
    # Asked last: who replaces a case removes its fingerprints first.
    expected = result.key, result.shown
    if not (stored.key, stored.shown) == fingerprints(result.folder) == expected:
        msg = "another run with other options or files has replaced its results meanwhile"
        raise InputError(msg)
    return stored, lines


def _reason(error: Exception, folder: Path) -> str:
    """Say why a case cannot be gathered, and leave the trace of what is unforeseen beside it."""
    if isinstance(error, InputError):
        return str(error)
    return f"its results cannot be gathered ({type(error).__name__}, see {write_trace(folder)})"


def _part(result: CaseResult, stored: StoredCase, options: DvhOptions, shown: Path | None) -> _Part:
    """Make one case's share of the tables; with a folder, of the report in it too."""
    case = stored.case
    return _Part(
        metrics_table([case], options.parsed),
        None if options.goals is None else goals_table([case], options.goals),
        comparison_table([(case.case_id, case.dvhs, stored.planned)]),
        None if shown is None else _patient(result, stored, options, shown),
    )


def _tables(
    parts: Sequence[_Part], folder: Path, title: str
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Write the tables of metrics, of goals and of the planning system's DVHs, and the workbook."""
    metrics = pd.concat([part.metrics for part in parts], ignore_index=True)
    write_table(metrics, folder, "metrics")
    of_goals = [part.goals for part in parts if part.goals is not None]
    goals = pd.concat(of_goals, ignore_index=True) if of_goals else None
    if goals is None:
        remove_table(folder, "goals")
    else:
        write_table(goals, folder, "goals")
    compared = pd.concat([part.compared for part in parts], ignore_index=True)
    write_table(compared, folder, "planned")
    sheets = metrics_sheets(metrics, goals)
    write_workbook(folder / "dvh.xlsx", {**sheets, "planning system": compared}, title=title)
    return metrics, goals


def _population(folder: Path, title: str) -> str:
    """Write how the curves of each structure spread over the cohort, and return the picture."""
    table = population_table(curves_of_parquet(folder / "curves.parquet"))
    write_table(table, folder, "population")
    figure = plot_population(table, title=title)
    write_png(figure, folder / "population.png")
    return png_data_uri(figure, _SPREAD_BYTES)


def _patient(
    result: CaseResult, stored: StoredCase, options: DvhOptions, folder: Path
) -> ReportPatient:
    case: DvhCase = result.case
    return ReportPatient(
        case_id=case.case_id,
        decision=case.decision,
        codes=case.codes,
        dvhs=stored.case.dvhs,
        plan=stored.case.plan,
        prescribed_by=stored.prescribed_by,
        notes=remarks_of(stored),
        colours=stored.colours,
        overlays=overlays_of(stored),
        overlay_label=PLANNING_SYSTEM,
        marks=tuple(marks_of_case(stored, options)),
        goals=() if options.goals is None else tuple(stored.case.score(options.goals)),
        page=str((result.folder / "dvh.html").relative_to(folder)),
    )


def _settings(options: DvhOptions) -> dict[str, str]:
    """Say what the run was told, for the end of the report."""
    said = {"method": options.method.text, "ROIs": ", ".join(options.rois) or "all"}
    if options.goals is not None:
        cited = [options.goals.citation, options.goals.doi and f"doi {options.goals.doi}"]
        said["goals"] = ". ".join(part for part in (options.goals.title, *cited) if part)
    if options.alpha_beta_gy:
        given = options.alpha_beta_gy.items()
        said["alpha/beta"] = ", ".join(f"{name} {value:g} Gy" for name, value in given)
    return said


def _subtitle(results: Sequence[CaseResult], failures: dict[str, str]) -> str:
    done = len(results) - len(failures)
    shown = f"; the first {_REPORT_CASES} are shown" if done > _REPORT_CASES else ""
    return f"{done} case{'' if done == 1 else 's'}{shown}" + (
        f", {len(failures)} without a result" if failures else ""
    )
