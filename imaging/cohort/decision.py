"""A decision: a code, the object it is about, and what it rests on."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from imaging.cohort.codes import CODES, Outcome, worst

_SHORT = 48
_UID = re.compile(r"[0-9.]{10,}")

Evidence = Mapping[str, str | int | float | list[str]]


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of judging a patient.

    Attributes:
        code: A key of CODES.
        subject_uid: The UID of the study, series or instance it is about; "" for the patient.
        evidence: What it rests on: counts, UIDs, descriptions; never a name or a birth date.
    """

    code: str
    subject_uid: str = ""
    evidence: Evidence = field(default_factory=dict)

    @property
    def stage(self) -> str:
        """The stage's Roman numeral."""
        return CODES[self.code].stage

    @property
    def severity(self) -> Outcome:
        """What it does to the patient."""
        return CODES[self.code].severity

    @property
    def meaning(self) -> str:
        """The code in words."""
        return CODES[self.code].meaning

    @property
    def in_words(self) -> str:
        """The code in words, with such evidence as a reader can take in: numbers and short names.

        UIDs and traces stay in the notes.
        """
        stated = [
            f"{name.replace('_', ' ')} {_short(value)}"
            for name, value in self.evidence.items()
            if _short(value)
        ]
        return f"{self.meaning} ({', '.join(stated)})" if stated else self.meaning

    def to_json(self) -> dict[str, Any]:
        """Return the decision as it stands in the notes."""
        return {
            "stage": self.stage,
            "code": self.code,
            "severity": self.severity.value,
            "meaning": self.meaning,
            "subject_uid": self.subject_uid,
            "evidence": dict(self.evidence),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Decision":
        """Read back what `to_json` wrote; stage, severity and meaning follow from the code."""
        return cls(value["code"], value["subject_uid"], value["evidence"])


def outcome_of(decisions: Sequence[Decision]) -> Outcome:
    """Return the worst severity of a patient's decisions."""
    return worst([decision.severity for decision in decisions])


def _short(value: str | float | list[str]) -> str:
    """Write a piece of evidence that fits into a line; "" for one that does not."""
    texts = value if isinstance(value, list) else [str(value)]
    is_short = all(len(text) <= _SHORT and not _UID.fullmatch(text) for text in texts)
    return " ".join(texts) if is_short else ""
