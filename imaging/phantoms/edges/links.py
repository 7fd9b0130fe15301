"""Patients whose objects refer to each other in awkward ways, or who have too many of them."""

from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from imaging.phantoms.dose import DoseEncoding
from imaging.phantoms.edges.case import Answer, EdgeCase
from imaging.phantoms.edges.patient import BODY, LUNG, PTV, EdgePatient, Objects, only, without
from imaging.phantoms.edges.turning import contours_in
from imaging.phantoms.headers import derive_seed, new_object, reference_to
from imaging.phantoms.solids import Sphere

_OTHER_PTV = replace(PTV, solid=Sphere((11.7, 8.4, -5.0), 36.0))


def _absent_ct(patient: EdgePatient) -> Objects:
    return [*patient.ct_images("other CT"), *without(patient.objects(), "CT")]


def _no_referenced_study(patient: EdgePatient) -> Objects:
    items = patient.objects()
    for structures in only(items, "RTSTRUCT"):
        del structures.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence
    return items


def _frame_of_reference_only(patient: EdgePatient) -> Objects:
    items = _no_referenced_study(patient)
    for structures in only(items, "RTSTRUCT"):
        for contour in contours_in(structures):
            del contour.ContourImageSequence
    return items


def _rt_in_another_study(patient: EdgePatient) -> Objects:
    items = patient.objects()
    for item in without(items, "CT"):
        item.StudyInstanceUID = patient.study.uid("RT study")
    return items


def _two_structure_sets(patient: EdgePatient) -> Objects:
    other = replace(patient, rois=(BODY, _OTHER_PTV, LUNG))
    return [other.rtstruct("Other structures"), *patient.objects()]


def _plan_on_two_structure_sets(patient: EdgePatient) -> Objects:
    items = _two_structure_sets(patient)
    for plan in only(items, "RTPLAN"):
        plan.ReferencedStructureSetSequence.append(reference_to(items[0]))
    return items


def _second_plan(patient: EdgePatient, status: str, factor: float) -> Objects:
    plan = patient.rtplan("Second plan")
    _set_status(plan, status)
    dose = patient.rtdose(DoseEncoding(role="second dose"), plan=plan, factor=factor)
    return [*patient.objects(), plan, dose]


def _set_status(plan: Dataset, status: str) -> None:
    plan.ApprovalStatus = status
    if status == "UNAPPROVED":  # who reviewed it, and when, goes with a decision
        del plan.ReviewDate, plan.ReviewTime, plan.ReviewerName


def _only_plan(patient: EdgePatient, status: str) -> Objects:
    items = patient.objects()
    for plan in only(items, "RTPLAN"):
        _set_status(plan, status)
    return items


def _plan_without_status(patient: EdgePatient) -> Objects:
    items = _only_plan(patient, "UNAPPROVED")
    for plan in only(items, "RTPLAN"):
        del plan.ApprovalStatus
    return items


def _two_treatments(patient: EdgePatient) -> Objects:
    second = replace(
        patient.study,
        seed=derive_seed(patient.study.seed, "second study"),
        study_date="20240402",
    )
    other = replace(patient, study=second, rois=(BODY, _OTHER_PTV, LUNG))
    return [*patient.objects(), *other.objects()]


def _extra_ct(patient: EdgePatient) -> Objects:
    return [*patient.ct_images("extra CT"), *patient.objects()]


def _other_frame(patient: EdgePatient, modality: str) -> Objects:
    items = patient.objects()
    other = patient.study.uid("other frame of reference")
    for item in only(items, modality):
        item.FrameOfReferenceUID = other
        for frame in item.get("ReferencedFrameOfReferenceSequence") or ():
            frame.FrameOfReferenceUID = other
        for roi in item.get("StructureSetROISequence") or ():
            roi.ReferencedFrameOfReferenceUID = other
    return items


def _screenshot(patient: EdgePatient) -> Objects:
    """Add what consoles send along: a picture of the screen that calls itself CT."""
    shot = new_object(patient.study, SecondaryCaptureImageStorage, "CT", "dose report")
    del shot.FrameOfReferenceUID, shot.PositionReferenceIndicator
    shot.ConversionType, shot.InstanceNumber = "WSD", 1
    shot.SeriesDescription = "Dose Report"
    shot.SamplesPerPixel, shot.PhotometricInterpretation = 1, "MONOCHROME2"
    shot.Rows = shot.Columns = 32
    shot.BitsAllocated = shot.BitsStored = 8
    shot.HighBit, shot.PixelRepresentation = 7, 0
    shot.PixelData = bytes(32 * 32)
    return [shot, *_frame_of_reference_only(patient)]


def _renumbered(patient: EdgePatient) -> Objects:
    """Store contours and observations against the order of the ROIs they belong to."""
    items = patient.objects()
    for structures in only(items, "RTSTRUCT"):
        for keyword in ("ROIContourSequence", "RTROIObservationsSequence"):
            setattr(structures, keyword, list(reversed(structures[keyword].value)))
    return items


_CHAINED = Answer(codes=("II_SUCC_001",))
_NO_CHAIN = Answer(outcome="EXCLUDE", codes=("II_EXEC_002",))
_AMBIGUOUS = Answer(outcome="EXCLUDE", codes=("II_EXEC_003",))

LINK_CASES = (
    EdgeCase("E01-plain", "Nothing is odd.", answer=_CHAINED),
    EdgeCase(
        "E04-absent-ct", "The RTSTRUCT refers to a CT that is not there.", _absent_ct, _NO_CHAIN
    ),
    EdgeCase(
        "E05-no-referenced-study",
        "The RTSTRUCT has no RTReferencedStudySequence; its contours name their images.",
        _no_referenced_study,
        _CHAINED,
    ),
    EdgeCase(
        "E05-frame-of-reference-only",
        "The RTSTRUCT names no series and no image, just a frame of reference.",
        _frame_of_reference_only,
        Answer(codes=("II_SUCC_002",)),
    ),
    EdgeCase(
        "E06-rt-in-another-study",
        "RTSTRUCT, RTPLAN and RTDOSE lie in another study than the CT.",
        _rt_in_another_study,
        _CHAINED,
    ),
    EdgeCase(
        "E07-contours-in-another-order",
        "ROIContourSequence runs against the order of StructureSetROISequence.",
        _renumbered,
        _CHAINED,
    ),
    EdgeCase(
        "E17-two-structure-sets",
        "Two RTSTRUCTs have the same names and other solids; the plan refers to one.",
        _two_structure_sets,
        _CHAINED,
    ),
    EdgeCase(
        "E18-unapproved-plan",
        "A second plan, unapproved, has a dose of its own.",
        lambda patient: _second_plan(patient, "UNAPPROVED", 1.1),
        _CHAINED,
    ),
    EdgeCase(
        "E22-two-treatments",
        "Two complete treatments lie a year apart.",
        _two_treatments,
        Answer(outcome="EXCLUDE", codes=("I_EXEC_007",)),
    ),
    EdgeCase(
        "E23-extra-ct",
        "A second CT in the same frame of reference, to which nothing refers.",
        _extra_ct,
        _CHAINED,
    ),
    EdgeCase(
        "N01-plan-on-two-structure-sets",
        "The plan refers to two RTSTRUCTs, where the standard allows one.",
        _plan_on_two_structure_sets,
        _AMBIGUOUS,
    ),
    EdgeCase(
        "N02-rejected-second-plan",
        "A second plan was reviewed and rejected.",
        lambda patient: _second_plan(patient, "REJECTED", 0.9),
        _CHAINED,
    ),
    EdgeCase(
        "N03-only-plan-rejected",
        "The only plan was rejected.",
        lambda patient: _only_plan(patient, "REJECTED"),
        Answer(outcome="EXCLUDE"),
    ),
    EdgeCase(
        "N04-only-plan-unapproved",
        "The only plan is not approved.",
        lambda patient: _only_plan(patient, "UNAPPROVED"),
        Answer(outcome="REVIEW", codes=("II_REV_004",)),
    ),
    EdgeCase(
        "N05-no-approval-status",
        "The plan has no Approval Module, which is optional.",
        _plan_without_status,
        Answer(codes=("II_SUCC_001",), not_codes=("II_REV_004",)),
    ),
    EdgeCase(
        "N06-boost",
        "A boost plan on the same CT and RTSTRUCT, approved like the first, with its dose.",
        lambda patient: _second_plan(patient, "APPROVED", 0.3),
        _AMBIGUOUS,
    ),
    EdgeCase(
        "N07-structures-in-another-frame",
        "The RTSTRUCT names its CT, and another frame of reference than the CT's.",
        lambda patient: _other_frame(patient, "RTSTRUCT"),
        Answer(outcome="REVIEW", codes=("II_REV_012",)),
    ),
    EdgeCase(
        "N08-dose-in-another-frame",
        "The RTDOSE has another frame of reference than the CT.",
        lambda patient: _other_frame(patient, "RTDOSE"),
        Answer(outcome="REVIEW", codes=("II_REV_012",)),
    ),
    EdgeCase(
        "N09-screenshot-as-ct",
        "A picture of the console is of modality CT, and the RTSTRUCT names no image.",
        _screenshot,
        Answer(codes=("II_SUCC_002",)),
    ),
)
