"""What a filter's run leaves to read: tables of labels and of files."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from imaging.errors import ImagingError
from imaging.files import whole_file
from imaging.segmentations.record import NO_LABEL_MAP, FilterResult

_KEPT = ["case_id", "file", "label", "name", "new_label", "new_name", "voxels", "ml"]
_FILES = ["case_id", "file", "outcome", "labels", "absent", "names_from", "reason"]
_LONGEST = 150  # characters of a cell, which keeps a table of 400 rows under 100 KB
_EMPTY = "empty: nothing that was asked for is there"
_NAMED = 5  # failures whose reasons an error repeats


class FilterFailedError(ImagingError):
    """Nothing could be filtered, or more than may fail."""


@dataclass(frozen=True, slots=True)
class FilterSummary:
    """The results of a run.

    Attributes:
        folder: Where the outputs are.
        title: What the run's results are called.
    """

    results: tuple[FilterResult, ...]
    folder: Path
    title: str

    @property
    def kept_table(self) -> Path:
        """A row for each label of each file that stayed; as CSV beside it."""
        return self.folder / "kept.parquet"

    @property
    def files_table(self) -> Path:
        """A row for each label map."""
        return self.folder / "files.csv"

    @property
    def written(self) -> list[FilterResult]:
        """Those of which there are outputs."""
        return [result for result in self.results if result.has_file and not result.failure]

    @property
    def failures(self) -> list[FilterResult]:
        """Those of which nothing could be written."""
        return [result for result in self.results if result.failure]

    @property
    def in_words(self) -> str:
        """Count the label maps by what became of them."""
        counts = Counter(result.outcome for result in self.results if result.has_file)
        without = len(self.results) - counts.total()
        said = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        said = f"{counts.total()} label maps: {said or 'none'}"
        return said + (f"; cases without one: {without}" if without else "")

    def write(self) -> Path:
        """Write the tables, and return that of labels."""
        kept = pd.DataFrame(self._kept(), columns=_KEPT).astype({"ml": float})
        files = pd.DataFrame([_file_row(result) for result in self.results], columns=_FILES)
        _write(self.kept_table, lambda part: kept.to_parquet(part, index=False))
        _write(self.kept_table.with_suffix(".csv"), lambda part: kept.to_csv(part, index=False))
        _write(self.files_table, lambda part: files.to_csv(part, index=False))
        return self.kept_table

    def rows(self, most: int) -> list[dict[str, Any]]:
        """Return what others may see: labels by case, and cases of which nothing is left."""
        return [row for result in self.results for row in _shown(result)][:most]

    def check(self, max_failed_percent: float) -> None:
        """Refuse a run of which nothing, or too little, succeeded.

        Raises:
            FilterFailedError: That is so; some reasons are named.
        """
        failures = self.failures
        total = len(failures) + len(self.written)
        failed = len(failures)
        if not total:
            msg = f"none of the {len(self.results)} cases has a label map"
            raise FilterFailedError(msg)
        if failed and (failed == total or 100 * failed > max_failed_percent * total):
            reasons = dict.fromkeys(result.failure for result in failures)
            msg = (
                f"{failed} of {total} label maps failed; {self.files_table} says which and why."
                f" {' | '.join(list(reasons)[:_NAMED])}"
            )
            raise FilterFailedError(msg)

    def _kept(self) -> list[dict[str, Any]]:
        return [
            {"case_id": result.file.case_id, "file": _place(result), **asdict(each)}
            for result in self.results
            for each in result.kept
        ]


def _shown(result: FilterResult) -> list[dict[str, Any]]:
    """Return a row a label; or one that says why there is none."""
    if not result.kept:
        nothing = result.failure[:_LONGEST]
        if not nothing:
            nothing = _EMPTY if result.has_file else NO_LABEL_MAP
        return [_row(result, label="", name=nothing, was="", voxels=0, ml=None)]
    return [
        _row(
            result,
            label=each.new_label,
            name=each.new_name[:_LONGEST],
            was=f"{each.label} {each.name}".strip()[:_LONGEST],
            voxels=each.voxels,
            ml=None if each.ml is None else round(each.ml, 2),
        )
        for each in result.kept
    ]


def _row(result: FilterResult, **cells: Any) -> dict[str, Any]:
    return {"case": result.file.case_id, **cells}


def _file_row(result: FilterResult) -> dict[str, Any]:
    return {
        "case_id": result.file.case_id,
        "file": _place(result),
        "outcome": result.outcome,
        "labels": len(result.kept),
        "absent": "; ".join(result.absent),
        "names_from": result.names_from,
        "reason": result.failure,
    }


def _place(result: FilterResult) -> str:
    return result.file.relative.as_posix()


def _write(path: Path, write: Callable[[Path], object]) -> None:
    with whole_file(path) as part:
        write(part)
