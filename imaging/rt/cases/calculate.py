"""DVHs of many cases: each calculated once and kept, then gathered into tables and a report."""

import hashlib
import json
import logging
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from imaging.errors import DicomError, InputError
from imaging.files import whole_file, write_whole
from imaging.rt.cases.store import StoredCase, clear_case, load_case, store_case
from imaging.rt.cases.tables import CaseDVHs, metrics_table, write_table
from imaging.rt.compute import dvhs_of_files
from imaging.rt.files.objects import prescription_gy, roi_colours
from imaging.rt.method import EngineName
from imaging.rt.metrics.metric import Metric
from imaging.rt.pages.plot import plot_dvhs, write_png
from imaging.rt.pages.report import ReportPatient, write_report

log = logging.getLogger(__name__)

DEFAULT_METRICS = ("D95%[Gy]", "D50%[Gy]", "D2%[Gy]", "Dmean[Gy]", "V20Gy[%]", "Volume[cc]")
_REPORT_CASES = 100  # a page with more pictures than this opens in no browser


@dataclass(frozen=True, slots=True)
class DvhCase:
    """The files of one case.

    Attributes:
        case_id: A pseudonym, also the name of the folder its results go to.
        decision: Outcome and codes of the cohort, for the report.
    """

    case_id: str
    rtstruct: Path
    rtdose: Path
    rtplan: Path | None = None
    decision: str = ""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DvhOptions:
    """What to calculate.

    Attributes:
        rois: Names or patterns of ROIs; () means all.
        metrics: TG-263 names, checked here.
        engine: What calculates.

    Raises:
        InputError: A metric's name follows no grammar.
    """

    rois: tuple[str, ...] = ()
    metrics: tuple[str, ...] = DEFAULT_METRICS
    engine: EngineName = "dicompyler"

    def __post_init__(self) -> None:
        """Refuse a wrong metric before anything is calculated."""
        for name in self.metrics:
            Metric.parse(name)

    @property
    def parsed(self) -> list[Metric]:
        """The metrics, each once and in order."""
        return [Metric.parse(name) for name in dict.fromkeys(self.metrics)]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case went.

    Attributes:
        folder: Holds `case.json`, `metrics`, `curves` and `dvh.png`.
        reused: Whether files and options were those of the last time, so nothing was calculated.
        failure: Why there is no result; "" where there is one.
    """

    case: DvhCase
    folder: Path
    reused: bool = False
    failure: str = ""


def calculate_case(case: DvhCase, options: DvhOptions, folder: Path) -> CaseResult:
    """Calculate one case into `<folder>/cases/<case id>`, unless that is there and unchanged.

    What is wrong with the case's files or ROIs is its own failure, and returned as such.
    """
    target = folder / "cases" / case.case_id
    try:
        key = _key(case, options)
        stored = load_case(target)
        reused = stored is not None and stored.key == key and (target / "dvh.png").exists()
        if not reused:
            clear_case(target)
            stored = _calculate(case, options, key)
            _draw(stored, target)
            store_case(target, stored)
    except (InputError, OSError) as error:
        log.warning("%s: no DVHs: %s", case.case_id, error)
        return CaseResult(case, target, failure=str(error))
    except Exception as error:  # noqa: BLE001 - the case's boundary: recorded, the others go on
        # Beside the data, not in the log: a library's message may quote a patient's name.
        trace = write_whole(target / "error.txt", traceback.format_exc())
        log.warning("%s: no DVHs: %s, see %s", case.case_id, type(error).__name__, trace)
        return CaseResult(case, target, failure=f"unforeseen {type(error).__name__}, see {trace}")
    return CaseResult(case, target, reused=reused)


def _key(case: DvhCase, options: DvhOptions) -> str:
    """Fingerprint everything that the result depends on, but for the metrics: those are cheap."""
    files = [path for path in (case.rtstruct, case.rtdose, case.rtplan) if path is not None]
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    versions = [version("imaging-flows"), version("dicompyler-core")]
    said = json.dumps([stats, options.rois, options.engine, versions])
    return hashlib.sha256(said.encode()).hexdigest()


def _calculate(case: DvhCase, options: DvhOptions, key: str) -> StoredCase:
    dvhs = dvhs_of_files(
        case.rtstruct,
        case.rtdose,
        rtplan=case.rtplan,
        rois=options.rois or None,
        engine=options.engine,
    )
    prescribed = None if case.rtplan is None else prescription_gy(case.rtplan)
    result = CaseDVHs(case.case_id, tuple(dvhs), prescribed)
    return StoredCase(key, result, roi_colours(case.rtstruct))


def _draw(stored: StoredCase, folder: Path) -> None:
    figure = plot_dvhs(stored.case.dvhs, title=stored.case.case_id, colours=stored.colours)
    write_png(figure, folder / "dvh.png")


@dataclass(frozen=True, slots=True)
class DvhSummary:
    """What a run leaves behind: `metrics` and `curves` (Parquet and CSV), `report.html`, pictures.

    Attributes:
        metrics: Tidy table: case, ROI, metric, value, unit, flags.
        report: The HTML page.
        failures: Reason by case id.
    """

    folder: Path
    metrics: pd.DataFrame
    report: Path
    failures: dict[str, str] = field(default_factory=dict)


def gather(
    results: Sequence[CaseResult], options: DvhOptions, folder: Path, title: str
) -> DvhSummary:
    """Gather the cases into cohort tables and one HTML report.

    Raises:
        InputError: No case has a result; the message holds the first reason.
    """
    failures = {r.case.case_id: r.failure for r in results if r.failure}
    if len(failures) == len(results):
        reason = next(iter(failures.values()), "there is no case to calculate")
        msg = f"no DVH could be calculated: {reason}"
        raise InputError(msg)
    done = [result for result in results if not result.failure]
    table = metrics_table((stored.case for _, stored in _stored(done)), options.parsed)
    write_table(table, folder, "metrics")
    _gather_curves([result.folder for result in done], folder)
    report = write_report(
        folder / "report.html",
        title=title,
        subtitle=_subtitle(results, failures),
        patients=[_patient(case, stored) for case, stored in _stored(done[:_REPORT_CASES])],
        metrics=options.metrics,
        settings={"engine": options.engine, "ROIs": ", ".join(options.rois) or "all"},
    )
    return DvhSummary(folder, table, report, failures)


def _stored(results: Sequence[CaseResult]) -> Iterator[tuple[DvhCase, StoredCase]]:
    """Read the cases back one at a time."""
    for result in results:
        stored = load_case(result.folder)
        if stored is None:
            raise DicomError(result.case.case_id, "its results vanished while they were gathered")
        yield result.case, stored


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


def _patient(case: DvhCase, stored: StoredCase) -> ReportPatient:
    return ReportPatient(
        case_id=case.case_id,
        decision=case.decision,
        codes=case.codes,
        dvhs=stored.case.dvhs,
        prescription_gy=stored.case.prescription_gy,
        colours=stored.colours,
    )


def _subtitle(results: Sequence[CaseResult], failures: dict[str, str]) -> str:
    done = len(results) - len(failures)
    shown = f"; the first {_REPORT_CASES} are shown" if done > _REPORT_CASES else ""
    return f"{done} cases{shown}" + (f", {len(failures)} without a result" if failures else "")
