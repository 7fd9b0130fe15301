"""The notes of one patient: what was there, what was decided and why, what was made of it."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imaging.cohort.codes import CODES, Outcome
from imaging.cohort.decision import Decision, outcome_of
from imaging.dicom import InstanceRow, SeriesRow
from imaging.files import write_json


@dataclass(frozen=True, slots=True)
class CaseNotes:
    """One treatment of a patient: a case of the cohort, or a candidate put aside.

    Attributes:
        name: The case id; it names the row in the manifest.
        place: Its folder below that of the cohort.
        key: Names the chain among those of the patient.
        aside: Whether it is in quarantine, for a person to choose.
        course: The number of its course, 1 for the earliest.
        linked: Decisions before retrieval.
        retrieved: Decisions of the retrieval.
        prepared: Decisions about what was written.
        chosen: What the chain consists of and what each link rests on.
        parts: What to retrieve: series, each with just the instances wanted of it.
        retrieval: What came of that: counts and, by modality, files; None until it was tried.
        products: Files written, below its folder; None until that was tried.
    """

    name: str
    place: str
    key: str
    aside: bool
    course: int
    linked: tuple[Decision, ...]
    chosen: dict[str, Any]
    parts: tuple[SeriesRow, ...]
    retrieved: tuple[Decision, ...] = ()
    prepared: tuple[Decision, ...] = ()
    retrieval: dict[str, Any] | None = None
    products: tuple[str, ...] | None = None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """All of them, in the order they were taken."""
        return (*self.linked, *self.retrieved, *self.prepared)

    @property
    def is_complete(self) -> bool:
        """Whether every file is there."""
        return bool((self.retrieval or {}).get("complete"))

    @property
    def content_hash(self) -> str:
        """SHA-256 over what the archive holds of the chain.

        It changes when an instance is added, deleted or replaced.
        """
        rows = [
            f"{row.sop_instance_uid} {row.size} {row.fingerprint}"
            for part in self.parts
            for row in part.instances
        ]
        return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest()

    def files(self, modality: str) -> list[str]:
        """Return the files to use of a modality, below its folder; none before retrieval."""
        found: list[str] = (self.retrieval or {}).get("files", {}).get(modality, [])
        return found


@dataclass(frozen=True, slots=True)
class PatientNotes:
    """Everything that is known of a patient in this cohort; kept as JSON.

    Attributes:
        run_id: The run that decided; notes of an earlier run do not count for a later one.
        judged: Decisions about the patient as a whole.
        basis: What the decisions rest on: digests of the specification and of what the archive
            held. When neither has changed, nor have they.
        holdings: What the archive holds: studies and series with counts.
        courses: The treatments that the studies were grouped into.
        cases: What was chosen, or put aside.
    """

    patient_id: str
    case_id: str
    run_id: str
    judged: tuple[Decision, ...]
    basis: str = ""
    holdings: tuple[dict[str, Any], ...] = ()
    courses: tuple[dict[str, Any], ...] = ()
    cases: tuple[CaseNotes, ...] = ()

    @property
    def taken(self) -> tuple[CaseNotes, ...]:
        """The cases of the cohort."""
        return tuple(case for case in self.cases if not case.aside)

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Those about the patient, and about the cases of the cohort."""
        own = [decision for case in self.taken for decision in case.decisions]
        return (*self.judged, *own)

    @property
    def outcome(self) -> Outcome:
        """The worst of the decisions."""
        return outcome_of(self.decisions)

    @property
    def is_lasting(self) -> bool:
        """Whether asking again would give the same answer while the archive stays as it is."""
        return not any(CODES[decision.code].is_of_the_moment for decision in self.judged)

    def outcome_of(self, case: CaseNotes) -> Outcome:
        """The worst of what was decided about the patient and about one of the cases."""
        return outcome_of((*self.judged, *case.decisions))

    def with_case(self, changed: CaseNotes) -> "PatientNotes":
        """Return the notes with one case replaced by what it became."""
        cases = (changed if case.name == changed.name else case for case in self.cases)
        return replace(self, cases=tuple(cases))

    def carried(self, run_id: str) -> "PatientNotes":
        """Return the notes for a later run that found the archive unchanged.

        What is on disk is looked at again: retrieval and products are as if not tried.
        """
        cases = tuple(
            replace(case, retrieved=(), prepared=(), retrieval=None, products=None)
            for case in self.cases
        )
        return replace(self, run_id=run_id, cases=cases)

    def write(self, path: Path) -> Path:
        """Write the notes, whole or not at all."""
        value = {
            "patient_id": self.patient_id,
            "case_id": self.case_id,
            "run_id": self.run_id,
            "outcome": self.outcome.value,
            "decisions": [decision.to_json() for decision in self.decisions],
            "basis": self.basis,
            "holdings": list(self.holdings),
            "courses": list(self.courses),
            "judged": [decision.to_json() for decision in self.judged],
            "cases": [_case_to_json(case) for case in self.cases],
        }
        return write_json(path, value)

    @classmethod
    def read_or_none(cls, path: Path) -> "PatientNotes | None":
        """Read notes; None where there are none, or another version of this program wrote them."""
        try:
            return cls.read(path)
        except (FileNotFoundError, ValueError, LookupError, TypeError):
            return None

    @classmethod
    def read(cls, path: Path) -> "PatientNotes":
        """Read what `write` wrote."""
        value = json.loads(path.read_text())
        return cls(
            patient_id=value["patient_id"],
            case_id=value["case_id"],
            run_id=value["run_id"],
            judged=_decisions(value["judged"]),
            basis=value["basis"],
            holdings=tuple(value["holdings"]),
            courses=tuple(value["courses"]),
            cases=tuple(_case_from_json(row) for row in value["cases"]),
        )


def _case_to_json(case: CaseNotes) -> dict[str, Any]:
    return {
        "name": case.name,
        "place": case.place,
        "key": case.key,
        "in_quarantine": case.aside,
        "course": case.course,
        "chosen": case.chosen,
        "content_hash": case.content_hash,
        **{
            stage: [decision.to_json() for decision in getattr(case, stage)]
            for stage in ("linked", "retrieved", "prepared")
        },
        "parts": [_part_to_json(part) for part in case.parts],
        "retrieval": case.retrieval,
        "products": None if case.products is None else list(case.products),
    }


def _case_from_json(value: dict[str, Any]) -> CaseNotes:
    return CaseNotes(
        name=value["name"],
        place=value["place"],
        key=value["key"],
        aside=value["in_quarantine"],
        course=value["course"],
        linked=_decisions(value["linked"]),
        chosen=value["chosen"],
        parts=tuple(_part_from_json(row) for row in value["parts"]),
        retrieved=_decisions(value["retrieved"]),
        prepared=_decisions(value["prepared"]),
        retrieval=value["retrieval"],
        products=None if value["products"] is None else tuple(value["products"]),
    )


def _decisions(rows: list[dict[str, Any]]) -> tuple[Decision, ...]:
    return tuple(Decision.from_json(row) for row in rows)


def _part_to_json(part: SeriesRow) -> dict[str, Any]:
    return {
        "modality": part.modality,
        "study_instance_uid": part.study_instance_uid,
        "series_instance_uid": part.series_instance_uid,
        "instances": [
            [row.sop_instance_uid, row.size, row.fingerprint, row.locator] for row in part.instances
        ],
    }


def _part_from_json(value: dict[str, Any]) -> SeriesRow:
    return SeriesRow(
        series_instance_uid=value["series_instance_uid"],
        study_instance_uid=value["study_instance_uid"],
        modality=value["modality"],
        instances=tuple(InstanceRow(*row) for row in value["instances"]),
    )
