"""From a patient's DICOM files to images, masks, label map, dose and pictures, case by case."""

import logging
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from imaging.cohort.decision import Decision
from imaging.cohort.doses import DoseFiles, fault_of, judge_maximum
from imaging.cohort.notes import CaseNotes, PatientNotes
from imaging.cohort.place import CohortFolder
from imaging.cohort.specification import CohortSpecification, DoseRules
from imaging.dicom import name_matches
from imaging.errors import ImagingError
from imaging.volumes import (
    CaseFiles,
    DoseSource,
    Finding,
    FindingKind,
    Products,
    Resampling,
    Wanted,
    remove_products,
    write_products,
)

log = logging.getLogger(__name__)

_CODE_OF = {
    FindingKind.IMAGE_WRITTEN: "XII_SUCC_001",
    FindingKind.SLICES_INTERPOLATED: "XII_SUCC_002",
    FindingKind.TILT_STRAIGHTENED: "XII_SUCC_003",
    FindingKind.SLICES_UNEVEN: "XII_REV_001",
    FindingKind.SLICES_DIFFER: "XII_REV_002",
    FindingKind.PIXELS_UNREADABLE: "XII_REV_003",
    FindingKind.IMAGE_FAILED: "XII_EXEC_001",
    FindingKind.MASKS_WRITTEN: "XIV_SUCC_001",
    FindingKind.ROIS_WITHOUT_CONTOURS: "XIV_SUCC_002",
    FindingKind.ROI_BEYOND_IMAGE: "XIV_REV_001",
    FindingKind.CONTOURS_OUT_OF_PLANE: "XIV_REV_002",
    FindingKind.WANTED_ROI_WITHOUT_MASK: "XIV_REV_003",
    FindingKind.CONTOURS_BROKEN: "XIV_REV_004",
    FindingKind.NO_MASKS: "XIV_REV_005",
    FindingKind.MASKS_FAILED: "XIV_EXEC_001",
    FindingKind.DOSE_WRITTEN: "XVI_SUCC_004",
    FindingKind.DOSE_UNEVEN: "XVI_REV_006",
    FindingKind.DOSE_REFUSED: "XVI_REV_007",
    FindingKind.DOSE_ELSEWHERE: "XVI_REV_008",
    FindingKind.WANTED_ROI_BEYOND_DOSE: "XVI_REV_009",
    FindingKind.DOSE_FAILED: "XVI_EXEC_001",
}


def prepare_group(
    group: Sequence[Path], cohort: CohortFolder, specification: CohortSpecification
) -> int:
    """Write the outputs of several patients; return of how many cases anything was written anew."""
    return sum(prepare_patient(path, cohort, specification) for path in group)


def prepare_patient(path: Path, cohort: CohortFolder, specification: CohortSpecification) -> int:
    """Write the outputs of every complete case of a patient, and note what came of it.

    What is wrong with a case's data is a decision about that case; another case goes on. Where no
    outputs are wanted, those of an earlier run are removed: they would be of files that changed.
    """
    notes = PatientNotes.read(path)
    written = 0
    for case in notes.cases:
        if not case.is_complete:
            continue
        products, decisions = _prepared(case, cohort, specification)
        files = tuple(file.as_posix() for file in products.files)
        notes = notes.with_case(replace(case, prepared=tuple(decisions), products=files))
        notes.write(path)
        written += not products.reused
    return written


def _prepared(
    case: CaseNotes, cohort: CohortFolder, specification: CohortSpecification
) -> tuple[Products, list[Decision]]:
    """Write one case's outputs; whatever goes wrong is recorded as its own."""
    folder = cohort.root / case.place
    try:
        dose = _dose_files(case, folder)
        judged = _judged(dose, specification)
        products = _write(case, folder, specification, dose)
    except Exception as error:  # noqa: BLE001 - the case's boundary: recorded, others go on
        log.warning("%s: outputs failed, %s", case.name, type(error).__name__)
        failed = Decision("XII_EXEC_001", "", {"reason": _reason(error)})
        with suppress(OSError):
            remove_products(folder)  # of an earlier run, or some of this one
        return Products((), (), reused=False), [failed]
    return products, [*map(_decision, products.findings), *judged]


def _reason(error: Exception) -> str:
    """Say what went wrong; the trace of what nobody foresaw goes into the notes."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, ImagingError) else traceback.format_exc()


def _write(
    case: CaseNotes, folder: Path, specification: CohortSpecification, dose: DoseFiles
) -> Products:
    """Write the outputs; none, and what there was of an earlier run is removed."""
    outputs, images = specification.outputs, specification.images
    if not outputs.any_files:
        remove_products(folder)
        return Products((), (), reused=True)
    return write_products(
        replace(_case_files(case, folder), dose=_dose_source(dose, specification.dose)),
        folder,
        Wanted(**outputs.model_dump(exclude={"dvh"})),
        Resampling(images.fill_missing_slices, images.straighten_tilt),
        _wanted_rois(case, specification),
    )


def _case_files(case: CaseNotes, folder: Path) -> CaseFiles:
    images = tuple(
        folder / part.modality / f"{row.sop_instance_uid}.dcm"
        for part in case.parts
        if part.series_instance_uid == case.chosen["ct_series_instance_uid"]
        for row in part.instances
    )
    rtstruct = next((folder / name for name in case.files("RTSTRUCT")), None)
    return CaseFiles(images, rtstruct)


def _dose_files(case: CaseNotes, folder: Path) -> DoseFiles:
    doses = tuple(folder / name for name in case.files("RTDOSE"))
    plans = tuple(folder / name for name in case.files("RTPLAN"))
    return DoseFiles(doses, plans, tuple(case.chosen["rtdoses"]))


def _dose_source(files: DoseFiles, rules: DoseRules) -> DoseSource | None:
    """Return how the case's dose is read; None where none was chosen."""
    if not files.doses:
        return None
    paths = (*files.doses, *files.plans)
    return DoseSource(paths, lambda: files.select(rules), rules.model_dump_json())


def _judged(files: DoseFiles, specification: CohortSpecification) -> list[Decision]:
    """Judge the largest dose if the rules bound it, and that there is a dose where none is written.

    A dose that is written is checked then. Of one that is neither, only the header is read.
    """
    rules, is_written = specification.dose, specification.outputs.dose_files
    if not files.doses:
        return []
    fault, found = "" if is_written else fault_of(files), list[Decision]()
    if not fault and (rules.lowest_maximum_gy or rules.highest_maximum_gy):
        try:
            selected = files.select(rules)
            found = judge_maximum(selected.grid.max_gy, selected.uids[0], rules)
        except ImagingError as error:
            fault = "" if is_written else str(error)
    return [*found, Decision("XVI_REV_007", "", {"reason": fault})] if fault else found


def _wanted_rois(case: CaseNotes, specification: CohortSpecification) -> list[str]:
    """Return the names in the RTSTRUCT that the rules want; one of the patterns is enough."""
    return [
        name
        for name in dict.fromkeys(case.chosen["rois"])
        if any(name_matches(name, wanted) for wanted in specification.wanted_rois)
    ]


def _decision(finding: Finding) -> Decision:
    return Decision(_CODE_OF[finding.kind], finding.subject_uid, dict(finding.evidence))
