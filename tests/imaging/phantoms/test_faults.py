from collections import Counter

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from imaging.phantoms import Cohort, Fault, PhantomSize
from imaging.phantoms.cohort import CohortPatient

RIGHT = Counter(CT=24, RTSTRUCT=1, RTPLAN=1, RTDOSE=1)


def planted(fault: Fault) -> CohortPatient:
    """The second patient of a cohort, with the fault."""
    cohort = Cohort(seed=3, size=PhantomSize.tiny())
    cohort.add()
    return cohort.add(fault)


def objects(fault: Fault) -> list[Dataset]:
    return list(planted(fault).datasets())


def of_modality(items: list[Dataset], modality: str) -> list[Dataset]:
    return [item for item in items if item.Modality == modality]


def distinct(items: list[Dataset], keyword: str) -> set[str]:
    return {str(item[keyword].value) for item in items}


@pytest.mark.parametrize(
    ("fault", "difference"),
    [
        (Fault.MISSING_DOSE, {"RTDOSE": -1}),
        (Fault.MISSING_PLAN, {"RTPLAN": -1}),
        (Fault.MISSING_STRUCTURES, {"RTSTRUCT": -1}),
        (Fault.MISSING_CT, {"CT": -24}),
        (Fault.MISSING_SLICE, {"CT": -1}),
        (Fault.DUPLICATED_SLICES, {"CT": 2}),
        (Fault.DOSE_EXPORTED_TWICE, {"RTDOSE": 1}),
        (Fault.UNAPPROVED_PLAN, {"RTPLAN": 1, "RTDOSE": 1}),
        (Fault.EXTRA_CT, {"CT": 24}),
        (Fault.TWO_STRUCTURE_SETS, {"RTSTRUCT": 1}),
        (Fault.TWO_STUDIES, dict(RIGHT)),
    ],
)
def test_a_fault_of_number_adds_or_takes_just_that(fault, difference):
    expected = Counter(RIGHT)
    expected.update(difference)

    assert Counter(str(item.Modality) for item in objects(fault)) == +expected


CHANGED = {
    Fault.PHANTOM_STUDY: {"StudyDescription", "SeriesDescription"},
    Fault.EXCLUDED_STUDY: {"StudyDescription"},
    Fault.RT_IN_OTHER_STUDY: {"StudyInstanceUID"},
    Fault.NO_REFERENCED_STUDY: {"ReferencedFrameOfReferenceSequence"},
    Fault.NON_ASCII_NAME: {"PatientName", "SpecificCharacterSet"},
    Fault.ROI_ORDER: {"ROIContourSequence"},
    Fault.TRUNCATED_FILE: set(),
    Fault.UNWANTED_ROIS: {
        "StructureSetROISequence",
        "ROIContourSequence",
        "RTROIObservationsSequence",
        "DoseReferenceSequence",
        "IsocenterPosition",
        "BeamSequence",
        "DVHSequence",
    },
}


@pytest.mark.parametrize("fault", CHANGED)
def test_a_fault_of_content_changes_just_that(fault):
    patient = planted(fault)

    differing = set()
    for right, wrong in zip(patient.phantom.datasets(), patient.datasets(), strict=True):
        tags = {*right.keys(), *wrong.keys()}
        differing |= {tag for tag in tags if right.get(tag) != wrong.get(tag)}

    keywords = {pydicom.datadict.keyword_for_tag(tag) for tag in differing}
    assert keywords <= CHANGED[fault]
    assert bool(keywords) == bool(CHANGED[fault])


def test_every_fault_has_a_test():
    numbers = {
        Fault.MISSING_DOSE, Fault.MISSING_PLAN, Fault.MISSING_STRUCTURES, Fault.MISSING_CT,
        Fault.MISSING_SLICE, Fault.DUPLICATED_SLICES, Fault.DOSE_EXPORTED_TWICE, Fault.TWO_STUDIES,
        Fault.UNAPPROVED_PLAN, Fault.EXTRA_CT, Fault.TWO_STRUCTURE_SETS,
    }  # fmt: skip

    assert numbers | set(CHANGED) | {Fault.OTHER_CT, Fault.ID_PREFIX} == set(Fault)


def test_descriptions_name_the_phantom_and_the_excluded_site():
    assert distinct(objects(Fault.PHANTOM_STUDY), "StudyDescription") == {"Monthly QA phantom"}
    assert distinct(objects(Fault.EXCLUDED_STUDY), "StudyDescription") == {"Head and Neck RT"}
    assert "phantom" not in str(next(iter(planted(Fault.MISSING_CT).datasets()))).lower()


def test_the_ct_present_is_not_the_one_that_the_structures_refer_to():
    items = objects(Fault.OTHER_CT)

    frame = of_modality(items, "RTSTRUCT")[0].ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert str(series.SeriesInstanceUID) not in distinct(
        of_modality(items, "CT"), "SeriesInstanceUID"
    )
    assert distinct(items, "FrameOfReferenceUID") == {str(frame.FrameOfReferenceUID)}


def test_nothing_refers_to_the_extra_ct_in_the_same_frame_of_reference():
    items = objects(Fault.EXTRA_CT)
    images, structures = of_modality(items, "CT"), of_modality(items, "RTSTRUCT")[0]

    frame = structures.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    extra = distinct(images, "SeriesInstanceUID") - {str(series.SeriesInstanceUID)}
    assert len(extra) == 1
    assert len(distinct(images, "SOPInstanceUID")) == 48
    assert len(distinct(images, "FrameOfReferenceUID")) == 1


def test_two_studies_share_the_patient_and_nothing_else():
    items = objects(Fault.TWO_STUDIES)

    assert len(distinct(items, "PatientID")) == len(distinct(items, "PatientName")) == 1
    assert len(distinct(items, "PatientBirthDate")) == 1
    assert len(distinct(items, "StudyInstanceUID")) == len(distinct(items, "StudyDate")) == 2
    assert len(distinct(items, "SOPInstanceUID")) == len(items)


def test_a_missing_slice_leaves_a_gap_and_a_duplicate_shares_a_position():
    gap = [
        float(i.ImagePositionPatient[2]) for i in of_modality(objects(Fault.MISSING_SLICE), "CT")
    ]
    twice = of_modality(objects(Fault.DUPLICATED_SLICES), "CT")

    assert Counter(np.diff(gap)) == {6.0: 21, 12.0: 1}
    positions = Counter(float(image.ImagePositionPatient[2]) for image in twice)
    assert Counter(positions.values()) == {1: 22, 2: 2}
    assert len(distinct(twice, "SOPInstanceUID")) == 26


def test_the_dose_exported_twice_has_two_uids_in_one_series_and_one_content():
    first, second = of_modality(objects(Fault.DOSE_EXPORTED_TWICE), "RTDOSE")

    differing = {element.keyword for element in first if element != second[element.tag]}
    assert differing == {"SOPInstanceUID"}
    assert second.file_meta.MediaStorageSOPInstanceUID == second.SOPInstanceUID


def test_the_second_plan_is_unapproved_and_its_dose_larger():
    items = objects(Fault.UNAPPROVED_PLAN)
    plans, doses = of_modality(items, "RTPLAN"), of_modality(items, "RTDOSE")

    assert [str(plan.ApprovalStatus) for plan in plans] == ["APPROVED", "UNAPPROVED"]
    for plan, dose in zip(plans, doses, strict=True):
        used = dose.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID
        assert used == plan.SOPInstanceUID
    first, second = (dose.pixel_array * float(dose.DoseGridScaling) for dose in doses)
    assert second == pytest.approx(1.1 * first, abs=1e-6)


def test_rt_objects_lie_in_one_other_study_and_still_name_that_of_the_ct():
    items = objects(Fault.RT_IN_OTHER_STUDY)
    images = of_modality(items, "CT")
    structures = of_modality(items, "RTSTRUCT")[0]

    frame = structures.ReferencedFrameOfReferenceSequence[0]
    named = frame.RTReferencedStudySequence[0].ReferencedSOPInstanceUID
    assert distinct(images, "StudyInstanceUID") == {str(named)}
    assert len(distinct(items, "StudyInstanceUID")) == 2
    assert str(structures.StudyInstanceUID) != str(named)


def test_without_the_referenced_study_the_contours_still_name_their_slices():
    structures = of_modality(objects(Fault.NO_REFERENCED_STUDY), "RTSTRUCT")[0]

    frame = structures.ReferencedFrameOfReferenceSequence[0]
    assert "RTReferencedStudySequence" not in frame
    contour = structures.ROIContourSequence[0].ContourSequence[0]
    assert contour.ContourImageSequence[0].ReferencedSOPInstanceUID


def test_the_plan_uses_the_first_of_two_structure_sets_with_the_same_names():
    items = objects(Fault.TWO_STRUCTURE_SETS)
    first, second = of_modality(items, "RTSTRUCT")

    names = [[str(roi.ROIName) for roi in s.StructureSetROISequence] for s in (first, second)]
    used = of_modality(items, "RTPLAN")[0].ReferencedStructureSetSequence[0]
    assert names[0] == names[1]
    assert used.ReferencedSOPInstanceUID == first.SOPInstanceUID != second.SOPInstanceUID
    assert first.ROIContourSequence != second.ROIContourSequence


def test_the_structure_set_holds_iso_and_couch_only():
    structures = of_modality(objects(Fault.UNWANTED_ROIS), "RTSTRUCT")[0]

    assert [str(roi.ROIName) for roi in structures.StructureSetROISequence] == ["ISO", "COUCH"]


def test_a_name_in_kanji_survives_the_file(tmp_path):
    path = planted(Fault.NON_ASCII_NAME).write(tmp_path)[0]

    assert pydicom.dcmread(path).PatientName == "山田^太郎"


def test_contours_run_against_the_order_of_the_names():
    structures = of_modality(objects(Fault.ROI_ORDER), "RTSTRUCT")[0]

    named = [roi.ROINumber for roi in structures.StructureSetROISequence]
    assert [roi.ReferencedROINumber for roi in structures.ROIContourSequence] == named[::-1]


def test_one_file_is_cut_in_its_pixels_and_the_others_are_whole(tmp_path):
    paths = planted(Fault.TRUNCATED_FILE).write(tmp_path)

    images = [pydicom.dcmread(path) for path in paths if path.parent.name == "CT"]
    lengths = Counter(len(image.get("PixelData", b"")) for image in images)
    assert lengths.pop(64 * 64 * 2) == 23
    assert 0 < next(iter(lengths)) < 64 * 64 * 2
