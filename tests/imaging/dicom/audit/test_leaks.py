"""Each kind of leak, put into an otherwise clean output, is found by its shape alone."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import generate_uid

from imaging.dicom.audit import Kind, audit
from imaging.dicom.deidentify.sham_names import NEUTRAL, SURNAMES
from imaging.dicom.deidentify.words import cleaned_words
from tests.imaging.dicom.audit.conftest import changed, first

Leak = Callable[[Dataset], object]


def nested(dataset: Dataset) -> Dataset:
    """An item two levels down, where nothing is."""
    inner, outer = Dataset(), Dataset()
    outer.ReferencedInstanceSequence = Sequence([inner])
    dataset.ReferencedRTPlanSequence = Sequence([Dataset(), outer])
    return inner


NESTED = "(300C,0002)[1].(0008,114A)[0]."


def private(item: Dataset) -> None:
    item.private_block(0x0019, "MAKER 1.0", create=True).add_new(1, "LO", "x")


def overlay(dataset: Dataset) -> None:
    dataset.add_new(0x60000022, "LO", "x")


def unknown(dataset: Dataset) -> None:
    dataset.add_new(0x00080003, "LO", "x")


def roi(name: str) -> Leak:
    def leak(dataset: Dataset) -> None:
        dataset.SegmentSequence = Sequence([Dataset()])
        dataset.SegmentSequence[0].SegmentLabel = name

    return leak


def value(keyword: str, text: object, *, deep: bool = False) -> Leak:
    def leak(dataset: Dataset) -> None:
        setattr(nested(dataset) if deep else dataset, keyword, text)

    return leak


def raw(dataset: Dataset, keyword: str, vr: str, content: bytes) -> None:
    """Put bytes into an element that its VR does not allow."""
    tag = Tag(keyword)
    dataset[tag] = RawDataElement(tag, vr, len(content), content, 0, False, True)


NEARLY_SHAM = f"{SURNAMES[0]}^{NEUTRAL[0]}^Miller"
DESCRIBED = value("RequestedProcedureDescription", "Mr Miller's CT")

LEAKS: list[tuple[str, Leak, Kind]] = [
    ("(0019,0010)", private, Kind.PRIVATE),
    (f"{NESTED}(0019,0010)", lambda dataset: private(nested(dataset)), Kind.PRIVATE),
    ("(6000,0022) OverlayDescription", overlay, Kind.OVERLAY),
    ("(0008,0003)", unknown, Kind.UNKNOWN),
    (
        "(0008,103E) SeriesDescription",
        value("SeriesDescription", "REMOVED"),
        Kind.ATTRIBUTE,
    ),
    (
        "(0040,0275) RequestAttributesSequence",
        value("RequestAttributesSequence", Sequence([Dataset()])),
        Kind.ATTRIBUTE,
    ),
    ("(0010,1010) PatientAge", value("PatientAge", "071Y"), Kind.ATTRIBUTE),
    ("(0008,1010) StationName", value("StationName", "Linac North"), Kind.VALUE),
    ("(0010,0040) PatientSex", value("PatientSex", "F"), Kind.VALUE),
    ("(0010,0020) PatientID", value("PatientID", "17-A"), Kind.VALUE),
    ("(0008,0050) AccessionNumber", value("AccessionNumber", "17-A"), Kind.VALUE),
    ("(0008,0030) StudyTime", value("StudyTime", "noon"), Kind.VALUE),
    (
        "(0008,1111) ReferencedPerformedProcedureStepSequence",
        value("ReferencedPerformedProcedureStepSequence", Sequence([Dataset()])),
        Kind.ATTRIBUTE,
    ),
    (
        "(0040,A730) ContentSequence",
        value("ContentSequence", Sequence([Dataset(), Dataset()])),
        Kind.VALUE,
    ),
    ("(0010,0010) PatientName", value("PatientName", "Smith^Jo"), Kind.NAME),
    ("(0010,0010) PatientName", value("PatientName", "Smith^Jo^7K2M"), Kind.NAME),
    ("(0010,0010) PatientName", value("PatientName", NEARLY_SHAM), Kind.NAME),
    ("(0008,0090) ReferringPhysicianName", value("ReferringPhysicianName", "Who"), Kind.NAME),
    (
        f"{NESTED}(0008,1155) ReferencedSOPInstanceUID",
        value("ReferencedSOPInstanceUID", "1.2.276.0.7230010.3", deep=True),
        Kind.UID,
    ),
    (
        "(0020,0052) FrameOfReferenceUID",
        value("FrameOfReferenceUID", f"2.25.{0x6BA7B8109DAD11D180B400C04FD430C8}"),
        Kind.UID,
    ),
    ("(0018,1002) DeviceUID", value("DeviceUID", generate_uid()), Kind.UID),
    (
        "(0018,1002) DeviceUID",  # below the standard's root, but none of its own
        value("DeviceUID", "1.2.840.10008.12345678.19500312"),
        Kind.UID,
    ),
    ("(0062,0002)[0].(0062,0005) SegmentLabel", roi("PTV Miller"), Kind.ROI_NAME),
    ("(0018,0060) KVP", lambda dataset: raw(dataset, "KVP", "DS", b"Smith "), Kind.TEXT),
    ("(0040,A160) TextValue", value("TextValue", "seen by Dr. Who"), Kind.TEXT),
    ("(0028,0301) BurnedInAnnotation", value("BurnedInAnnotation", "YES"), Kind.BURNED_IN),
    ("(0008,0055) StationAETitle", value("StationAETitle", "LINAC"), Kind.ATTRIBUTE),
    ("(0074,1238) ReasonForCancellation", value("ReasonForCancellation", "died"), Kind.TEXT),
    ("(0032,1060) RequestedProcedureDescription", DESCRIBED, Kind.VALUE),
    ("PatientIdentityRemoved", value("PatientIdentityRemoved", "NO"), Kind.UNMARKED),
    (
        "DeidentificationMethod",
        lambda dataset: dataset.pop("DeidentificationMethod"),
        Kind.UNMARKED,
    ),
    (
        "DeidentificationMethod",
        lambda dataset: dataset.DeidentificationMethodCodeSequence.clear(),
        Kind.UNMARKED,
    ),
    ("preamble", lambda dataset: setattr(dataset, "preamble", b"x" * 128), Kind.PREAMBLE),
    (
        "(0002,0016) SourceApplicationEntityTitle",
        lambda dataset: setattr(dataset.file_meta, "SourceApplicationEntityTitle", "LINAC"),
        Kind.META,
    ),
    (
        "(0002,0003) MediaStorageSOPInstanceUID",
        lambda dataset: setattr(dataset.file_meta, "MediaStorageSOPInstanceUID", "1.2.276.0.1"),
        Kind.UID,
    ),
]


@pytest.mark.parametrize(("place", "leak", "kind"), LEAKS, ids=[case[0] for case in LEAKS])
def test_a_leak_is_found_by_its_shape_alone(output, place, leak, kind):
    path = first(output)
    with changed(path) as dataset:
        leak(dataset)

    found = {
        (one.file, one.place.partition(" PrivateCreator")[0], one.kind)
        for one in audit(output).findings
    }

    assert (path.relative_to(output).as_posix(), place, kind) in found
    assert {file for file, _, _ in found} == {path.relative_to(output).as_posix()}


@pytest.mark.parametrize(
    ("option", "keyword", "text"),
    [
        ("retain_device_identity", "StationName", "Linac North"),
        ("retain_patient_characteristics", "PatientAge", "071Y"),
        ("retain_longitudinal_intervals", "AcquisitionDate", "20010203"),
        ("retain_uids", "FrameOfReferenceUID", "1.2.276.0.7230010.3"),
    ],
)
def test_what_an_object_says_it_retains_is_no_finding(
    deidentified, tmp_path, option, keyword, text
):
    for retained in (True, False):
        output = tmp_path / str(retained)
        with changed(first(shutil.copytree(deidentified(**{option: retained}), output))) as dataset:
            setattr(dataset, keyword, text)

        assert audit(output).is_clean is retained


def test_descriptions_that_were_cleaned_have_none_but_known_words(deidentified, tmp_path):
    output = Path(shutil.copytree(deidentified(clean_descriptors=True), tmp_path / "output"))
    with changed(first(output)) as dataset:
        dataset.StudyDescription = cleaned_words("CT of Miller's heart")
    assert audit(output).is_clean

    with changed(first(output)) as dataset:
        dataset.StudyDescription = "CT of Miller's heart"

    assert audit(output).counts() == {Kind.ATTRIBUTE: 1}


@pytest.mark.parametrize("rest", [b"\0" * 128, b"\xfc\xff\xfc\xffOB\0\0\2\0\0\0ab", b"Smith"])
def test_bytes_after_the_pixel_data_are_found(output, rest):
    path = first(output)
    path.write_bytes(path.read_bytes() + rest)

    (finding,) = audit(output).findings

    assert finding.kind in {Kind.TRAILING, Kind.UNREADABLE}


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_what_cannot_be_judged_is_not_clean(output, share):
    path = first(output)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    report = audit(output)

    assert report.counts() == {Kind.UNREADABLE: 1}
    assert report.unreadable == (path.relative_to(output).as_posix(),)


def test_dates_of_an_object_that_says_nothing_of_them_are_found(deidentified, tmp_path):
    made = deidentified(retain_longitudinal_intervals=False)
    output = Path(shutil.copytree(made, tmp_path / "output"))
    with changed(first(output)) as dataset:
        dataset.StudyDate = "20010203"

    (finding,) = audit(output).findings

    assert (finding.place, finding.kind) == ("(0008,0020) StudyDate", Kind.VALUE)
