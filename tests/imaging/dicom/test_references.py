from io import BytesIO
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging.dicom.reading import UNREADABLE
from imaging.dicom.references import read_references, references_of
from imaging.errors import DicomError
from imaging.phantoms import PhantomPatient, PhantomSize
from tests.imaging.dicom.instances import dicom_bytes, image

PATIENT = PhantomPatient.synthetic(7, patient_id="P1", size=PhantomSize.tiny())


def item(**values: object) -> Dataset:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def rt(modality: str, **values: Any) -> Dataset:
    """An RT object with nothing in it but what is given."""
    return image(
        Modality=modality, PixelData=None, Rows=None, Columns=None, PixelSpacing=None, **values
    )


def test_a_structure_set_names_its_series_images_and_rois():
    dataset = PATIENT.rtstruct()
    images = {slice_.SOPInstanceUID for slice_ in PATIENT.ct_images()}
    (frame,) = dataset.ReferencedFrameOfReferenceSequence

    references = read_references(dicom_bytes(dataset))

    assert references.sop_instance_uid == dataset.SOPInstanceUID
    assert set(references.image_uids) == images
    assert len(references.image_uids) == len(images)
    assert references.frame_of_reference_uids == (frame.FrameOfReferenceUID,)
    assert [name for _, name in references.rois] == list(PATIENT.roi_names)
    assert references.label == dataset.StructureSetLabel
    assert references.date == dataset.StructureSetDate
    assert references.time == dataset.StructureSetTime
    assert (
        dict(references.roi_types)[1] == dataset.RTROIObservationsSequence[0].RTROIInterpretedType
    )
    assert references.approval_status == dataset.get("ApprovalStatus", "")


def test_a_plan_names_its_structure_set_and_beams():
    dataset = PATIENT.rtplan()

    references = read_references(BytesIO(dicom_bytes(dataset)))

    assert references.structure_set_uids == (PATIENT.rtstruct().SOPInstanceUID,)
    assert references.beam_numbers == tuple(
        beam.ReferencedBeamNumber
        for beam in dataset.FractionGroupSequence[0].ReferencedBeamSequence
    )
    assert references.plan_uids == ()
    assert references.label == dataset.RTPlanLabel
    assert (references.date, references.time) == (dataset.RTPlanDate, dataset.RTPlanTime)
    assert references.fractions == dataset.FractionGroupSequence[0].NumberOfFractionsPlanned


def test_a_dose_names_its_plan_without_its_pixels_being_read(tmp_path):
    path = tmp_path / "dose.dcm"
    path.write_bytes(dicom_bytes(PATIENT.rtdose()))

    references = read_references(path)

    assert references.plan_uids == (PATIENT.rtplan().SOPInstanceUID,)
    assert references.dose_summation_type == "PLAN"
    assert references.dose_units == "GY"
    assert references.date == PATIENT.rtdose().InstanceCreationDate
    assert references.time == PATIENT.rtdose().InstanceCreationTime


def test_a_plan_names_its_relatives_which_are_no_parents():
    plans = [
        item(ReferencedSOPInstanceUID="1.7", RTPlanRelationship="PREDECESSOR"),
        item(ReferencedSOPInstanceUID="1.8", RTPlanRelationship="ALTERNATIVE"),
    ]

    references = read_references(dicom_bytes(rt("RTPLAN", ReferencedRTPlanSequence=plans)))

    assert references.related_plan_uids == ("1.7", "1.8")
    assert references.plan_uids == ()


def test_the_fractions_of_all_groups_add_up_and_one_that_is_not_told_does_not_count():
    groups = [item(NumberOfFractionsPlanned=number) for number in (25, None, 8)]

    references = read_references(dicom_bytes(rt("RTPLAN", FractionGroupSequence=groups)))

    assert references.fractions == 33


def test_the_types_of_rois_go_by_their_numbers():
    observations = [
        item(ReferencedROINumber=number, RTROIInterpretedType=kind)
        for number, kind in ((7, "EXTERNAL"), (3, ""), (5, "PTV"))
    ]

    references = read_references(
        dicom_bytes(rt("RTSTRUCT", RTROIObservationsSequence=observations))
    )

    assert references.roi_types == ((7, "EXTERNAL"), (5, "PTV"))


def test_every_item_of_every_sequence_counts():
    def series(uid: str, *images: str) -> Dataset:
        contour_images = [item(ReferencedSOPInstanceUID=image_uid) for image_uid in images]
        return item(SeriesInstanceUID=uid, ContourImageSequence=Sequence(contour_images))

    frames = [
        item(
            FrameOfReferenceUID=f"1.{frame}",
            RTReferencedStudySequence=[
                item(RTReferencedSeriesSequence=[series(f"1.{frame}.{study}.1", "9.1", "9.2")]),
                item(RTReferencedSeriesSequence=[series(f"1.{frame}.{study}.2", "9.2", "9.3")]),
            ],
        )
        for frame, study in ((1, 1), (2, 1))
    ]
    dataset = rt("RTSTRUCT", ReferencedFrameOfReferenceSequence=frames)

    references = read_references(dicom_bytes(dataset))

    assert references.series_uids == ("1.1.1.1", "1.1.1.2", "1.2.1.1", "1.2.1.2")
    assert references.image_uids == ("9.1", "9.2", "9.3")
    assert references.frame_of_reference_uids == ("1.1", "1.2")


def test_beams_of_a_dose_are_those_of_its_plan_reference():
    beams = [item(ReferencedBeamNumber=number) for number in (3, 1)]
    plan = item(
        ReferencedSOPInstanceUID="1.5",
        ReferencedFractionGroupSequence=[item(ReferencedBeamSequence=beams)],
    )
    dataset = rt("RTDOSE", ReferencedRTPlanSequence=[plan], DoseSummationType="BEAM")

    references = read_references(dicom_bytes(dataset))

    assert references.beam_numbers == (3, 1)
    assert references.plan_uids == ("1.5",)


def test_contours_name_the_images_that_the_series_list_omits():
    dataset = PATIENT.rtstruct()
    (frame,) = dataset.ReferencedFrameOfReferenceSequence
    for study in frame.RTReferencedStudySequence:
        for series in study.RTReferencedSeriesSequence:
            del series.ContourImageSequence
    expected = {
        contour.ContourImageSequence[0].ReferencedSOPInstanceUID
        for roi in dataset.ROIContourSequence
        for contour in roi.get("ContourSequence", [])
    }

    references = read_references(dicom_bytes(dataset))

    assert expected
    assert set(references.image_uids) == expected
    assert len(references.image_uids) == len(expected)


@pytest.mark.parametrize("modality", ["RTSTRUCT", "RTPLAN", "RTDOSE"])
def test_an_object_without_optional_sequences_refers_to_nothing(modality):
    references = read_references(dicom_bytes(rt(modality)))

    assert references.series_uids == references.image_uids == references.plan_uids == ()
    assert references.rois == ()
    assert references.beam_numbers == ()
    assert references.approval_status == ""


def test_the_json_of_a_server_says_the_same_as_the_file():
    plan = {"ReferencedSOPInstanceUID": "1.5", "ReferencedSOPClassUID": "1.2"}
    tags = {
        "SOPInstanceUID": "1.6",
        "Modality": "RTDOSE",
        "DoseUnits": "GY",
        "PatientName": "Doe^Jane\\Roe^R",
        "PatientBirthDate": "19500101",
        "DoseSummationType": "PLAN ",
        "FrameOfReferenceUID": "1.7",
        "ReferencedRTPlanSequence": [plan],
        "ReferencedStructureSetSequence": None,
    }
    dataset = rt(
        "RTDOSE",
        SOPInstanceUID="1.6",
        DoseUnits="GY",
        PatientName=["Doe^Jane", "Roe^R"],
        PatientBirthDate="19500101",
        DoseSummationType="PLAN",
        FrameOfReferenceUID="1.7",
        ReferencedRTPlanSequence=[item(**plan)],
    )

    assert references_of(tags) == read_references(dicom_bytes(dataset))


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.999])
def test_a_truncated_object_is_named_by_its_uid(share):
    dataset = PATIENT.rtstruct()
    content = dicom_bytes(dataset)

    with pytest.raises(DicomError, match=r"cut short|not a DICOM") as caught:
        read_references(content[: int(len(content) * share)])

    if share > 0.05:
        assert caught.value.uid == dataset.SOPInstanceUID


def test_a_name_that_cannot_be_read_makes_no_object_unreadable():
    class Spoilt(dict[str, Any]):
        def get(self, keyword: str, default: Any = None) -> Any:
            if keyword == "PatientName":
                raise UNREADABLE[-1]
            return super().get(keyword, default)

    references = references_of(Spoilt(Modality="RTPLAN", SOPInstanceUID="1.6"))

    assert references.sop_instance_uid == "1.6"
    assert references.patient_name == ""


def test_a_value_of_the_wrong_kind_is_a_dicom_error_without_the_value():
    content = dicom_bytes(
        rt(
            "RTPLAN",
            SOPInstanceUID="1.6",  # a random one may hold the number, too
            FractionGroupSequence=[item(ReferencedBeamSequence=[item(ReferencedBeamNumber=7777)])],
        )
    )

    with pytest.raises(DicomError, match="unreadable") as caught:
        read_references(content.replace(b"7777", b"O'Ne"))

    assert "O'Ne" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not DICOM at all", bytes(200)])
def test_other_bytes_are_a_dicom_error(content):
    with pytest.raises(DicomError, match="not a DICOM file"):
        read_references(content)
