"""Everything that a person gets of a cohort, made from its folder alone: it can be made again."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from imaging.cohort.manifest import read_manifest
from imaging.cohort.notes import PatientNotes
from imaging.cohort.pages.facts import candidates_of, cases_of, current_metrics, read_patients
from imaging.cohort.pages.flow import Tally
from imaging.cohort.pages.methods import DvhFacts, as_markdown, methods_paragraph
from imaging.cohort.pages.page import PageFacts, PageRows, write_page
from imaging.cohort.pages.tables import (
    DECISIONS,
    ROIS,
    Add,
    decision_rows,
    growing_table,
    roi_rows,
)
from imaging.cohort.pages.workbook import write_cohort_workbook
from imaging.cohort.place import CohortFolder
from imaging.cohort.specification import CohortSpecification
from imaging.files import write_whole


@dataclass(frozen=True, slots=True)
class CohortReport:
    """What was written into the cohort's folder.

    Attributes:
        page: The HTML page.
        workbook: The same as tables, in Excel's format.
        decisions: A row a decision, as Parquet; a CSV lies beside it.
        rois: A row an ROI; likewise.
        methods: The methods paragraph as Markdown.
        paragraph: The same as text.
    """

    page: Path
    workbook: Path
    decisions: Path
    rois: Path
    methods: Path
    paragraph: str


def write_report(
    cohort: CohortFolder,
    specification: CohortSpecification,
    *,
    archive: str = "",
    show_ids: bool = False,
) -> CohortReport:
    """Write `report.html`, `cohort.xlsx`, `methods.md`, `decisions` and `rois` (Parquet and CSV).

    It rests on the manifest, the notes and what lies in the folders of the cases; DVHs are in it if
    they were calculated before. Notes are read one patient at a time.

    Args:
        cohort: A cohort that was published.
        specification: What it was made by.
        archive: What was looked through, in words, such as "an Orthanc server".
        show_ids: Show PatientIDs and the dates of studies, as the archive is pseudonymous already.

    Raises:
        InputError: There is no manifest, or notes of its patients cannot be read.
    """
    manifest = read_manifest(cohort.manifest)
    read = _Read(PageRows(show_ids))
    decisions, rois = cohort.root / "decisions.parquet", cohort.root / "rois.parquet"
    with (
        growing_table(decisions, DECISIONS, show_ids=show_ids) as add_decisions,
        growing_table(rois, ROIS, show_ids=show_ids) as add_rois,
    ):
        for notes in read_patients(cohort, manifest):
            read.add(notes, cohort, add_rois)
            add_decisions(decision_rows(notes))
    dvhs = DvhFacts.of(current_metrics(cohort))
    paragraph = methods_paragraph(read.tally, specification, dvhs, archive)
    methods = write_whole(cohort.root / "methods.md", as_markdown(paragraph))
    table = manifest.assign(reason=manifest["case_id"].map(read.reasons))
    workbook = write_cohort_workbook(
        cohort, table, read.candidates, specification, show_ids=show_ids
    )
    facts = PageFacts(read.tally, specification, _runs(manifest), paragraph)
    page = write_page(cohort, read.rows, facts)  # last: it links to the others
    return CohortReport(page, workbook, decisions, rois, methods, paragraph)


@dataclass(slots=True)
class _Read:
    """What is kept of the patients while their notes are read.

    Attributes:
        reasons: By case id, as they may be told.
        candidates: Rows of the table of candidates.
    """

    rows: PageRows
    tally: Tally = field(default_factory=Tally)
    reasons: dict[str, str] = field(default_factory=dict)
    candidates: list[dict[str, Any]] = field(default_factory=list)

    def add(self, notes: PatientNotes, cohort: CohortFolder, add_rois: Add) -> None:
        """Add one patient."""
        self.tally.patients += 1
        for case in cases_of(notes, cohort):
            self.tally.add(case.outcome, case.decisions)
            self.rows.add_case(case)
            self.reasons[case.name] = case.reason
            add_rois(roi_rows(case))
        for candidate in candidates_of(notes, cohort):
            self.rows.add_candidate(candidate)
            self.candidates.append(candidate.row)


def _runs(manifest: pd.DataFrame) -> tuple[str, ...]:
    if "run_id" not in manifest.columns:
        return ()
    return tuple(sorted(set(manifest["run_id"])))
