"""What an audit found: where, and of what kind; never the value itself."""

from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

_SHOWN = 50
_LONGEST_CELL = 150  # 50 rows of two such cells, escaped, stay below 100 KB


class Kind(StrEnum):
    """What kind of thing was left; the order is that of the report."""

    PLANTED = "a value that was planted"
    SOURCE_NAME = "a name of a patient of the source"
    SOURCE_ID = "an identifier of the source"
    SOURCE_PERSON = "a name of a physician or operator of the source"
    SOURCE_INSTITUTION = "an institution of the source"
    SOURCE_UID = "a UID of the source"
    SOURCE_DATE = "a date as the source has it"
    UNREADABLE = "an object that cannot be judged, since it cannot be read wholly"
    UNMARKED = "no statement that identity was removed, or how"
    BURNED_IN = "it says that annotation is burned into its pixels"
    PRIVATE = "a private attribute"
    UNKNOWN = "an attribute that DICOM does not define for data sets"
    OVERLAY = "a curve or an overlay"
    ATTRIBUTE = "an attribute that the profile removes"
    VALUE = "a value that the profile empties or replaces"
    NAME = "a person's name that is no sham name"
    UID = "a UID that is no pseudonym"
    ROI_NAME = "a ROI name that is neither standard nor replaced"
    TEXT = "free text"
    PREAMBLE = "a preamble that is not zero"
    META = "file meta information beyond what is needed"
    TRAILING = "bytes after the pixel data"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that was left.

    Attributes:
        file: The file relative to the folder, or, where its name may tell whose it is, its place
            in the listing (``file 12``, ``folder 3``).
        place: Where in the file, as ``(0008,1140)[0].(0008,1155) ReferencedSOPInstanceUID``, or
            ``file name``, ``bytes`` and the like.
        kind: What it is.
    """

    file: str
    place: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What an audit of a folder found.

    Attributes:
        findings: In the order of the listing.
        files: How many files there are.
        unreadable: Those that are no DICOM, or broken. They were not judged: their bytes were
            searched for what the source holds and what was planted, where they could be read.
    """

    findings: tuple[Finding, ...]
    files: int
    unreadable: tuple[str, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def judged(self) -> int:
        """How many files are whole DICOM objects, and were judged by the profile."""
        return self.files - len(self.unreadable)

    def counts(self) -> dict[Kind, int]:
        """Return how many findings there are of each kind that was found."""
        counted = Counter(finding.kind for finding in self.findings)
        return {kind: counted[kind] for kind in Kind if counted[kind]}

    def as_markdown(self) -> str:
        """Return counts, and the first findings: a page, however many there are."""
        lines = ["# Audit", "", _sentence(self), ""]
        if self.findings:
            lines += ["| kind | findings |", "| --- | ---: |"]
            lines += [f"| {kind} | {count} |" for kind, count in self.counts().items()]
            lines += ["", "| file | place | kind |", "| --- | --- | --- |"]
            lines += [_row(finding) for finding in self.findings[:_SHOWN]]
        if (more := len(self.findings) - _SHOWN) > 0:
            lines += ["", f"And {more} more."]
        return "\n".join(lines) + "\n"

    def to_json(self) -> dict[str, Any]:
        """Return everything as what JSON knows."""
        return {
            "files": self.files,
            "judged": self.judged,
            "counts": {kind.name: count for kind, count in self.counts().items()},
            "findings": [
                asdict(finding) | {"kind": finding.kind.name} for finding in self.findings
            ],
            "unreadable": list(self.unreadable),
        }


def _sentence(report: AuditReport) -> str:
    found = len(report.findings) or "nothing"
    other = len(report.unreadable)
    judged = f"{report.judged} of {report.files} files judged as DICOM objects"
    if not other:
        return f"{judged}; found: {found}."
    return (
        f"{judged}; found: {found}.\n\n**{other} files are no whole DICOM object: they were not"
        " judged, only searched for values of the source and planted ones.**"
    )


def _row(finding: Finding) -> str:
    cells = (finding.file, finding.place, finding.kind)
    return "| " + " | ".join(_cell(text) for text in cells) + " |"


def _cell(text: str) -> str:
    """Return a text that cannot leave its cell, nor become markup."""
    short = text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
    safe = "".join(sign if sign.isprintable() else "?" for sign in short)
    return safe.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")
