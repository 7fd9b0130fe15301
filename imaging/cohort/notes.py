"""The notes of one patient: what was there, what was decided and why, what was retrieved."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from imaging.cohort.codes import Outcome
from imaging.cohort.decide import Verdict
from imaging.cohort.decision import Decision, outcome_of
from imaging.cohort.link import Chain
from imaging.dicom import InstanceRow, PatientRow, SeriesRow
from imaging.files import write_json


@dataclass(frozen=True, slots=True)
class PatientNotes:
    """Everything that is known of a patient in this cohort; kept as JSON.

    Attributes:
        run_id: The run that decided; notes of an earlier run do not count for a later one.
        holdings: What the archive holds: studies and series with counts.
        chosen: What the chain consists of and what each link rests on; {} where none was chosen.
        parts: What to retrieve: series, each with just the instances wanted of it.
        retrieval: What came of that: counts and, by modality, files; None until it was tried.
    """

    patient_id: str
    case_id: str
    run_id: str
    decisions: tuple[Decision, ...]
    holdings: tuple[dict[str, Any], ...] = ()
    chosen: dict[str, Any] | None = None
    parts: tuple[SeriesRow, ...] = ()
    retrieval: dict[str, Any] | None = None

    @property
    def outcome(self) -> Outcome:
        """The worst of the decisions."""
        return outcome_of(self.decisions)

    @property
    def content_hash(self) -> str:
        """SHA-256 over what the archive holds of the chain; "" where there is none.

        It changes when an instance is added, deleted or replaced.
        """
        rows = [
            f"{row.sop_instance_uid} {row.size} {row.fingerprint}"
            for part in self.parts
            for row in part.instances
        ]
        return hashlib.sha256("\n".join(sorted(rows)).encode()).hexdigest() if rows else ""

    def with_retrieval(
        self, decisions: list[Decision], retrieval: dict[str, Any]
    ) -> "PatientNotes":
        """Return the notes with the outcome of a retrieval, in place of an earlier attempt's."""
        judged = [decision for decision in self.decisions if decision.stage in {"I", "II"}]
        return replace(self, decisions=(*judged, *decisions), retrieval=retrieval)

    def write(self, path: Path) -> Path:
        """Write the notes, whole or not at all."""
        value = {
            "patient_id": self.patient_id,
            "case_id": self.case_id,
            "run_id": self.run_id,
            "outcome": self.outcome.value,
            "decisions": [decision.to_json() for decision in self.decisions],
            "holdings": list(self.holdings),
            "chosen": self.chosen or {},
            "content_hash": self.content_hash,
            "parts": [_part_to_json(part) for part in self.parts],
            "retrieval": self.retrieval,
        }
        return write_json(path, value)

    @classmethod
    def read(cls, path: Path) -> "PatientNotes":
        """Read what `write` wrote."""
        value = json.loads(path.read_text())
        return cls(
            patient_id=value["patient_id"],
            case_id=value["case_id"],
            run_id=value["run_id"],
            decisions=tuple(Decision.from_json(row) for row in value["decisions"]),
            holdings=tuple(value["holdings"]),
            chosen=value["chosen"],
            parts=tuple(_part_from_json(row) for row in value["parts"]),
            retrieval=value["retrieval"],
        )


def notes_of(patient: PatientRow, verdict: Verdict, case_id: str, run_id: str) -> PatientNotes:
    """Put a verdict into notes."""
    chain = verdict.chain
    return PatientNotes(
        patient_id=patient.patient_id,
        case_id=case_id,
        run_id=run_id,
        decisions=verdict.decisions,
        holdings=_holdings(patient),
        chosen=None if chain is None else _chosen(chain),
        parts=() if chain is None else _parts(chain),
    )


def _holdings(patient: PatientRow) -> tuple[dict[str, Any], ...]:
    return tuple(
        {
            "study_instance_uid": study.study_instance_uid,
            "study_date": study.study_date,
            "study_description": study.description,
            "series": [
                {
                    "series_instance_uid": row.series_instance_uid,
                    "modality": row.modality,
                    "series_description": row.tags.get("SeriesDescription", ""),
                    "instances": len(row.instances),
                }
                for row in study.series
            ],
        }
        for study in patient.studies
    )


def _chosen(chain: Chain) -> dict[str, Any]:
    first = chain.images or (chain.structure_set.series if chain.structure_set else None)
    return {
        "study_instance_uid": "" if first is None else first.study_instance_uid,
        "ct_series_instance_uid": "" if chain.images is None else chain.images.series_instance_uid,
        "rtstruct_sop_instance_uid": "" if chain.structure_set is None else chain.structure_set.uid,
        "rtplan_sop_instance_uid": "" if chain.plan is None else chain.plan.uid,
        "rtdose_sop_instance_uids": [dose.uid for dose in chain.doses],
        "rois": []
        if chain.structure_set is None
        else [n for _, n in chain.structure_set.refers.rois],
        "evidence": chain.evidence,
    }


def _parts(chain: Chain) -> tuple[SeriesRow, ...]:
    """Collect the wanted instances by series: one series is one request."""
    wanted: dict[str, tuple[SeriesRow, list[InstanceRow]]] = {}
    for series, instances in chain.parts():
        wanted.setdefault(series.series_instance_uid, (series, []))[1].extend(instances)
    return tuple(replace(series, instances=tuple(rows)) for series, rows in wanted.values())


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
