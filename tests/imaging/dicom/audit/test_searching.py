"""What the source holds, and what was planted, is found wherever it was left."""

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imaging.dicom.audit import Kind, audit
from tests.imaging.dicom.audit.conftest import changed, deidentify, first
from tests.imaging.dicom.instances import image, write

NAME, NUMBER = Kind.SOURCE_NAME, Kind.SOURCE_ID


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("plan of Quillfeather", NAME),
        ("QUILLFEATHER2", NAME),
        ("O\u0308RJAN again", NAME),
        ("山田様", NAME),
        ("sub-7001", NUMBER),
        ("no. 700199-X", NUMBER),
        ("ACC7002", NUMBER),
        ("asked by okonjo", Kind.SOURCE_PERSON),
        ("Quellental  Hospital, 2nd floor", Kind.SOURCE_INSTITUTION),
        ("at Talstrasse 8", Kind.SOURCE_INSTITUTION),
    ],
)
def test_words_of_the_source_are_found_in_text(output, source, text, kind):
    with changed(first(output)) as dataset:
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.AcquisitionContextSequence = Sequence([Dataset()])
        dataset.AcquisitionContextSequence[0].CodeMeaning = text

    found = {(one.place, one.kind) for one in audit(output, source).findings}

    assert ("(0040,0555)[0].(0008,0104) CodeMeaning", kind) in found


@pytest.mark.parametrize(
    "text", ["Quill", "feathers", "adamant", "4ACC70021"[1:6], "1SUB-70012"[:4]]
)
def test_parts_of_words_are_not_found(output, source, text):
    with changed(first(output)) as dataset:
        dataset.ManufacturerModelName = text

    assert audit(output, source).is_clean


def test_names_are_found_in_a_switched_character_set(output, source):
    with changed(first(output)) as dataset:
        dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
        dataset.ManufacturerModelName = "of 山田"

    assert audit(output, source).counts() == {NAME: 1}


@pytest.mark.parametrize(
    ("declared", "written"),
    [("ISO_IR 100", "Örjan 1".encode()), ("ISO_IR 192", "Örjan 12".encode("latin-1"))],
)
def test_a_name_in_another_character_set_than_declared_is_found(output, source, declared, written):
    with changed(first(output)) as dataset:
        dataset.SpecificCharacterSet = declared
        dataset.ManufacturerModelName = "Orjan 12"
    content = first(output).read_bytes()
    first(output).write_bytes(content.replace(b"Orjan 12", written))

    assert audit(output, source).counts() == {NAME: 1}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le", "utf-16-be"])
def test_words_are_found_in_bytes(output, source, encoding):
    with changed(first(output)) as dataset:
        dataset.add_new("ICCProfile", "OB", b"\0\1" + "\x01\x02Quillfeather ".encode(encoding))

    found = audit(output, source, planted=["quillfeather"]).findings

    assert {finding.place for finding in found} == {"(0028,2000) ICCProfile"}
    assert {finding.kind for finding in found} == {NAME, Kind.PLANTED}


def test_a_uid_of_the_source_is_found_anywhere(output, source):
    uid = pydicom.dcmread(next(source.glob("*/RTSTRUCT/*.dcm"))).SOPInstanceUID
    with changed(first(output, "RTPLAN")) as dataset:
        dataset.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID = uid
        dataset.ManufacturerModelName = f"of {uid}."

    found = {one.place for one in audit(output, source).findings if one.kind is Kind.SOURCE_UID}

    assert found == {
        "(300C,0060)[0].(0008,1155) ReferencedSOPInstanceUID",
        "(0008,1090) ManufacturerModelName",
    }


@pytest.mark.parametrize("modality", ["CT", "RTSTRUCT", "RTPLAN", "RTDOSE"])
@pytest.mark.parametrize("keyword", ["StudyDate", "PatientBirthDate"])
def test_a_date_that_did_not_move_is_found(output, source, modality, keyword):
    path = first(output, modality)
    number = int(path.stem.rpartition("-")[2])
    original = pydicom.dcmread(sorted(source.rglob("*.dcm"))[number])
    with changed(path) as dataset:
        setattr(dataset, keyword, original[keyword].value)

    (finding,) = audit(output, source).findings

    assert finding.kind is Kind.SOURCE_DATE
    assert finding.place.endswith(keyword)


def test_dates_of_objects_that_look_alike_count_when_they_have_them_in_common(tmp_path, source):
    twice, output = tmp_path / "source", tmp_path / "output"
    original = next(source.glob("SUB-7001/RTDOSE/*.dcm"))
    for number, day in enumerate(("20200101", "20200202")):
        path = twice / f"{number}" / "RTDOSE" / "1.dcm"
        path.parent.mkdir(parents=True)
        path.write_bytes(original.read_bytes())
        with changed(path) as dataset:
            dataset.StudyDate = day
    deidentify(twice, output)
    with changed(first(output, "RTDOSE")) as dataset:
        dataset.StudyDate = "20200101"
        dataset.PatientBirthDate = pydicom.dcmread(original).PatientBirthDate

    found = [one.place for one in audit(output, twice).findings]

    assert found == ["(0010,0030) PatientBirthDate"]


def test_what_was_planted_is_found_in_pixels(output):
    with changed(first(output)) as dataset:
        pixels = bytearray(dataset.PixelData)
        pixels[100:112] = b"Fairweather!"
        dataset.PixelData = bytes(pixels)

    (finding,) = audit(output, planted=["fairweather"]).findings

    assert (finding.place, finding.kind) == ("bytes", Kind.PLANTED)


@pytest.mark.parametrize("text", ["Bo", "19610203", "FAIRWEATHER", "Zoë Fairweather"])
def test_what_was_planted_is_found_in_text(output, text):
    with changed(first(output)) as dataset:
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.ManufacturerModelName = f"of {text} "

    (finding,) = audit(output, planted=["bo", "19610203", "Fairweather", "q"]).findings

    assert finding.place == "(0008,1090) ManufacturerModelName"
    assert finding.kind is Kind.PLANTED


def test_a_planted_date_is_found_where_dates_are(output):
    with changed(first(output)) as dataset:
        dataset.StudyDate = "19610203"

    assert audit(output, planted=["19610203"]).counts() == {Kind.PLANTED: 1}


def test_a_uid_is_found_where_nothing_else_is(tmp_path):
    source, output = tmp_path / "source", tmp_path / "output"
    original = image(patient_id="SUB-0001")
    write(original, source / "x" / "CT")
    deidentify(source, output)
    with changed(first(output)) as dataset:
        dataset.ReferencedFrameOfReferenceUID = original.SeriesInstanceUID

    assert audit(output, source).counts() == {Kind.UID: 1, Kind.SOURCE_UID: 1}
