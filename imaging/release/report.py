"""A release as a person is shown it: counts, pseudonyms and next steps."""

from collections.abc import Iterable, Mapping

from imaging.release.auditing import Stray
from imaging.release.record import PatientRecord
from imaging.release.summary import ReleaseSummary

_REASONS = 40  # rows of a table: the report stays far under the 100 KB that Prefect's UI bears


def as_markdown(summary: ReleaseSummary, sent: str = "", *, crosswalk: bool = False) -> str:
    """Return the report of a run.

    Args:
        summary: What came of it.
        sent: What was sent where; "" where nothing was to be sent.
        crosswalk: Whether a crosswalk was written.
    """
    place = summary.place
    lines = [f"# Release {place.name}", "", f"**{summary.in_words}.**", "", _audited(summary), ""]
    if sent:
        lines += [sent, ""]
    lines += _table("released", "objects", summary.released.items())
    lines += _table("attributes", "count", summary.done.items())
    lines += _table("held back", "objects", summary.held_back.most_common())
    lines += _table("refused", "objects", summary.refused.most_common())
    lines += _table("patients not complete", "patients", _failures(summary.patients).items())
    lines += [f"What may leave: `{place.data}`", ""]
    lines += _beside(summary)
    if crosswalk:
        lines += [f"Who became whom, encrypted: `{place.crosswalk}`", ""]
    return "\n".join(lines + _next_steps(summary))


def as_table(summary: ReleaseSummary, rows: int) -> dict[str, list[str | int]]:
    """Return the first patients by pseudonym, a column a key."""
    shown = list(summary.patients.items())[:rows]
    columns: dict[str, list[str | int]] = {
        "patient": [pseudonym for pseudonym, _ in shown],
        "studies": [len({one.study for one in row.series.values()}) for _, row in shown],
        "series": [len(row.series) for _, row in shown],
        "released": [sum(one.is_released for one in row.instances) for _, row in shown],
        "held back": [sum(bool(one.held_back) for one in row.instances) for _, row in shown],
        "refused": [sum(bool(one.refused) for one in row.instances) for _, row in shown],
        "not complete": [row.failure for _, row in shown],
    }
    return columns


def _audited(summary: ReleaseSummary) -> str:
    if summary.is_clean:
        return f"Audit: nothing found in {summary.audited} files."
    kinds = "; ".join(f"{kind} ({count})" for kind, count in summary.findings.items())
    return f"**Audit: this must not leave.** {kinds}. Details: `{summary.place.audit}`"


def _beside(summary: ReleaseSummary) -> list[str]:
    """Tell of patients and files that the tables do not count."""
    said = []
    if summary.earlier:
        said.append(
            f"It also holds {summary.earlier} patients of earlier runs, not looked at now: what the"
            " archive no longer has of them is still there, until a run that chooses all patients."
        )
    if summary.withdrawn:
        said.append(
            f"{summary.withdrawn} patients were removed from it: the archive no longer has them."
        )
    if summary.unreadable:
        said.append(
            f"{summary.unreadable} files of the archive could not be read as DICOM, and are in none"
            " of the counts above."
        )
    return [line for text in said for line in (text, "")]


def _failures(patients: Mapping[str, PatientRecord]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for record in patients.values():
        reason = "instances refused" if record.failure.endswith("refused") else record.failure
        if reason:
            counted[reason] = counted.get(reason, 0) + 1
    return counted


def _table(heading: str, counted: str, rows: Iterable[tuple[str, int]]) -> list[str]:
    lines = [f"| {text.replace('|', '/')} | {count} |" for text, count in rows]
    if not lines:
        return []
    more = [f"| and {len(lines) - _REASONS} more | |"] * (len(lines) > _REASONS)
    return [f"| {heading} | {counted} |", "| --- | ---: |", *lines[:_REASONS], *more, ""]


def _next_steps(summary: ReleaseSummary) -> list[str]:
    place, lines = summary.place, []
    if summary.to_review:
        lines += [
            f"**Held back.** `{place.held_back_table}` lists them;"
            f" {summary.to_review} copies with clean headers lie in `{place.held_back}`. Look at"
            " their pixels. To release a series that is clean, start the run again with its new"
            " SeriesInstanceUID in `reviewed_series`.",
            "",
        ]
    if Stray.UNLISTED in summary.findings:
        lines += [
            f"**Files that nobody listed.** Something was put into `{place.data}`, or stayed there"
            " when a run was killed; `audit.json` says in which folders. Remove it, or start the"
            " run again with the patients whose folders these are.",
            "",
        ]
    if summary.failed:
        lines += [
            f"**Not complete.** Records by pseudonym lie in `{place.records / 'patients'}`. The"
            " originals stay where they are; mend them and start the run again.",
            "",
        ]
    return lines
