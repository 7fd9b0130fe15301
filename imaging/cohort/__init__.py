"""Cohorts: who belongs to one, why, and their files on disk."""

from imaging.cohort.codes import CODES, Code, Outcome, codes_as_markdown
from imaging.cohort.decide import Verdict, decide
from imaging.cohort.decision import Decision
from imaging.cohort.extract import (
    CohortFailedError,
    CohortSummary,
    Extraction,
    choose,
    decide_batch,
    publish,
)
from imaging.cohort.manifest import read_manifest
from imaging.cohort.notes import PatientNotes
from imaging.cohort.place import CohortBusyError, CohortFolder
from imaging.cohort.retrieve import in_groups, retrieve_group, retrieve_patient
from imaging.cohort.rules import CohortRules, PatientSelection

__all__ = [
    "CODES",
    "Code",
    "CohortBusyError",
    "CohortFailedError",
    "CohortFolder",
    "CohortRules",
    "CohortSummary",
    "Decision",
    "Extraction",
    "Outcome",
    "PatientNotes",
    "PatientSelection",
    "Verdict",
    "choose",
    "codes_as_markdown",
    "decide",
    "decide_batch",
    "in_groups",
    "publish",
    "read_manifest",
    "retrieve_group",
    "retrieve_patient",
]
