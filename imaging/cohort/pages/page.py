"""The report as one HTML page that works from a file: rows as JSON, rendered as they are looked at.

Ten thousand patients are a page of 2 MB. Pictures, notes and DVHs are not in it: the page refers to
them by relative addresses, and loads pictures when they come into view.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imaging.cohort.codes import CODES, Code, Outcome
from imaging.cohort.pages.facts import CandidateFacts, CaseFacts
from imaging.cohort.pages.flow import STEPS, Tally, draw
from imaging.cohort.pages.provenance import settings_rows, versions
from imaging.cohort.pages.words import counted
from imaging.cohort.place import CohortFolder
from imaging.cohort.specification import CohortSpecification
from imaging.files import write_whole
from imaging.rt.pages.templates import templates_of

_OUTCOMES = [outcome.value for outcome in Outcome]
_STAGES = ("I", "II", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XXIV")
_FILES = (
    ("cohort.xlsx", "everything as a workbook"),
    ("decisions.csv", "a row a decision"),
    ("rois.csv", "a row an ROI"),
    ("methods.md", "the methods paragraph"),
    ("specification.yaml", "the settings, to be used again"),
)
_NAMING_FILES = (
    ("manifest.csv", "a row a case"),
    ("quarantine.csv", "a row a candidate in quarantine"),
)


@dataclass(slots=True)
class PageRows:
    """The rows of the page, packed: a text that comes often is kept once, and referred to.

    Attributes:
        show_ids: Whether rows hold the PatientID.
        cases: Rows of the table of patients; `cohort.js` knows the columns.
        candidates: Rows of the table of candidates in quarantine.
    """

    show_ids: bool
    cases: list[list[Any]] = field(default_factory=list)
    candidates: list[list[Any]] = field(default_factory=list)
    _codes: dict[str, int] = field(default_factory=dict)
    _reasons: dict[str, int] = field(default_factory=dict)

    def add_case(self, case: CaseFacts) -> None:
        """Add a row to the table of patients."""
        row = [
            case.name,
            "" if case.notes == case.name else case.notes,
            case.course,
            _OUTCOMES.index(case.outcome),
            _place_in(self._reasons, case.reason),
            [_place_in(self._codes, code) for code in case.codes],
            case.slices,
            len(case.rois),
            case.doses,
            int(case.has_picture),
            int(case.dvh_page),
        ]
        self.cases.append([*row, case.patient_id] if self.show_ids else row)

    def add_candidate(self, candidate: CandidateFacts) -> None:
        """Add a row to the table of candidates."""
        row = [
            candidate.case_id,
            candidate.number,
            _OUTCOMES.index(candidate.outcome),
            _place_in(self._reasons, candidate.reason),
            candidate.description,
            candidate.days,
            candidate.folder,
            candidate.slices,
            candidate.rois,
            int(candidate.has_picture),
            int(candidate.is_waiting),
        ]
        date = candidate.row["study_date"]
        self.candidates.append([*row, date] if self.show_ids else row)

    def as_json(self) -> str:
        """Return everything for a script element: no sign in it can end the element."""
        content = {
            "showIds": self.show_ids,
            "outcomes": _OUTCOMES,
            "codes": [[code, CODES[code].severity, CODES[code].meaning] for code in self._codes],
            "reasons": list(self._reasons),
            "cases": self.cases,
            "candidates": self.candidates,
        }
        text = json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        for sign in "<>&\u2028\u2029":
            text = text.replace(sign, f"\\u{ord(sign):04x}")
        return text


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What the page says beside its rows.

    Attributes:
        runs: The runs that the notes are of; mostly one.
        paragraph: The methods paragraph.
    """

    tally: Tally
    specification: CohortSpecification
    runs: tuple[str, ...]
    paragraph: str


def write_page(cohort: CohortFolder, rows: PageRows, facts: PageFacts) -> Path:
    """Write `report.html` into the cohort's folder, wholly or not at all."""
    data = rows.as_json()
    tally = facts.tally
    page = (
        templates_of("imaging.cohort")
        .get_template("cohort.html.j2")
        .render(
            name=cohort.name,
            subtitle=_subtitle(cohort, facts),
            outcomes=[(outcome, tally.count(outcome)) for outcome in Outcome],
            tally=tally,
            candidates=len(rows.candidates),
            show_ids=rows.show_ids,
            steps=STEPS,
            diagram=draw(tally),
            codes=_codes_given(tally),
            files=_there(cohort.root, (*_FILES, *_NAMING_FILES)),
            naming_files=[name for name, _ in _NAMING_FILES],
            dvhs=_there(cohort.root / "dvh", (("report.html", ""), ("population.png", ""))),
            paragraph=facts.paragraph,
            settings=settings_rows(facts.specification),
            versions=versions(),
            data=data,
            nonce=hashlib.sha256(f"{cohort.name}{data}".encode()).hexdigest()[:32],
        )
    )
    return write_whole(cohort.root / "report.html", page)


def _subtitle(cohort: CohortFolder, facts: PageFacts) -> str:
    """Say how many, when and by which run."""
    tally = facts.tally
    said = [counted(tally.patients, "patient")]
    if tally.cases != tally.patients:
        said.append(counted(tally.cases, "case"))
    when = datetime.fromtimestamp(cohort.manifest.stat().st_mtime, UTC)
    said.append(f"extracted {when:%Y-%m-%d %H:%M} UTC")
    runs = f"run {facts.runs[0]}" if len(facts.runs) == 1 else counted(len(facts.runs), "run")
    return " · ".join([*said, runs])


def _codes_given(tally: Tally) -> list[Code]:
    """Return the codes that came up, by stage."""
    given = [row for row in CODES.values() if tally.having[row.code]]
    return sorted(given, key=lambda row: (_STAGES.index(row.stage), row.code))


def _there(folder: Path, files: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return those files that are there, each with what it is."""
    return {name: what for name, what in files if (folder / name).exists()}


def _place_in(known: dict[str, int], text: str) -> int:
    """Return the number of a text, which it gets when it comes for the first time."""
    return known.setdefault(text, len(known))
