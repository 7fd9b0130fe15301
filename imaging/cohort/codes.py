"""Every decision code, in PDCP's grammar STAGE_SEVERITY_NUMBER (doi 10.3390/software1020009).

A code that PDCP has keeps its number and meaning, and is marked so; the others are new.
`docs/decisions-codes.md` is written from this table, and a test holds the two together.
"""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What becomes of a patient; the worst of their decisions."""

    PROCEED = "PROCEED"
    REVIEW = "REVIEW"
    EXCLUDE = "EXCLUDE"


STAGE_OF = {"CT": "XI", "RTSTRUCT": "XIII", "RTPLAN": "XV", "RTDOSE": "XVI"}
_SEVERITY = {"SUCC": Outcome.PROCEED, "REV": Outcome.REVIEW, "EXEC": Outcome.EXCLUDE}
_RANK = {outcome: rank for rank, outcome in enumerate(Outcome)}


def worst(outcomes: list[Outcome]) -> Outcome:
    """Return the worst of several outcomes; of none, EXCLUDE, as nothing was ever shown right."""
    return max(outcomes, key=_RANK.__getitem__, default=Outcome.EXCLUDE)


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the table."""

    code: str
    meaning: str
    pdcp: bool = False

    @property
    def stage(self) -> str:
        """The stage's Roman numeral: I patient, II linking, XI to XVI retrieval."""
        return self.code.split("_")[0]

    @property
    def is_technical(self) -> bool:
        """Whether the archive, the network, the disk or a fault of ours decided, not a rule."""
        return self.code == "I_EXEC_002" or (
            self.stage in STAGE_OF.values() and self.severity is Outcome.EXCLUDE
        )

    @property
    def severity(self) -> Outcome:
        """What the code does to its patient."""
        return _SEVERITY[self.code.split("_")[1]]


_TABLE = [
    Code("I_SUCC_001", "the patient's studies passed the first rules", pdcp=True),
    Code("I_EXEC_002", "the patient could not be summarised", pdcp=True),
    Code("I_EXEC_003", "the archive has no such patient", pdcp=True),
    Code("I_EXEC_004", "only phantom studies", pdcp=True),
    Code("I_EXEC_005", "a required modality is missing", pdcp=True),
    Code("I_EXEC_006", "the study description rules removed every study", pdcp=True),
    Code("I_EXEC_007", "several complete treatments: choose one by hand", pdcp=True),
    Code("I_EXEC_008", "no RTSTRUCT holds a wanted ROI"),
    Code("II_SUCC_001", "exactly one complete chain of objects", pdcp=True),
    Code("II_SUCC_002", "linked by frame of reference only, and just one candidate"),
    Code("II_EXEC_002", "the objects do not refer to each other", pdcp=True),
    Code(
        "II_EXEC_003", "several chains within one treatment: the data do not say which", pdcp=True
    ),
    Code("II_EXEC_004", "an RT object is unreadable, and no chain is complete without it"),
    Code("II_REV_003", "images that the RTSTRUCT refers to are missing"),
    Code("II_REV_004", "the only complete plan is not approved"),
    Code("II_REV_005", "no dose of summation type PLAN"),
    Code("II_REV_006", "an RT object beside the chain is unreadable"),
    Code("II_REV_007", "slices are missing or unevenly spaced"),
    Code("II_REV_008", "several slices at one position"),
    Code(
        "II_REV_009", "slices of different orientation, or tilted against their stacking direction"
    ),
    Code("II_REV_010", "slice positions are not stated"),
    Code("XVI_SUCC_002", "the same dose was exported more than once: one is used"),
    Code("XVI_REV_001", "several different PLAN doses for one plan", pdcp=True),
]
_TABLE += [
    row
    for modality, stage in STAGE_OF.items()
    for row in (
        Code(f"{stage}_SUCC_001", f"{modality}: every file is there and whole", pdcp=True),
        Code(f"{stage}_EXEC_011", f"{modality}: instances were deleted after they were listed"),
        Code(f"{stage}_EXEC_012", f"{modality}: what arrived is truncated or not what was listed"),
        Code(f"{stage}_EXEC_013", f"{modality}: the archive was lost during retrieval; run again"),
        Code(f"{stage}_EXEC_014", f"{modality}: the archive refused the request"),
        Code(f"{stage}_EXEC_015", f"{modality}: could not be written to disk"),
        Code(f"{stage}_EXEC_016", f"{modality}: an error that nobody foresaw; see the log"),
    )
]
CODES = {row.code: row for row in sorted(_TABLE, key=lambda row: row.code)}


def codes_as_markdown() -> str:
    """Return the table as the page `docs/decisions-codes.md`."""
    lines = [
        "# Decision codes",
        "",
        "`STAGE_SEVERITY_NUMBER`: SUCC lets a patient proceed, REV asks for review, EXEC excludes.",
        "Stage I judges the patient, II the links between objects, XI to XVI the retrieval of CT,",
        "RTSTRUCT, RTPLAN and RTDOSE. A patient's outcome is the worst of their codes.",
        "",
        "| code | outcome | meaning | in PDCP |",
        "| --- | --- | --- | --- |",
    ]
    lines += [
        f"| `{row.code}` | {row.severity} | {row.meaning} | {'yes' if row.pdcp else ''} |"
        for row in CODES.values()
    ]
    return "\n".join(lines) + "\n"
