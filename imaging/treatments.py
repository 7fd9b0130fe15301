"""Which files a DVH calculation is about: those of a cohort's manifest, or a few given by path."""

import hashlib
from collections.abc import Hashable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imaging.cohort import CohortBusyError, CohortFolder, Outcome, read_manifest
from imaging.cohort.manifest import split
from imaging.dicom.arrival import names_a_file
from imaging.errors import DicomError, InputError
from imaging.files import held
from imaging.rt import DvhCase, sop_instance_uid
from imaging.rt.exports import file_of, files_of


@dataclass(frozen=True, slots=True)
class Treatments:
    """Cases, and where their results go.

    Attributes:
        title: What the results are called: the cohort's name, or the dose's UID.
    """

    cases: tuple[DvhCase, ...]
    folder: Path
    title: str

    def locked(self) -> AbstractContextManager[None]:
        """Keep every other run out of the results; a killed run's hold ends with its process.

        Raises:
            CohortBusyError: Another run is at work here.
        """
        msg = f"another run calculates the DVHs of {self.title}; start this one after it"
        return held(self.folder / ".lock", CohortBusyError(msg))


def treatments_of(
    manifest: str | None,
    files: tuple[Path | None, Path | None, Path | None],
    data_root: Path,
    *,
    include_review: bool,
) -> Treatments:
    """Return the cases of a cohort, or the one of RTSTRUCT, RTDOSE and RTPLAN given by path.

    Raises:
        InputError: Neither was given, or both were, or they are not there.
        DicomError: The RTSTRUCT or the RTDOSE cannot be read.
    """
    rtstruct, rtdose, rtplan = (_given(path) for path in files)
    if not manifest:
        return treatment_of_files(rtstruct, rtdose, rtplan, data_root)
    if rtstruct or rtdose or rtplan:
        msg = "give a manifest or files, not both"
        raise InputError(msg)
    return treatments_of_cohort(manifest, data_root, include_review=include_review)


def treatments_of_cohort(manifest: str, data_root: Path, *, include_review: bool) -> Treatments:
    """Return the cases of a cohort whose structure set and dose are there.

    Args:
        manifest: A cohort's name, or the path of its manifest.
        data_root: Where cohorts lie; paths that are not absolute count from here.
        include_review: Take patients marked REVIEW, too.

    Raises:
        InputError: There is no such manifest, or no case in it.
    """
    path = _manifest_path(manifest, data_root)
    table = read_manifest(path)
    wanted = {Outcome.PROCEED.value} | ({Outcome.REVIEW.value} if include_review else set())
    rows = table[table["outcome"].isin(wanted)].to_dict("records")
    cohort = CohortFolder(path.parent)
    cases = tuple(
        _case(row, cohort) for row in rows if row["rtstruct_file"] and row["rtdose_files"]
    )
    if not cases:
        msg = (
            f"the manifest has {len(table)} patients, and none proceeds with an RTSTRUCT and an"
            " RTDOSE; include those for review, or mend what their reasons name"
        )
        raise InputError(msg)
    return Treatments(cases, path.parent / "dvh", path.parent.name)


def treatment_of_files(
    rtstruct: Path | None, rtdose: Path | None, rtplan: Path | None, data_root: Path
) -> Treatments:
    """Return the one case of files given by path; relative paths count from the data root.

    Each may be a folder, or all the same one: of an RTSTRUCT, and of the doses and plans that make
    up one dose. Other files in it do not matter.

    Raises:
        InputError: The RTSTRUCT or the RTDOSE was not given, or a folder does not hold it.
        DicomError: The RTSTRUCT or the RTDOSE cannot be read.
    """
    if rtstruct is None or rtdose is None:
        msg = "give a manifest, or both an RTSTRUCT and an RTDOSE"
        raise InputError(msg)
    structures = file_of(data_root / rtstruct, "RTSTRUCT")
    doses = files_of(data_root / rtdose, "RTDOSE")
    plans = () if rtplan is None else files_of(data_root / rtplan, "RTPLAN")
    uids = [sop_instance_uid(path) for path in (structures, *doses[1:])]
    name = f"{sop_instance_uid(doses[0])}-{hashlib.sha256(''.join(uids).encode()).hexdigest()[:8]}"
    if not names_a_file(name):
        msg = "its SOP Instance UID cannot name a folder"
        raise DicomError(doses[0].name, msg)
    case = DvhCase(name, structures, doses, plans)
    return Treatments((case,), data_root / "dvh" / name, name)


def _given(path: Path | None) -> Path | None:
    """Take an empty field of a form, which becomes the path of nothing, as not given."""
    return path if path is not None and path.parts else None


def _manifest_path(manifest: str, data_root: Path) -> Path:
    """Tell a cohort's name from a path."""
    if Path(manifest).suffix in {".parquet", ".csv"}:
        return data_root / manifest
    return CohortFolder.named(manifest, data_root).manifest


def _case(row: dict[Hashable, Any], cohort: CohortFolder) -> DvhCase:
    """Find a case's files beside its manifest, wherever the cohort was moved to since."""
    beside = cohort.patient(row["case_id"])
    folder = beside if beside.exists() else Path(row["folder"])
    return DvhCase(
        case_id=row["case_id"],
        rtstruct=folder / row["rtstruct_file"],
        rtdoses=tuple(folder / name for name in split(row["rtdose_files"])),
        rtplans=tuple(folder / name for name in split(row.get("rtplan_files", ""))),
        decision=row["outcome"],
        codes=tuple(split(row["codes"])),
        course=row.get("course") or "1",
        sums_plans=len(split(row.get("rtplan_files", ""))) > 1,
    )
