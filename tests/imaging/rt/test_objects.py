from copy import deepcopy

import pytest
from pydicom import dcmwrite
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTDoseStorage,
    RTIonPlanStorage,
    RTPlanStorage,
)

from imaging.errors import DicomError
from imaging.rt import prescription_gy, sop_instance_uid
from imaging.rt.doses.grid_reading import dose_grid
from imaging.rt.files.contours import contours_of
from imaging.rt.files.objects import frame_flag, read_rtdose, read_rtplan, read_rtstruct
from imaging.rt.files.rois import rois_of
from imaging.rt.flags import Flag

ENCODINGS = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]


def write_bare(dataset, path, syntax):
    """Write a dataset as a careless exporter does: no preamble and no file meta."""
    bare = deepcopy(dataset)
    del bare.file_meta
    if syntax == ExplicitVRBigEndian and "PixelData" in bare:
        bare.PixelData = dataset.pixel_array.astype(">u4").tobytes()
    dcmwrite(
        path,
        bare,
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        enforce_file_format=False,
    )
    assert path.read_bytes()[128:132] != b"DICM"
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "object.dcm"


@pytest.mark.parametrize("syntax", ENCODINGS)
def test_a_dose_without_file_meta_is_the_same_dose(tiny, path, syntax):
    expected = dose_grid(tiny.rtdose())

    dataset = read_rtdose(write_bare(tiny.rtdose(), path, syntax))

    assert (dose_grid(dataset).values_gy == expected.values_gy).all()
    assert dataset.file_meta.TransferSyntaxUID == syntax
    assert (dataset.pixel_array == tiny.rtdose().pixel_array).all()  # others ask pydicom
    assert sop_instance_uid(path) == tiny.rtdose().SOPInstanceUID


@pytest.mark.parametrize("syntax", ENCODINGS)
def test_structures_and_plans_without_file_meta_are_read(tiny, path, syntax):
    expected = contours_of(rois_of(tiny.rtstruct())[0])

    found = contours_of(rois_of(read_rtstruct(write_bare(tiny.rtstruct(), path, syntax)))[0])

    for points, others in zip(found.points_mm, expected.points_mm, strict=True):
        assert points == pytest.approx(others)
    assert prescription_gy(write_bare(tiny.rtplan(), path, syntax)) == 50


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_file_meta_without_a_transfer_syntax_is_enough(tiny, path, syntax):
    dataset = tiny.rtdose()
    del dataset.file_meta.TransferSyntaxUID
    dataset.preamble = b"\0" * 128
    implicit = syntax.is_implicit_VR
    dcmwrite(path, dataset, implicit_vr=implicit, little_endian=True, enforce_file_format=False)

    assert dose_grid(read_rtdose(path)).max_gy == dose_grid(tiny.rtdose()).max_gy
    assert read_rtdose(path).file_meta.TransferSyntaxUID == syntax


def test_a_deflated_file_is_read(tiny, path):
    dataset = tiny.rtdose()
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)

    assert dose_grid(read_rtdose(path)).max_gy == dose_grid(tiny.rtdose()).max_gy


@pytest.mark.parametrize("has_meta", [True, False])
@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
@pytest.mark.parametrize("modality", ["rtstruct", "rtdose", "rtplan"])
def test_a_file_that_is_cut_short_is_refused(tiny, path, modality, syntax, has_meta):
    dataset, read = {
        "rtstruct": (tiny.rtstruct(), read_rtstruct),
        "rtdose": (tiny.rtdose(), read_rtdose),
        "rtplan": (tiny.rtplan(), read_rtplan),
    }[modality]
    if has_meta:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(path, enforce_file_format=True, implicit_vr=syntax.is_implicit_VR)
    else:
        write_bare(dataset, path, syntax)
    whole = path.read_bytes()
    read(path)

    for share in (0.3, 0.6, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * share) // 2 * 2 - 3])
        with pytest.raises(DicomError, match=r"^object\.dcm: cannot be read"):
            read(path)


@pytest.mark.parametrize("rest", [b"\x08", b"\x08\0\x18\0", b"\xfc\xff\xfc\xff\0\0\0"])
def test_a_file_that_ends_inside_a_header_is_cut_short(tiny, path, rest):
    tiny.rtdose().save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes() + rest)

    with pytest.raises(DicomError, match=r"^object\.dcm: cannot be read as DICOM: .* cut short"):
        read_rtdose(path)


@pytest.mark.parametrize("rest", [b"\0", b"\0\0", b"  ", b"\0" * 7])
def test_a_file_may_be_padded(tiny, path, rest):
    tiny.rtdose().save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes() + rest)

    assert read_rtdose(path).SOPInstanceUID == tiny.rtdose().SOPInstanceUID


@pytest.mark.parametrize(
    "content", [b"", b"P", b"%PDF-1.7 " * 60, b"\0" * 4000, bytes(range(256)) * 9, b"\x08\0\x18\0"]
)
@pytest.mark.parametrize("read", [read_rtdose, sop_instance_uid])
def test_what_is_no_dicom_is_refused(path, content, read):
    path.write_bytes(content)

    with pytest.raises(DicomError, match=r"^object\.dcm: "):
        read(path)


def saved(dataset, path, **changes):
    for keyword, value in changes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    meta = dataset.file_meta
    dcmwrite(path, dataset, implicit_vr=True, little_endian=True, enforce_file_format=False)
    assert meta.MediaStorageSOPInstanceUID
    return path


@pytest.mark.parametrize("sop_class", [None, "1.2.3"])
def test_file_meta_and_modality_together_say_what_an_object_is(tiny, path, sop_class):
    saved(tiny.rtdose(), path, SOPClassUID=sop_class)

    assert read_rtdose(path).Modality == "RTDOSE"
    with pytest.raises(DicomError, match="is of class"):
        read_rtplan(path)


def test_an_object_whose_classes_contradict_its_modality_is_refused(tiny, path):
    dataset = tiny.rtdose()
    dataset.file_meta.MediaStorageSOPClassUID = RTPlanStorage

    with pytest.raises(DicomError, match=r"is of class 1\.2\.3"):
        read_rtdose(saved(dataset, path, SOPClassUID="1.2.3"))
    with pytest.raises(DicomError, match="is of class"):
        read_rtdose(saved(tiny.rtdose(), path, SOPClassUID="1.2.3", Modality="OT"))


def test_the_modality_alone_does_when_no_class_is_stated(tiny, path):
    dataset = tiny.rtdose()
    del dataset.SOPClassUID
    write_bare(dataset, path, ImplicitVRLittleEndian)

    assert dose_grid(read_rtdose(path)).uid == dataset.SOPInstanceUID


def test_a_missing_instance_uid_is_taken_from_the_file_meta(tiny, path):
    uid = tiny.rtdose().SOPInstanceUID
    saved(tiny.rtdose(), path, SOPInstanceUID=None)

    assert read_rtdose(path).SOPInstanceUID == uid
    assert sop_instance_uid(path) == uid


def test_an_object_without_any_instance_uid_is_refused(tiny, path):
    dataset = tiny.rtdose()
    del dataset.SOPInstanceUID
    write_bare(dataset, path, ImplicitVRLittleEndian)

    with pytest.raises(DicomError, match="no SOP Instance UID"):
        read_rtdose(path)


def test_an_ion_plan_is_a_plan(tiny, path):
    dataset = tiny.rtplan()
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = RTIonPlanStorage
    dataset.save_as(path, enforce_file_format=True)

    assert prescription_gy(path) == 50


def test_a_dose_is_no_plan(tiny, path):
    dataset = tiny.rtdose()
    dataset.save_as(path, enforce_file_format=True)

    with pytest.raises(DicomError, match=f"is of class {RTDoseStorage}, not {RTPlanStorage}"):
        read_rtplan(path)


@pytest.mark.parametrize(
    ("of_roi", "of_dose", "flag"),
    [
        ("1.2", "1.2", None),
        ("1.2", "1.3", Flag.OTHER_FRAME),
        ("", "1.2", Flag.FRAME_UNKNOWN),
        ("1.2", "", Flag.FRAME_UNKNOWN),
        ("", "", Flag.FRAME_UNKNOWN),
    ],
)
def test_only_two_stated_frames_of_reference_can_contradict(tiny, of_roi, of_dose, flag):
    structures, dose = tiny.rtstruct(), tiny.rtdose()
    item = structures.StructureSetROISequence[0]
    item.ReferencedFrameOfReferenceUID = UID(of_roi)
    structures.ReferencedFrameOfReferenceSequence = []
    dose.FrameOfReferenceUID = UID(of_dose)

    assert frame_flag(rois_of(structures)[0], dose_grid(dose)) == flag
