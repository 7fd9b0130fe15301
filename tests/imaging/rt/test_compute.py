import pytest
from pydicom import dcmread

from imaging.errors import DicomError, InputError
from imaging.rt import dvhs_of_files, name_key, prescription_gy, roi_colours
from imaging.rt.files.rois import rois_of


def changed(path, folder, change):
    """Write a copy of a file with a change made to its dataset."""
    dataset = dcmread(path)
    change(dataset)
    dataset.save_as(folder / "changed.dcm")
    return folder / "changed.dcm"


def test_every_roi_has_a_dvh_in_the_order_of_the_structure_set(rt_files, dvhs):
    assert tuple(dvh.roi_name for dvh in dvhs) == rt_files.patient.roi_names
    assert [dvh.roi_number for dvh in dvhs] == [roi.number for roi in rt_files.patient.rois]


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["ptv"], ["PTV"]),
        (["lung_*"], ["Lung_L", "Lung_R"]),
        (["Lung L", "HEART"], ["Heart", "Lung_L"]),
        ([" lung_[lr] ", "Lung_L"], ["Lung_L", "Lung_R"]),
        ([], []),
    ],
)
def test_rois_are_chosen_by_name_or_pattern_whatever_the_case(rt_files, patterns, expected):
    found = dvhs_of_files(rt_files.rtstruct, rt_files.rtdose, rois=patterns)

    assert [dvh.roi_name for dvh in found] == expected


def test_a_name_that_is_not_there_is_refused_with_the_names_that_are(rt_files):
    with pytest.raises(InputError, match=r"'Kidney_\*'. There are: BODY, .*, SpinalCord"):
        dvhs_of_files(rt_files.rtstruct, rt_files.rtdose, rois=["PTV", "Kidney_*"])


def test_a_name_may_hold_the_signs_of_a_pattern(rt_files, tmp_path):
    def rename(dataset):
        dataset.StructureSetROISequence[0].ROIName = "PTV[1]*"

    rtstruct = changed(rt_files.rtstruct, tmp_path, rename)

    assert len(dvhs_of_files(rtstruct, rt_files.rtdose, rois=["ptv[1]*"])) == 1


@pytest.mark.parametrize(
    ("name", "key"),
    [("Lung_L", "lung_l"), (" Lung  L ", "lung_l"), ("Lungs-GTV", "lungs-gtv")],
)
def test_names_are_the_same_whatever_case_and_blanks(name, key):
    assert name_key(name) == key


def test_another_frame_of_reference_is_refused_naming_both(rt_files, tmp_path):
    def move(dataset):
        dataset.FrameOfReferenceUID = "1.2.3.4"

    rtdose = changed(rt_files.rtdose, tmp_path, move)

    with pytest.raises(DicomError, match=r"1\.2\.3\.4") as refusal:
        dvhs_of_files(rt_files.rtstruct, rtdose)
    assert str(rt_files.patient.study.frame_of_reference_uid) in str(refusal.value)


def test_a_frame_of_reference_may_be_the_structure_sets_only_one(rt_files, tmp_path):
    def forget(dataset):
        for item in dataset.StructureSetROISequence:
            del item.ReferencedFrameOfReferenceUID

    rtstruct = changed(rt_files.rtstruct, tmp_path, forget)

    assert len(dvhs_of_files(rtstruct, rt_files.rtdose, rois=["PTV"])) == 1


def test_a_plan_that_the_dose_does_not_belong_to_is_refused(rt_files, tmp_path):
    def rename(dataset):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"

    rtplan = changed(rt_files.rtplan, tmp_path, rename)

    with pytest.raises(DicomError, match=r"not to 1\.2\.3\.4"):
        dvhs_of_files(rt_files.rtstruct, rt_files.rtdose, rtplan=rtplan)


def test_files_in_the_wrong_places_are_refused(rt_files):
    with pytest.raises(DicomError, match="is of class"):
        dvhs_of_files(rt_files.rtdose, rt_files.rtstruct)


@pytest.mark.parametrize("content", [b"", b"no DICOM", b"\0" * 128 + b"DICM" + b"\1" * 50])
def test_a_file_that_is_no_dicom_is_refused(rt_files, tmp_path, content):
    path = tmp_path / "broken.dcm"
    path.write_bytes(content)

    with pytest.raises(DicomError, match=r"^broken\.dcm: "):
        dvhs_of_files(path, rt_files.rtdose)
    with pytest.raises(DicomError, match="cannot be read"):
        prescription_gy(tmp_path / "missing.dcm")


def test_two_rois_with_one_number_are_refused(tiny):
    dataset = tiny.rtstruct()
    dataset.StructureSetROISequence[1].ROINumber = 1

    with pytest.raises(DicomError, match=r"ROINumber .* 1 is missing or used twice"):
        rois_of(dataset)


def test_the_prescription_is_the_highest_of_the_plans_targets(rt_files, tmp_path):
    assert prescription_gy(rt_files.rtplan) == 50.0

    def boost(dataset):
        item = dcmread(rt_files.rtplan).DoseReferenceSequence[0]
        item.TargetPrescriptionDose = 60.5
        dataset.DoseReferenceSequence.append(item)

    assert prescription_gy(changed(rt_files.rtplan, tmp_path, boost)) == 60.5


@pytest.mark.parametrize("organ_only", [True, False])
def test_a_plan_without_a_target_has_no_prescription(rt_files, tmp_path, organ_only):
    def forget(dataset):
        if not organ_only:
            del dataset.DoseReferenceSequence
            return
        for item in dataset.DoseReferenceSequence:
            item.DoseReferenceType = "ORGAN_AT_RISK"

    assert prescription_gy(changed(rt_files.rtplan, tmp_path, forget)) is None


def test_colours_are_those_of_the_structure_set(rt_files):
    colours = roi_colours(rt_files.rtstruct)

    assert colours[1] == "#{:02x}{:02x}{:02x}".format(*rt_files.patient.rois[0].colour)
    assert len(colours) == len(rt_files.patient.rois)
