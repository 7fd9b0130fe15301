"""Every decision code, in PDCP's grammar STAGE_SEVERITY_NUMBER (doi 10.3390/software1020009).

A code that PDCP has keeps its number and meaning; the others are new. `docs/decisions-codes.md` is
written from this table, and a test holds the two together.
"""

from dataclasses import dataclass
from enum import StrEnum

from imaging.cohort.code_table import (
    DOSES,
    IMAGES,
    LINKS,
    MASKS,
    NOT_EMITTED,
    PATIENT,
    PDCP_OF_RETRIEVAL,
    RETRIEVAL,
)


class Outcome(StrEnum):
    """What becomes of a patient; the worst of their decisions."""

    PROCEED = "PROCEED"
    REVIEW = "REVIEW"
    EXCLUDE = "EXCLUDE"


STAGE_OF = {"CT": "XI", "RTSTRUCT": "XIII", "RTPLAN": "XV", "RTDOSE": "XVI"}
_SEVERITY = {"SUCC": Outcome.PROCEED, "REV": Outcome.REVIEW, "EXEC": Outcome.EXCLUDE}
_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}
_WAITING = {"I_EXEC_009"}
_UNREADABLE = {"I_EXEC_002", "XII_EXEC_001", "XIV_EXEC_001", "XVI_EXEC_001"}


def stage_of(modality: str) -> str:
    """Return the stage at which a series is retrieved; images of any modality are at XI."""
    return STAGE_OF.get(modality, "XI")


def worst(outcomes: list[Outcome]) -> Outcome:
    """Return the worst of several outcomes; of none, EXCLUDE, as nothing was ever shown right."""
    return max(outcomes, key=_RANK.__getitem__, default=Outcome.EXCLUDE)


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the table; ``pdcp`` is the equivalent there, "" where it has none."""

    code: str
    meaning: str
    pdcp: str = ""

    @property
    def stage(self) -> str:
        """The stage's Roman numeral: I patient, II linking, XI to XVI retrieval and outputs."""
        return self.code.split("_")[0]

    @property
    def is_technical(self) -> bool:
        """Whether the archive, the network, the disk or a fault of ours decided, not a rule."""
        if self.code in _UNREADABLE:
            return True
        is_retrieval = self.stage in STAGE_OF.values() and int(self.code[-3:]) > 10
        return is_retrieval and self.severity is Outcome.EXCLUDE

    @property
    def is_of_the_moment(self) -> bool:
        """Whether asking the archive again may give another answer though nothing changed there."""
        return self.is_technical or self.code in _WAITING

    @property
    def severity(self) -> Outcome:
        """What the code does to its patient."""
        return _SEVERITY[self.code.split("_")[1]]


_TABLE = [Code(*row) for row in (*PATIENT, *LINKS, *IMAGES, *MASKS, *DOSES)]
_TABLE += [
    Code(code, f"{modality}: {meaning}", PDCP_OF_RETRIEVAL.get(code, ""))
    for modality, stage in STAGE_OF.items()
    for end, meaning in RETRIEVAL
    for code in [f"{stage}_{end}"]
]
CODES = {row.code: row for row in sorted(_TABLE, key=lambda row: row.code)}

_HEAD = """\
# Decision codes

`STAGE_SEVERITY_NUMBER`: SUCC lets a patient proceed, REV asks for review, EXEC excludes. Stage I
judges the patient, II the links between objects and the geometry of the images, XI to XVI are the
retrieval of CT (and other images), RTSTRUCT, RTPLAN and RTDOSE, with XII for the images as NIfTI,
XIV for the masks, and XXIV for the largest dose. A patient's outcome is the worst of their codes.

| code | outcome | meaning | PDCP's equivalent |
| --- | --- | --- | --- |
"""
_PDCP_HEAD = """
## Codes of PDCP that do not come out here

| PDCP's code | its meaning | here |
| --- | --- | --- |
"""


def codes_as_markdown() -> str:
    """Return the table as the page `docs/decisions-codes.md`."""
    rows = [
        f"| `{row.code}` | {row.severity} | {row.meaning} | {row.pdcp} |\n"
        for row in CODES.values()
    ]
    others = [f"| `{code}` | {meaning} | {here} |\n" for code, meaning, here in NOT_EMITTED]
    return "".join([_HEAD, *rows, _PDCP_HEAD, *others])
