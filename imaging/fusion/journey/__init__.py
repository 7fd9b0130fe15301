"""The journey of one fusion: prepared, submitted once, waited for, collected."""

from imaging.fusion.case import FusionCase, case_of, read_cases
from imaging.fusion.connection import VendorConnection
from imaging.fusion.job import Job, JobDraft, JobState
from imaging.fusion.journey.collected import Collected, CollectedGroup
from imaging.fusion.journey.collecting import collect
from imaging.fusion.journey.preparing import Prepared, prepare
from imaging.fusion.journey.rehearsing import Rehearsal, rehearse
from imaging.fusion.journey.resolving import adopt_run, ask_once_more, find_job, give_up, release
from imaging.fusion.journey.rounds import LookedAfter, Rounds, look_after
from imaging.fusion.journey.submitting import submit
from imaging.fusion.journey.waiting import poll, wait_inline
from imaging.fusion.journey.watching import Progress
from imaging.fusion.journey.words import job_as_markdown, meaning_of, told_of, undecided_rows
from imaging.fusion.ledger import Ledger
from imaging.fusion.place import FusionFolder
from imaging.fusion.specification import FusionSpecification
from imaging.fusion.vendor import FusionClient

__all__ = [
    "Collected",
    "CollectedGroup",
    "FusionCase",
    "FusionClient",
    "FusionFolder",
    "FusionSpecification",
    "Job",
    "JobDraft",
    "JobState",
    "Ledger",
    "LookedAfter",
    "Prepared",
    "Progress",
    "Rehearsal",
    "Rounds",
    "VendorConnection",
    "adopt_run",
    "ask_once_more",
    "case_of",
    "collect",
    "find_job",
    "give_up",
    "job_as_markdown",
    "look_after",
    "meaning_of",
    "poll",
    "prepare",
    "read_cases",
    "rehearse",
    "release",
    "submit",
    "told_of",
    "undecided_rows",
    "wait_inline",
]
