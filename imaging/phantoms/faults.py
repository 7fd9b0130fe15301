"""What can be wrong, or merely unusual, with a patient in an archive; and how to bring it about.

Each fault changes one thing of a patient who is otherwise right.
"""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import replace
from enum import StrEnum

from pydicom.dataset import Dataset

from imaging.phantoms.dose import DoseEncoding
from imaging.phantoms.headers import derive_seed, rename
from imaging.phantoms.patient import PhantomPatient
from imaging.phantoms.structures import Roi

SECOND_PLAN_FACTOR = 1.1
"""How much larger the dose of the unapproved second plan is."""


class Fault(StrEnum):
    """What a patient of a cohort has that the others have not."""

    MISSING_DOSE = "missing-dose"
    """No RTDOSE."""
    MISSING_PLAN = "missing-plan"
    """No RTPLAN, though the RTDOSE refers to one."""
    MISSING_STRUCTURES = "missing-structures"
    """No RTSTRUCT, though the RTPLAN refers to one."""
    MISSING_CT = "missing-ct"
    """No CT at all, though the RTSTRUCT refers to one."""
    OTHER_CT = "other-ct"
    """The CT present is not the series that the RTSTRUCT refers to."""
    TWO_STUDIES = "two-studies"
    """Two complete studies of different dates, both right: which is wanted is ambiguous."""
    PHANTOM_STUDY = "phantom-study"
    """The only study is of a phantom: StudyDescription and SeriesDescription say so."""
    EXCLUDED_STUDY = "excluded-study"
    """StudyDescription names another site: head and neck."""
    UNWANTED_ROIS = "unwanted-rois"
    """The RTSTRUCT holds ISO and COUCH only."""
    MISSING_SLICE = "missing-slice"
    """A CT slice from the middle is absent: a gap."""
    DUPLICATED_SLICES = "duplicated-slices"
    """Two CT slices are there twice, under two SOPInstanceUIDs."""
    DOSE_EXPORTED_TWICE = "dose-exported-twice"
    """The RTDOSE is there twice: same pixels, two SOPInstanceUIDs, one series."""
    UNAPPROVED_PLAN = "unapproved-plan"
    """A second RTPLAN, UNAPPROVED, with an RTDOSE that is larger."""
    RT_IN_OTHER_STUDY = "rt-in-other-study"
    """RTSTRUCT, RTPLAN and RTDOSE lie in another study than the CT they refer to."""
    NO_REFERENCED_STUDY = "no-referenced-study"
    """The RTSTRUCT has no RTReferencedStudySequence."""
    EXTRA_CT = "extra-ct"
    """A second CT series in the same frame of reference, to which nothing refers."""
    TWO_STRUCTURE_SETS = "two-structure-sets"
    """Two RTSTRUCTs with the same names and other solids; the plan refers to one."""
    ID_PREFIX = "id-prefix"
    """PatientID begins with the whole PatientID of the patient before."""
    NON_ASCII_NAME = "non-ascii-name"
    """PatientName is written in kanji, in UTF-8."""
    ROI_ORDER = "roi-order"
    """ROIContourSequence runs against the order of StructureSetROISequence."""
    TRUNCATED_FILE = "truncated-file"
    """The file of one CT slice ends in the middle of its pixels."""


Objects = list[Dataset]


def _is_ct(dataset: Dataset) -> bool:
    return str(dataset.Modality) == "CT"


def _without(modality: str) -> Callable[[PhantomPatient], Objects]:
    def objects(patient: PhantomPatient) -> Objects:
        return [item for item in patient.datasets() if str(item.Modality) != modality]

    return objects


def _described(study: str, ct_series: str) -> Callable[[PhantomPatient], Objects]:
    def objects(patient: PhantomPatient) -> Objects:
        items = list(patient.datasets())
        for item in items:
            item.StudyDescription = study
        for item in filter(_is_ct, items):
            item.SeriesDescription = ct_series
        return items

    return objects


def _other_ct(patient: PhantomPatient) -> Objects:
    return [*patient.ct_images("other CT"), *_without("CT")(patient)]


def _two_studies(patient: PhantomPatient) -> Objects:
    first = patient.study
    other = PhantomPatient.synthetic(derive_seed(patient.seed, "second study"), size=patient.size)
    year = int(first.study_date[:4]) + 1
    date = f"{year}{first.study_date[4:6]}01"
    second = replace(first, seed=other.seed, study_date=date)
    return [*patient.datasets(), *replace(other, study=second).datasets()]


def _unwanted_rois(patient: PhantomPatient) -> Objects:
    solids = {roi.name: roi.solid for roi in patient.rois}
    rois = (
        Roi(1, "ISO", solids["Esophagus"], "CONTROL"),
        Roi(2, "COUCH", solids["SpinalCord"], "SUPPORT"),
    )
    prescription = replace(patient.prescription, roi_number=None)
    other = replace(patient, rois=rois, prescription=prescription)
    return [*patient.ct_images(), other.rtstruct(), other.rtplan(), other.rtdose()]


def _missing_slice(patient: PhantomPatient) -> Objects:
    items = list(patient.datasets())
    del items[patient.size.slices // 2]
    return items


def _duplicated_slices(patient: PhantomPatient) -> Objects:
    items = list(patient.datasets())
    middle = patient.size.slices // 2
    copies = [deepcopy(item) for item in items[middle : middle + 2]]
    for index, item in enumerate(copies):
        rename(item, patient.study.uid(f"copy of CT {middle + index}"))
    return [*items, *copies]


def _dose_exported_twice(patient: PhantomPatient) -> Objects:
    again = rename(patient.rtdose(), patient.study.uid("RTDOSE exported again"))
    return [*patient.datasets(), again]


def _unapproved_plan(patient: PhantomPatient) -> Objects:
    plan = patient.rtplan("Second plan")
    plan.ApprovalStatus = "UNAPPROVED"
    del plan.ReviewDate, plan.ReviewTime, plan.ReviewerName
    warmer = replace(patient, dose=patient.dose.scaled(SECOND_PLAN_FACTOR))
    return [*patient.datasets(), plan, warmer.rtdose(DoseEncoding(role="second dose"), plan=plan)]


def _rt_in_other_study(patient: PhantomPatient) -> Objects:
    items = list(patient.datasets())
    for item in items:
        if not _is_ct(item):
            item.StudyInstanceUID = patient.study.uid("RT study")
    return items


def _no_referenced_study(patient: PhantomPatient) -> Objects:
    items = list(patient.datasets())
    for item in items:
        if str(item.Modality) == "RTSTRUCT":
            del item.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence
    return items


def _extra_ct(patient: PhantomPatient) -> Objects:
    return [*patient.datasets(), *patient.ct_images("extra CT")]


def _two_structure_sets(patient: PhantomPatient) -> Objects:
    other = PhantomPatient.synthetic(derive_seed(patient.seed, "other"), size=patient.size)
    return [*patient.datasets(), replace(patient, rois=other.rois).rtstruct("Other structures")]


def _non_ascii_name(patient: PhantomPatient) -> Objects:
    study = replace(patient.study, patient_name="山田^太郎", character_set="ISO_IR 192")
    return list(replace(patient, study=study).datasets())


def _roi_order(patient: PhantomPatient) -> Objects:
    items = list(patient.datasets())
    for item in items:
        if str(item.Modality) == "RTSTRUCT":
            item.ROIContourSequence = list(reversed(item.ROIContourSequence))
    return items


_OBJECTS: dict[Fault, Callable[[PhantomPatient], Iterable[Dataset]]] = {
    Fault.MISSING_DOSE: _without("RTDOSE"),
    Fault.MISSING_PLAN: _without("RTPLAN"),
    Fault.MISSING_STRUCTURES: _without("RTSTRUCT"),
    Fault.MISSING_CT: _without("CT"),
    Fault.OTHER_CT: _other_ct,
    Fault.TWO_STUDIES: _two_studies,
    Fault.PHANTOM_STUDY: _described("Monthly QA phantom", "Phantom CT"),
    Fault.EXCLUDED_STUDY: _described("Head and Neck RT", "Planning CT"),
    Fault.UNWANTED_ROIS: _unwanted_rois,
    Fault.MISSING_SLICE: _missing_slice,
    Fault.DUPLICATED_SLICES: _duplicated_slices,
    Fault.DOSE_EXPORTED_TWICE: _dose_exported_twice,
    Fault.UNAPPROVED_PLAN: _unapproved_plan,
    Fault.RT_IN_OTHER_STUDY: _rt_in_other_study,
    Fault.NO_REFERENCED_STUDY: _no_referenced_study,
    Fault.EXTRA_CT: _extra_ct,
    Fault.TWO_STRUCTURE_SETS: _two_structure_sets,
    Fault.NON_ASCII_NAME: _non_ascii_name,
    Fault.ROI_ORDER: _roi_order,
}
"""Faults that show in the objects; the two others are in the PatientID and in a file."""


def faulty_datasets(patient: PhantomPatient, fault: Fault | None) -> Iterable[Dataset]:
    """Make the objects of ``patient`` with ``fault`` in them; right ones for None."""
    return patient.datasets() if fault not in _OBJECTS else _OBJECTS[fault](patient)
