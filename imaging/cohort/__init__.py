"""Cohorts: who belongs to one, why, and their files on disk."""

from imaging.cohort.codes import CODES, Code, Outcome, codes_as_markdown
from imaging.cohort.decide import Verdict, decide
from imaging.cohort.decision import Decision
from imaging.cohort.extract import Extraction, choose, decide_batch
from imaging.cohort.manifest import read_manifest
from imaging.cohort.notes import CaseNotes, PatientNotes
from imaging.cohort.pages import CohortReport, sheets_as_markdown, write_report
from imaging.cohort.place import CohortBusyError, CohortFolder
from imaging.cohort.prepare import prepare_group, prepare_patient
from imaging.cohort.publish import CohortFailedError, CohortSummary, publish
from imaging.cohort.quarantine import (
    Candidate,
    candidates_as_markdown,
    candidates_of,
    resolve,
    waiting,
)
from imaging.cohort.retrieve import in_groups, retrieve_group, retrieve_patient
from imaging.cohort.selection import PatientSelection
from imaging.cohort.specification import (
    CohortSpecification,
    DoseRules,
    ImageRules,
    Outputs,
    SliceBounds,
)
from imaging.cohort.specification_file import read_specification, write_specification

__all__ = [
    "CODES",
    "Candidate",
    "CaseNotes",
    "Code",
    "CohortBusyError",
    "CohortFailedError",
    "CohortFolder",
    "CohortReport",
    "CohortSpecification",
    "CohortSummary",
    "Decision",
    "DoseRules",
    "Extraction",
    "ImageRules",
    "Outcome",
    "Outputs",
    "PatientNotes",
    "PatientSelection",
    "SliceBounds",
    "Verdict",
    "candidates_as_markdown",
    "candidates_of",
    "choose",
    "codes_as_markdown",
    "decide",
    "decide_batch",
    "in_groups",
    "prepare_group",
    "prepare_patient",
    "publish",
    "read_manifest",
    "read_specification",
    "resolve",
    "retrieve_group",
    "retrieve_patient",
    "sheets_as_markdown",
    "waiting",
    "write_report",
    "write_specification",
]
