"""Before anything is paid for: are the two scans and the CBCT what they should be?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from imaging.errors import ImagingError, InputError
from imaging.fusion.case import FusionCase
from imaging.fusion.checking import CbctSource, ScanFacts, check_cbct, check_pair, check_scan
from imaging.fusion.journey.watching import Progress, silent, without_paths
from imaging.fusion.specification import CBCT, LOWER, UPPER, FusionSpecification, content_key

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case that passed its checks.

    Attributes:
        case: The inputs.
        specification: What is asked for.
        key: Names the job by its content.
        upper: What was found of the upper scan.
        lower: Of the lower scan.
        cbct: Of the CBCT.
    """

    case: FusionCase
    specification: FusionSpecification
    key: str
    upper: ScanFacts
    lower: ScanFacts
    cbct: CbctSource

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each input, for a table: what was found of it, and no path."""
        scans = {"upper scan": self.upper, "lower scan": self.lower}
        return [_scan_row(label, facts) for label, facts in scans.items()] + [_cbct_row(self.cbct)]


def prepare(
    case: FusionCase, specification: FusionSpecification, progress: Progress = silent
) -> Prepared:
    """Check a case's inputs and name the job by their content; nothing is sent or written.

    Raises:
        InputError: It lists what is wrong with each of the three inputs.
    """
    problems: list[str] = []
    progress("checking the scans", 0.0)
    upper = _kept(problems, lambda: check_scan(case.upper_scan, label="upper scan"))
    lower = _kept(problems, lambda: check_scan(case.lower_scan, label="lower scan"))
    if upper is not None and lower is not None:
        _kept(problems, lambda: check_pair(upper, lower))
    progress("checking the CBCT", 0.2)
    cbct = _kept(
        problems,
        lambda: check_cbct(case.cbct, series_instance_uid=case.series_instance_uid),
    )
    if problems or upper is None or lower is None or cbct is None:
        raise InputError("; ".join(problems))
    progress("hashing", 0.5)
    hashes = {UPPER: upper.sha256, LOWER: lower.sha256, CBCT: cbct.digest()}
    key = content_key(specification, hashes)
    progress("checked", 1.0)
    return Prepared(case, specification, key, upper, lower, cbct)


def _kept(problems: list[str], check: Callable[[], T]) -> T | None:
    try:
        with without_paths("an input cannot be read"):
            return check()
    except ImagingError as error:
        problems.append(str(error))
        return None


def _scan_row(label: str, facts: ScanFacts) -> dict[str, Any]:
    return {
        "input": label,
        "kind": facts.kind,
        "size": f"{facts.faces} faces",
        "mm": _by(facts.extents_mm, ".1f"),
        "bytes": facts.bytes,
        "notes": "; ".join(facts.notes),
    }


def _cbct_row(cbct: CbctSource) -> dict[str, Any]:
    return {
        "input": "CBCT",
        "kind": f"{cbct.kind} {cbct.modality}".strip(),
        "size": f"{_by(cbct.shape, 'd')} voxels of {_by(cbct.spacing_mm, '.3g')} mm",
        "mm": _by(cbct.fov_mm, ".1f"),
        "bytes": cbct.bytes,
        "notes": "; ".join(cbct.notes),
    }


def _by(numbers: Sequence[float], form: str) -> str:
    return " x ".join(format(number, form) for number in numbers)
