"""A job's inputs: packed into its work folder, uploaded from there, and removed when submitted.

What a killed worker finished is not done again: packed files are whole or absent, and a receipt
tells what is uploaded. Both lie in a folder that is named by how the patient's identity was taken
out, so that a file which holds it is never sent where another was asked for.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from imaging.dicom.deidentify import Deidentifier
from imaging.errors import InputError
from imaging.files import write_json
from imaging.fusion.checking import export_scan, hash_scan, pack_cbct
from imaging.fusion.job import JobState
from imaging.fusion.journey.preparing import Prepared
from imaging.fusion.journey.watching import Watch
from imaging.fusion.ledger import Ledger
from imaging.fusion.place import work_folder
from imaging.fusion.specification import CBCT, LOWER, UPPER
from imaging.fusion.vendor import FusionClient, mesh_input

_SCAN_KIND = "ply"  # any program reads it, and it loses nothing
_FILES = {UPPER: f"upper.{_SCAN_KIND}", LOWER: f"lower.{_SCAN_KIND}", CBCT: "cbct.zip"}
_LABELS = {UPPER: "upper scan", LOWER: "lower scan", CBCT: "CBCT"}
_RECEIPT = "uploads.json"
_FRESH_S = 3600.0  # nobody knows how long the vendor keeps an upload that no run asked for
_NEEDING = {JobState.CLAIMED, JobState.SUBMITTING}
_RETRIED = {JobState.REFUSED, JobState.RELEASED}
_PACKED = 0.4  # share of the time that packing takes, the rest is uploading


def work_of(key: str, data_root: Path, deidentifier: Deidentifier | None) -> Path:
    """Return the folder that a job's inputs are packed in, one for each way to de-identify."""
    if deidentifier is None:
        return work_folder(key, data_root) / "as-given"
    way = f"{deidentifier.options!r} {deidentifier.keyed.uid('2.25.1')}"
    return work_folder(key, data_root) / hashlib.sha256(way.encode()).hexdigest()[:16]


def remove_work(key: str, data_root: Path) -> None:
    """Remove all that was packed of a job."""
    shutil.rmtree(work_folder(key, data_root), ignore_errors=True)


def tidy_work(ledger: Ledger, data_root: Path, now: float) -> int:
    """Remove what killed workers packed for nobody; return of how many jobs.

    What a job needs that is being prepared stays, and for a while what the next attempt may need.
    """
    removed = 0
    for folder in work_folder("-", data_root).parent.glob("*"):
        job = ledger.get(folder.name)
        is_needed = job is not None and job.state in _NEEDING
        is_young = (job is None or job.state in _RETRIED) and now - _touched(folder) < _FRESH_S
        if not is_needed and not is_young:
            remove_work(folder.name, data_root)
            removed += 1
    return removed


def _touched(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0  # removed meanwhile


def pack_inputs(
    prepared: Prepared, folder: Path, deidentifier: Deidentifier | None, watch: Watch
) -> dict[str, Path]:
    """Pack the three inputs without names and comments; return the file of each.

    Raises:
        InputError: An input is not what it was when it was checked, or cannot be packed.
    """
    for private in (folder.parent, folder):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {name: folder / file for name, file in _FILES.items()}
    case = prepared.case
    scans = {UPPER: (case.upper_scan, prepared.upper), LOWER: (case.lower_scan, prepared.lower)}
    for name, (source, facts) in scans.items():
        watch.tell(f"packing the {_LABELS[name]}", 0.0)
        if not files[name].exists():
            export_scan(source, files[name])
        if hash_scan(source) != facts.sha256:
            files[name].unlink(missing_ok=True)
            msg = f"the {_LABELS[name]} changed while it was packed; start again"
            raise InputError(msg)
    watch.tell("packing the CBCT", _PACKED / 4)
    if not files[CBCT].exists():
        pack_cbct(prepared.cbct, files[CBCT], deidentifier=deidentifier)
    watch.tell("packed", _PACKED)
    return files


def upload_inputs(files: dict[str, Path], client: FusionClient, watch: Watch) -> dict[str, Any]:
    """Upload what is packed, and return the input data of the run.

    Raises:
        RemoteUnavailableError: The vendor cannot be reached now; what is uploaded is remembered.
        RemoteRejectedError: The vendor does not take it.
    """
    receipt = files[CBCT].with_name(_RECEIPT)
    urns = _fresh(receipt)
    total = sum(path.stat().st_size for path in files.values())
    before = 0
    for name, path in files.items():
        if name not in urns:
            tell = _teller(name, before, total, watch)
            tell(0)
            urns[name] = {"urn": client.upload(path, progress=tell), "at": time.time()}
            write_json(receipt, urns)
        before += path.stat().st_size
        watch.tell(f"uploaded the {_LABELS[name]}", _PACKED + (1 - _PACKED) * before / total)
    return {
        UPPER: mesh_input(_SCAN_KIND, urns[UPPER]["urn"]),
        LOWER: mesh_input(_SCAN_KIND, urns[LOWER]["urn"]),
        CBCT: urns[CBCT]["urn"],
    }


def _teller(name: str, before: int, total: int, watch: Watch) -> Callable[[int], None]:
    step = f"uploading the {_LABELS[name]}"

    def tell(sent: int) -> None:
        watch.tell(step, _PACKED + (1 - _PACKED) * (before + sent) / total)

    return tell


def _fresh(receipt: Path) -> dict[str, Any]:
    """Return the uploads of a killed worker that the vendor surely still has."""
    try:
        urns = json.loads(receipt.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # there is none
    since = time.time() - _FRESH_S
    return {name: one for name, one in urns.items() if since < one["at"]}
