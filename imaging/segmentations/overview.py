"""What a run over label maps leaves to read: tables, plots, and what others may see of them."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from imaging.errors import ImagingError
from imaging.files import whole_file
from imaging.rt.pages.rendering import png_data_uri, write_png
from imaging.segmentations.interactive import write_interactive
from imaging.segmentations.measured import MeasuredFile
from imaging.segmentations.outliers import LEAST_COMPARED, Judged, judge
from imaging.segmentations.plots import plot_volumes, strips_of
from imaging.segmentations.volumes import volumes_of

_SHOWN_ORGANS = 24  # in the small picture
_PICTURE_BYTES = 60_000
_NAMED = 5  # failures whose reasons an error repeats
_LONGEST = 150  # characters of a cell, which keeps a table of 400 rows under 100 KB
_FAILURES = 40  # lines of a page
_TABLES = ("volumes", "findings", "organs")
_PLOTS = ("volumes.png", "volumes.html")


class MeasuringFailedError(ImagingError):
    """No label map could be measured, or more failed than may."""


@dataclass(frozen=True, slots=True, eq=False)
class VolumeSummary:
    """The results of a run, in one folder.

    Attributes:
        folder: Holds ``volumes``, ``findings`` and ``organs`` (Parquet and CSV), ``failures.csv``,
            ``volumes.png`` and ``volumes.html``.
        title: What the results are called.
        results: One a label map.
        judged: The tables; None where no label map could be measured.
        picture: The plot as a data URI; empty where there is nothing to draw.
    """

    folder: Path
    title: str
    results: tuple[MeasuredFile, ...]
    judged: Judged | None = None
    picture: str = ""

    @property
    def volumes(self) -> Path:
        """The table of volumes."""
        return self.folder / "volumes.parquet"

    @property
    def failures(self) -> list[MeasuredFile]:
        """The label maps that could not be measured."""
        return [each for each in self.results if each.failure]

    @property
    def in_words(self) -> str:
        """Count what there is."""
        reused = sum(each.reused for each in self.results)
        there = sum(each.has_file for each in self.results)
        said = f"{there} label maps, {reused} unchanged, {len(self.failures)} failed"
        if there < len(self.results):
            said += f"; cases without one: {len(self.results) - there}"
        if self.judged is None:
            return said
        kinds = self.judged.findings["finding"].value_counts().sort_index()
        found = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "none"
        return f"{said}; {len(self.judged.organs)} organs; findings: {found}"

    def check(self, max_failed_percent: float) -> Path:
        """Return the table of volumes.

        Raises:
            MeasuringFailedError: Nothing, or too little, could be measured; some reasons are named.
        """
        failed, total = len(self.failures), sum(each.has_file for each in self.results)
        if not total:
            msg = f"none of the {len(self.results)} cases has a label map"
            raise MeasuringFailedError(msg)
        if self.judged is None or 100 * failed > max_failed_percent * total:
            reasons = list(dict.fromkeys(each.failure for each in self.failures))[:_NAMED]
            msg = f"{failed} of {total} label maps could not be measured: {' | '.join(reasons)}"
            raise MeasuringFailedError(msg)
        return self.volumes

    def rows(self, most: int) -> list[dict[str, Any]]:
        """Return what a table shows: outliers, failures, other findings, then organs; no NaN."""
        failures = [_row(each.case_id, "", "failed", {}, each.failure) for each in self.failures]
        if self.judged is None:
            return failures[:most]
        table = self.judged.findings
        is_outlier = table["finding"].isin(["large", "small"])
        outliers, others = (
            [_found(row) for row in part.to_dict("records")]
            for part in (table[is_outlier], table[~is_outlier])
        )
        organs = [_summed_up(row) for row in self.judged.organs.to_dict("records")]
        return [*outliers, *failures, *others, *organs][:most]

    def page(self) -> str:
        """Write Markdown under 100 KB: counts, the plot, failures, and where the rest is."""
        lines = [f"# Volumes of organs: {self.title}", "", f"{self.in_words}.", ""]
        if self.picture:
            lines += [f"![Volumes of organs over patients]({self.picture})", ""]
            lines += [f"All organs: `{self.folder / 'volumes.html'}`, `{self.volumes}`.", ""]
        if self.failures:
            failed = [f"- {each.case_id}: {each.failure[:_LONGEST]}" for each in self.failures]
            lines += ["## Failed", "", *failed[:_FAILURES]]
            more = len(failed) - _FAILURES
            lines += [f"- and {more} more"] if more > 0 else []
        without = [f"- {each.case_id}" for each in self.results if not each.has_file]
        if without:
            lines += ["", "## No label map", "", *without[:_FAILURES]]
            more = len(without) - _FAILURES
            lines += [f"- and {more} more"] if more > 0 else []
        return "\n".join(lines)


def summarise_volumes(
    results: Sequence[MeasuredFile],
    folder: Path,
    title: str,
    *,
    organs: Sequence[str] = (),
    threshold: float = 3.5,
) -> VolumeSummary:
    """Gather measured label maps into tables and plots.

    Args:
        results: One a label map.
        folder: Where they go.
        title: What they are called.
        organs: Ids, names, patterns and groups to tell of; empty for all.
        threshold: The modified z-score beyond which a volume is an outlier.

    Raises:
        InputError: No label map has an organ that was asked for.
        OSError: A file cannot be read or written.
    """
    measured = [each for each in results if each.is_measured]
    cohort = volumes_of(measured, organs) if measured else None
    failures = [(each.case_id, each.failure) for each in results if each.failure]
    _write_csv(pd.DataFrame(failures, columns=["case_id", "reason"]), folder / "failures.csv")
    if cohort is None or cohort.table.empty:
        _remove(folder, _PLOTS)
    if cohort is None:
        _remove(folder, (name + ending for name in _TABLES for ending in (".parquet", ".csv")))
        return VolumeSummary(folder, title, tuple(results))
    judged = judge(cohort, threshold)
    for name in _TABLES:
        table: pd.DataFrame = getattr(judged, name)
        with whole_file(folder / f"{name}.parquet") as part:
            table.to_parquet(part, index=False)
        _write_csv(table, folder / f"{name}.csv")
    picture = _draw(judged, folder, title, patients=len(cohort.units))
    return VolumeSummary(folder, title, tuple(results), judged, picture)


def _remove(folder: Path, names: Iterable[str]) -> None:
    """Remove what an earlier run found, and what is true no more."""
    for name in names:
        (folder / name).unlink(missing_ok=True)


def _draw(judged: Judged, folder: Path, title: str, *, patients: int) -> str:
    """Write the plots, and return a small one of the organs that matter most."""
    if judged.organs.empty:
        return ""
    subtitle = f"{patients} label maps, {len(judged.organs)} organs."
    if patients < LEAST_COMPARED:
        subtitle += f" Outliers are only looked for among {LEAST_COMPARED} or more."
    write_png(plot_volumes(strips_of(judged), title, subtitle), folder / "volumes.png")
    strips = strips_of(judged)
    write_interactive(folder / "volumes.html", strips, title=title, subtitle=subtitle)
    few = strips_of(judged, _SHOWN_ORGANS)
    said = f"{subtitle} Shown: {len(few)}, those with outliers first."
    return png_data_uri(plot_volumes(few, title, said), _PICTURE_BYTES)


def _found(row: dict[Hashable, Any]) -> dict[str, Any]:
    said = f"compared with {row['compared']}"
    return _row(row["case_id"], row["organ"], row["finding"], row, said)


def _summed_up(row: dict[Hashable, Any]) -> dict[str, Any]:
    said = f"{row['cases']} label maps, {row['cut']} cut by the image"
    return _row("", row["organ"], "all", {"typical_ml": row["median_ml"]}, said)


def _row(
    case_id: str, organ: str, finding: str, values: Mapping[Any, float], said: str
) -> dict[str, Any]:
    cells = {name: values.get(name, math.nan) for name in ("ml", "typical_ml", "ratio", "z")}
    return {
        "case": case_id,
        "organ": organ[:_LONGEST],
        "finding": finding,
        **{name: float(f"{x:.4g}") if math.isfinite(x) else None for name, x in cells.items()},
        "remark": said[:_LONGEST],
    }


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    with whole_file(path) as part:
        table.to_csv(part, index=False, float_format="%.7g", lineterminator="\n")
