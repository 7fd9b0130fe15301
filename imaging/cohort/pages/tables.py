"""Tables that grow while patients are read: decisions and ROIs, as Parquet and CSV."""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from imaging.cohort.decision import Decision
from imaging.cohort.notes import PatientNotes
from imaging.cohort.pages.facts import CaseFacts, evidence_in_words, told
from imaging.files import whole_file

Add = Callable[[Sequence[dict[str, Any]]], None]

DECISIONS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("case_id", pa.string()),
        ("in_quarantine", pa.bool_()),
        ("stage", pa.string()),
        ("code", pa.string()),
        ("outcome", pa.string()),
        ("meaning", pa.string()),
        ("subject_uid", pa.string()),
        ("evidence", pa.string()),
    ]
)
ROIS = pa.schema(
    [
        ("patient_id", pa.string()),
        ("case_id", pa.string()),
        ("roi_number", pa.int64()),
        ("roi_name", pa.string()),
        ("interpreted_type", pa.string()),
        ("mask_file", pa.string()),
        ("voxels", pa.int64()),
        ("volume_cc", pa.float64()),
        ("flags", pa.string()),
        ("why_no_mask", pa.string()),
    ]
)
_BATCH = 20_000  # rows of a row group, and how many wait in memory


@contextmanager
def growing_table(target: Path, schema: pa.Schema, *, show_ids: bool) -> Iterator[Add]:
    """Give a function that adds rows to a Parquet file and the CSV beside it.

    Both are there when the block ends well, and otherwise neither is touched.

    Args:
        target: The Parquet file.
        schema: Its columns; what a row lacks is empty.
        show_ids: Keep the column ``patient_id``.
    """
    if not show_ids:
        schema = schema.remove(schema.get_field_index("patient_id"))
    waiting: list[dict[str, Any]] = []
    with (
        whole_file(target) as parquet,
        whole_file(target.with_suffix(".csv")) as text,
        pq.ParquetWriter(parquet, schema) as writer,
        text.open("w", encoding="utf-8", newline="") as lines,
    ):
        rows_of_csv = csv.DictWriter(
            lines, schema.names, extrasaction="ignore", lineterminator="\n"
        )
        rows_of_csv.writeheader()

        def flush() -> None:
            writer.write_table(pa.Table.from_pylist(waiting, schema))
            waiting.clear()

        def add(rows: Sequence[dict[str, Any]]) -> None:
            rows_of_csv.writerows(rows)
            waiting.extend(rows)
            if len(waiting) >= _BATCH:
                flush()

        yield add
        flush()


def decision_rows(notes: PatientNotes) -> list[dict[str, Any]]:
    """Return a row for each decision about a patient, their cases, and candidates put aside."""
    rows = [_decision_row(notes, notes.case_id, one, aside=False) for one in notes.judged]
    return rows + [
        _decision_row(notes, case.name, one, aside=case.aside)
        for case in notes.cases
        for one in case.decisions
    ]


def roi_rows(case: CaseFacts) -> list[dict[str, Any]]:
    """Return a row for each ROI of a case."""
    return [{"patient_id": case.patient_id, **row} for row in case.rois]


def _decision_row(
    notes: PatientNotes, name: str, decision: Decision, *, aside: bool
) -> dict[str, Any]:
    return {
        "patient_id": notes.patient_id,
        "case_id": name,
        "in_quarantine": aside,
        "stage": decision.stage,
        "code": decision.code,
        "outcome": decision.severity.value,
        "meaning": decision.meaning,
        "subject_uid": decision.subject_uid,
        "evidence": evidence_in_words(told(decision)),
    }
