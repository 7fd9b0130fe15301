"""DVHs of many cases gathered: cohort tables, a workbook, a population, and one HTML report."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from imaging.errors import DicomError, InputError
from imaging.files import whole_file
from imaging.rt.cases.calculate import CaseResult
from imaging.rt.cases.draw import PLANNING_SYSTEM, marks_of_case, overlays_of
from imaging.rt.cases.options import DvhCase, DvhOptions
from imaging.rt.cases.population import curves_of_parquet, plot_population, population_table
from imaging.rt.cases.store import StoredCase, load_case
from imaging.rt.cases.summaries import metrics_sheets
from imaging.rt.cases.tables import goals_table, metrics_table, write_table
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


def gather(
    results: Sequence[CaseResult], options: DvhOptions, folder: Path, title: str
) -> DvhSummary:
    """Gather the cases into cohort tables, pictures and one HTML report.

    Raises:
        InputError: No case has a result; the message holds the first reason.
    """
    failures = {r.case.case_id: r.failure for r in results if r.failure}
    if len(failures) == len(results):
        reason = next(iter(failures.values()), "there is no case to calculate")
        msg = f"no DVH could be calculated: {reason}"
        raise InputError(msg)
    done = [result for result in results if not result.failure]
    metrics, goals = _tables(done, options, folder, title)
    _gather_curves([result.folder for result in done], folder)
    spread = _population(folder, title)
    report = write_report(
        folder / "report.html",
        title=title,
        subtitle=_subtitle(results, failures),
        patients=[
            _patient(result, stored, options, folder)
            for result, stored in _stored(done[:_REPORT_CASES], options)
        ],
        metrics=options.metrics,
        settings=_settings(options),
    )
    return DvhSummary(folder, metrics, goals, report, spread, failures)


def _tables(
    done: Sequence[CaseResult], options: DvhOptions, folder: Path, title: str
) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Write the tables of metrics, of goals and of the planning system's DVHs, and the workbook."""
    metrics = metrics_table((stored.case for _, stored in _stored(done, options)), options.parsed)
    write_table(metrics, folder, "metrics")
    goals = None
    if options.goals is not None:
        goals = goals_table((stored.case for _, stored in _stored(done, options)), options.goals)
        write_table(goals, folder, "goals")
    compared = comparison_table(
        (stored.case.case_id, stored.case.dvhs, stored.planned)
        for _, stored in _stored(done, options)
    )
    write_table(compared, folder, "planned")
    sheets = metrics_sheets(metrics, goals)
    write_workbook(folder / "dvh.xlsx", {**sheets, "planning system": compared}, title=title)
    return metrics, goals


def _stored(
    results: Sequence[CaseResult], options: DvhOptions
) -> Iterator[tuple[CaseResult, StoredCase]]:
    """Read the cases back one at a time."""
    for result in results:
        stored = load_case(result.folder, options.alpha_beta_gy)
        if stored is None:
            raise DicomError(result.case.case_id, "its results vanished while they were gathered")
        yield result, stored


def _gather_curves(cases: Sequence[Path], folder: Path) -> None:
    """Append the curves of each case to the cohort's, one case in memory at a time."""
    schema = pq.read_schema(cases[0] / "curves.parquet")
    with (
        whole_file(folder / "curves.parquet") as parquet,
        whole_file(folder / "curves.csv") as csv,
        pq.ParquetWriter(parquet, schema) as writer,
        csv.open("wb") as text,
    ):
        for number, case in enumerate(cases):
            writer.write_table(
                pa.Table.from_pandas(pd.read_parquet(case / "curves.parquet"), schema)
            )
            lines = (case / "curves.csv").read_bytes().splitlines(keepends=True)
            text.writelines(lines[bool(number) :])


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
        notes=stored.notes,
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
