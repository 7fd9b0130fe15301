"""From a patient's DICOM files to images, masks, label map, dose and pictures, case by case."""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from imaging.cohort.decision import Decision
from imaging.cohort.doses import DoseFiles, judge_maximum
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
    FindingKind.MASKS_FAILED: "XIV_EXEC_001",
    FindingKind.DOSE_WRITTEN: "XVI_SUCC_004",
    FindingKind.DOSE_UNEVEN: "XVI_REV_006",
}


def prepare_group(
    group: Sequence[Path], cohort: CohortFolder, specification: CohortSpecification
) -> int:
    """Write the outputs of several patients; return of how many cases anything was written anew."""
    return sum(prepare_patient(path, cohort, specification) for path in group)


def prepare_patient(path: Path, cohort: CohortFolder, specification: CohortSpecification) -> int:
    """Write the outputs of every complete case of a patient, and note what came of it.

    What is wrong with a case's data is a decision about that case; another case goes on.
    """
    notes = PatientNotes.read(path)
    written = 0
    for case in notes.cases:
        if not case.is_complete or not specification.outputs.any_files:
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
        dose = _dose_source(case, folder, specification.dose)
        bounds = _within_bounds(dose, specification.dose)
        products, refused = _write(case, folder, specification, dose)
    except Exception as error:  # noqa: BLE001 - the case's boundary: recorded, others go on
        log.warning("%s: outputs failed, %s", case.name, type(error).__name__)
        failed = Decision("XII_EXEC_001", "", {"reason": _reason(error)})
        return Products((), (), reused=False), [failed]
    return products, [*map(_decision, products.findings), *refused, *bounds]


def _reason(error: Exception) -> str:
    """Say what went wrong; the trace of what nobody foresaw goes into the notes."""
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error) if isinstance(error, ImagingError) else traceback.format_exc()


def _write(
    case: CaseNotes, folder: Path, specification: CohortSpecification, dose: DoseSource | None
) -> tuple[Products, list[Decision]]:
    """Write all outputs or, where the dose cannot be used, all but the dose."""
    outputs, images = specification.outputs, specification.images
    wanted = Wanted(
        image=outputs.image,
        masks=outputs.masks,
        label_map=outputs.label_map,
        dose=outputs.dose,
        dose_on_image=outputs.dose_on_image,
        pictures=outputs.pictures,
    )
    resampling = Resampling(images.fill_missing_slices, images.straighten_tilt)
    files = _case_files(case, folder)
    rois = _wanted_rois(case, specification)
    try:
        with_dose = replace(files, dose=dose)
        return write_products(with_dose, folder, wanted, resampling, rois), []
    except ImagingError as error:
        refused = Decision("XVI_REV_007", "", {"reason": str(error)})
        return write_products(files, folder, wanted, resampling, rois), [refused]


def _case_files(case: CaseNotes, folder: Path) -> CaseFiles:
    images = tuple(
        folder / part.modality / f"{row.sop_instance_uid}.dcm"
        for part in case.parts
        if part.series_instance_uid == case.chosen["ct_series_instance_uid"]
        for row in part.instances
    )
    rtstruct = next((folder / name for name in case.files("RTSTRUCT")), None)
    return CaseFiles(images, rtstruct)


def _dose_source(case: CaseNotes, folder: Path, rules: DoseRules) -> DoseSource | None:
    """Return how the case's dose is read; None where none was chosen."""
    doses = tuple(folder / name for name in case.files("RTDOSE"))
    if not doses:
        return None
    plans = tuple(folder / name for name in case.files("RTPLAN"))
    files = DoseFiles(doses, plans, tuple(case.chosen["rtdoses"]))
    return DoseSource((*doses, *plans), lambda: files.select(rules), rules.model_dump_json())


def _within_bounds(dose: DoseSource | None, rules: DoseRules) -> list[Decision]:
    """Judge the largest dose, if the rules bound it; else the dose need not be read for that."""
    if dose is None or not (rules.lowest_maximum_gy or rules.highest_maximum_gy):
        return []
    try:
        selected = dose.read()
    except ImagingError:
        return []  # said where the dose is written
    return judge_maximum(selected.grid.max_gy, selected.uids[0], rules)


def _wanted_rois(case: CaseNotes, specification: CohortSpecification) -> list[str]:
    """Return the names in the RTSTRUCT that the rules want; one of the patterns is enough."""
    return [
        name
        for name in dict.fromkeys(case.chosen["rois"])
        if any(name_matches(name, wanted) for wanted in specification.wanted_rois)
    ]


def _decision(finding: Finding) -> Decision:
    return Decision(_CODE_OF[finding.kind], finding.subject_uid, dict(finding.evidence))
