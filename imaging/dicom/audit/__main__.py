"""Audit de-identified output: ``python -m imaging.dicom.audit FOLDER --source FOLDER``."""

import argparse
import sys
from pathlib import Path

from imaging.dicom.audit.auditing import audit
from imaging.dicom.audit.findings import AuditReport
from imaging.errors import InputError
from imaging.files import write_json

CLEAN, FOUND, NOT_JUDGED = 0, 1, 2
_EVERY = 50


def main(arguments: list[str] | None = None) -> int:
    """Audit what the command line names, print a summary, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        report = _audited(options)
        if options.json is not None:
            write_json(options.json, report.to_json())
    except (InputError, OSError) as error:
        reason = error if isinstance(error, InputError) else type(error).__name__
        sys.stderr.write(f"error: {reason}\n")
        return NOT_JUDGED
    sys.stdout.write(report.as_markdown())
    if not report.is_clean:
        return FOUND
    if not report.judged:
        sys.stderr.write("error: the folder holds no whole DICOM object; nothing was judged\n")
        return NOT_JUDGED
    return CLEAN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m imaging.dicom.audit", description=__doc__)
    parser.add_argument("folder", type=Path, help="the de-identified output")
    parser.add_argument("--source", type=Path, metavar="FOLDER", help="what it was made of")
    parser.add_argument(
        "--planted", type=Path, metavar="FILE", help="values to be found, one a line, as UTF-8"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="where all findings go")
    parser.add_argument(
        "--kept-roi-name",
        action="append",
        default=[],
        metavar="PATTERN",
        help="a ROI name that was kept on purpose; may be given several times",
    )
    return parser


def _audited(options: argparse.Namespace) -> AuditReport:
    on_progress = _show if sys.stderr.isatty() else None
    return audit(
        options.folder,
        options.source,
        _planted(options.planted),
        on_progress,
        kept_roi_names=options.kept_roi_name,
    )


def _planted(file: Path | None) -> list[str]:
    """Read the values to be found.

    Raises:
        InputError: There is none, or the file is no text.
    """
    if file is None:
        return []
    try:
        values = [line.strip() for line in file.read_text("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        msg = "the file of planted values is no UTF-8"
        raise InputError(msg) from None
    if not any(values):
        msg = "the file of planted values is empty"
        raise InputError(msg)
    return list(filter(None, values))


def _show(done: int, total: int) -> None:
    if done % _EVERY == 0 or done == total:
        sys.stderr.write(f"\r{done} of {total} files" + ("\n" if done == total else ""))
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
