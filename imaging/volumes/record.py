"""What an earlier call wrote: read to do nothing twice, removed before anything is written anew."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from imaging.files import PART_SUFFIX, write_json
from imaging.volumes.findings import Finding, FindingKind
from imaging.volumes.geometry import Geometry
from imaging.volumes.request import CaseFiles, Products, Resampling, Wanted

NIFTI, PICTURES, RECORD = "nifti", "rois.png", "products.json"

_VERSION = 2  # raise it when the same input gives other files or findings
_OF_MASKS = ("masks/*.nii.gz", "masks/rois.json", "labels.*")
_OWN = ("*.nii.gz", "labels.tsv", *_OF_MASKS[:2])


def key_of(
    files: CaseFiles, wanted: Wanted, resampling: Resampling, wanted_rois: Sequence[str]
) -> str:
    """Hash all that the products depend on: files by name, size and time, and every choice.

    Raises:
        OSError: A file is gone.
    """
    doses = () if files.dose is None else files.dose.files
    single = () if files.rtstruct is None else (files.rtstruct,)
    inputs = [sorted(map(_identity, group)) for group in (files.images, single, doses)]
    policy = None if files.dose is None else files.dose.policy
    choices = [asdict(wanted), asdict(resampling), list(wanted_rois), policy]
    text = json.dumps([_VERSION, inputs, choices], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _identity(path: Path) -> tuple[str, int, int]:
    """Tell a file from others, and from itself after a change."""
    state = path.stat()
    return path.name, state.st_size, state.st_mtime_ns


def earlier(folder: Path, key: str) -> Products | None:
    """Return what an earlier call with the same key wrote, if all of it is still there."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        if record["key"] != key:
            return None
        outputs = [(Path(each["file"]), int(each["bytes"])) for each in record["outputs"]]
        if any((folder / file).stat().st_size != size for file, size in outputs):
            return None
        findings = tuple(
            Finding(FindingKind(each["kind"]), each["subject_uid"], each["evidence"])
            for each in record["findings"]
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None  # there is none, or part of it is gone: it is made again
    return Products(findings, tuple(file for file, _ in outputs), reused=True)


def remove_products(folder: Path) -> None:
    """Remove all that an earlier call wrote, or was killed while writing.

    The record goes first: without it, what is left is known to be incomplete. Only then the files,
    so that a mask of an ROI that has another name by now does not stay beside the new ones.
    """
    (folder / RECORD).unlink(missing_ok=True)
    found = [file for pattern in _OWN for file in (folder / NIFTI).glob(pattern)]
    found += [*(folder / NIFTI).rglob(f".*{PART_SUFFIX}-*"), folder / PICTURES]
    for name in (PICTURES, RECORD):
        found += folder.glob(f".*{PART_SUFFIX}-{name}")
    for file in found:
        file.unlink(missing_ok=True)


def remove_masks(folder: Path) -> None:
    """Remove masks and the label map."""
    for file in [file for pattern in _OF_MASKS for file in (folder / NIFTI).glob(pattern)]:
        file.unlink(missing_ok=True)


def write_record(
    folder: Path, key: str, findings: Sequence[Finding], geometry: Geometry | None
) -> Products:
    """List what is in the folder now; this comes last, and says that all is there."""
    places = [path for pattern in _OWN for path in sorted((folder / NIFTI).glob(pattern))]
    if (folder / PICTURES).exists():
        places.append(folder / PICTURES)
    files = [path.relative_to(folder) for path in places]
    record: dict[str, Any] = {
        "version": _VERSION,
        "key": key,
        "geometry": None if geometry is None else geometry.as_json(),
        "outputs": [
            {"file": file.as_posix(), "bytes": path.stat().st_size}
            for file, path in zip(files, places, strict=True)
        ],
        "findings": [
            {"kind": each.kind, "subject_uid": each.subject_uid, "evidence": dict(each.evidence)}
            for each in findings
        ],
    }
    write_json(folder / RECORD, record)
    return Products(tuple(findings), tuple(files), reused=False)
