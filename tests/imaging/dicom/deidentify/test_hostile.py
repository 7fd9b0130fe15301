"""Files that try to get something through, by accident or not: it goes, or the file is refused."""

import io
import pickle
import struct
import unicodedata

import pydicom
import pytest
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from imaging.dicom.deidentify import Deidentifier, Suspicion
from imaging.dicom.whole import LONG_VRS, structural_fault
from imaging.errors import DicomError
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.instances import dicom_bytes, image

PIXELS = b"\xe0\x7f\x10\x00"
NAME = b"QUILL"


def element(keyword, vr, content):
    tag = int(Tag(keyword))
    content += b" " * (len(content) % 2)
    form, reserved = ("<HH2sHL", (0,)) if vr in LONG_VRS else ("<HH2sH", ())
    return struct.pack(form, tag >> 16, tag & 0xFFFF, vr, *reserved, len(content)) + content


def item(content):
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content


def with_elements(*elements, **values):
    """A file with further elements just before its pixels."""
    content = dicom_bytes(image(**values))
    place = content.rindex(PIXELS)
    return content[:place] + b"".join(elements) + content[place:]


@pytest.fixture
def written(tmp_path):
    """What is written of a file; None where it is held back."""

    def deidentify(content, **options):
        source, target = tmp_path / "source.dcm", tmp_path / "target.dcm"
        source.write_bytes(content)
        Deidentifier(KEY, **options).file(source, target)
        return target.read_bytes() if target.exists() else None

    return deidentify


def test_pixels_survive_a_transfer_syntax_that_is_not_the_files(written):
    source = image(side=256, syntax=ExplicitVRLittleEndian)
    content = dicom_bytes(source)
    declared = ExplicitVRLittleEndian.encode() + b"\0"
    other = ImplicitVRLittleEndian.encode() + b"\0\0\0"
    assert declared in content

    with pytest.warns(UserWarning, match="Expected implicit VR"):
        made = written(content.replace(declared, other.ljust(len(declared), b"\0"), 1))

    assert structural_fault(io.BytesIO(made)) == ""
    assert pydicom.dcmread(io.BytesIO(made)).PixelData == source.PixelData


@pytest.mark.filterwarnings("ignore:.*exceeds the size of 64 kByte")  # pydicom writes UN again
def test_contours_of_unknown_vr_stay_however_many_they_are(written):
    contour = Dataset()
    contour.ContourData = [1.5] * 30_000
    roi = Dataset()
    roi.ReferencedROINumber = 1
    roi.ContourSequence = Sequence([contour])
    content = DicomBytesIO()
    content.is_implicit_VR, content.is_little_endian = True, True
    write_dataset(content, roi)
    assert len(content.getvalue()) > 0xFFFF

    made = written(with_elements(element("ROIContourSequence", b"UN", item(content.getvalue()))))

    read = pydicom.dcmread(io.BytesIO(made)).ROIContourSequence[0]
    points = read.ContourSequence[0].get_item("ContourData").value
    assert points.strip() == b"\\".join([b"1.5"] * 30_000)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(with_elements(element("PixelData", b"OW", NAME * 20)), id="pixel data twice"),
        pytest.param(with_elements(item(element("PatientComments", b"LT", NAME))), id="an item"),
        pytest.param(
            with_elements(struct.pack("<HHL", 0xFFFE, 0xE00D, 0)), id="the end of an item"
        ),
        pytest.param(
            dicom_bytes(image()) + element("InstitutionName", b"LO", NAME), id="after the pixels"
        ),
        pytest.param(
            with_elements(
                element(
                    "BeamSequence",
                    b"SQ",
                    item(struct.pack("<HH2sH", 8, 0x60, b"CS", 200) + b"CT" + NAME),
                )
            ),
            id="a value longer than its item",
        ),
        pytest.param(
            with_elements(
                element(
                    "BeamSequence",
                    b"SQ",
                    item(element("Rows", b"US", b"\x10\0" + element("StationName", b"SH", NAME))),
                )
            ),
            id="a number that swallowed its neighbour",
        ),
        pytest.param(
            with_elements(
                struct.pack("<HH2sHL", 0x300A, 0xB0, b"SQ", 0, 0xFFFFFFFF)
                + 600 * (item(b"")[:4] + b"\xff" * 4 + b"\x0a\x30\xb0\0SQ\0\0" + b"\xff" * 4)
                + 601
                * (struct.pack("<HHL", 0xFFFE, 0xE0DD, 0) + struct.pack("<HHL", 0xFFFE, 0xE00D, 0))
            ),
            id="nested too deep",
        ),
    ],
)
def test_disorder_is_refused_without_a_word_of_it(written, content):
    with pytest.raises(DicomError) as caught:
        written(content)
    assert "QUILL" not in str(caught.value)


def test_bytes_after_the_last_item_of_a_sequence_go(written):
    number = element("BeamNumber", b"IS", b"1")
    made = written(with_elements(element("BeamSequence", b"SQ", item(number) + b"\0\0")))
    assert structural_fault(io.BytesIO(made)) == ""


@pytest.mark.parametrize(
    ("keyword", "vr"),
    [
        ("RTImageDescription", b"LO"),
        ("SecondaryReviewDate", b"SH"),
        ("BeamName", b"ZZ"),
        ("BeamSequence", b"OB"),
        ("PixelSpacing", b"OB"),
        ("ReferencedSOPClassUID", b"UI"),
        ("PatientName", b"SQ"),
        ("RTImageName", b"SH"),
        ("DoseComment", b"LO"),
        ("PlacerOrderNumberProcedure", b"LO"),
        ("PatientBirthDateInAlternativeCalendar", b"LO"),
        ("SpecificCharacterSet", b"CS"),
    ],
)
@pytest.mark.filterwarnings("ignore:Unknown encoding")
def test_an_identity_in_an_attribute_of_another_kind_goes(written, keyword, vr):
    assert NAME not in written(with_elements(element(keyword, vr, NAME)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Zhang^San=张^三", "张三 beam"),
        ("Doe^John", "DOEJOHN field 1"),
        ("Doe^John", "JohnDoe AP"),
        ("Doe^John", "DOE1"),
        ("Doe^John", "ＤＯＥ"),  # noqa: RUF001 - wide letters, as Japanese systems write them
        ("Müller^Ann", unicodedata.normalize("NFD", "Müller")),
        ("Müller^Ann", "mueller"),
        ("García^Ann", "garcia"),
        ("O'Brien^Ann", "O'Brien's field"),
        ("O'Brien^Ann", "obrien"),
        ("Doe^John", "MRN12345678"),
        ("Doe^John", "012 345 678"),
        ("Doe^John", "born 12.03.1950"),
        ("Doe^John", "D\x00oe"),
    ],
)
def test_an_identity_is_found_however_people_spell_it(deidentifier, name, text):
    source = image(patient_id="12345678", PatientName=name, PatientBirthDate="19500312")
    source.SpecificCharacterSet = "ISO_IR 192"
    source.BeamName = text

    assert deidentifier.dataset(source).BeamName == "REMOVED"


def test_codes_stay_whatever_the_patient_is_called(deidentifier):
    source = image(patient_id="T-D1100", PatientName="SCT^Test")
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "T-D1100", "SCT", "Head"
    source.AnatomicRegionSequence = [code]

    made = deidentifier.dataset(source).AnatomicRegionSequence[0]

    assert (made.CodeValue, made.CodingSchemeDesignator) == ("T-D1100", "SCT")


@pytest.mark.parametrize(("study_date", "left"), [("20400311", True), ("20400312", False)])
def test_the_birth_date_of_the_oldest_goes(deidentifier, study_date, left):
    source = image(PatientBirthDate="19500312", StudyDate=study_date)
    assert bool(deidentifier.dataset(source).PatientBirthDate) is left


def test_a_patient_id_with_a_backslash_is_one_pseudonym(deidentifier):
    source = image()
    source["PatientID"]._value = "DOMAIN\\4711"  # pydicom would make two values of it
    assert deidentifier.dataset(source).PatientID == deidentifier.patient_id(source)


def test_spellings_of_a_patient_id_in_unicode_are_one(deidentifier):
    ids = {
        deidentifier.dataset(
            image(patient_id=unicodedata.normalize(form, "Ü47"), SpecificCharacterSet="ISO_IR 192")
        ).PatientID
        for form in ("NFC", "NFD")
    }
    assert len(ids) == 1


def test_a_uid_below_the_standards_root_that_is_none_of_its_own_is_mapped(deidentifier):
    assert deidentifier.uid("1.2.840.10008.12345678.19500312").startswith("2.25.")
    assert deidentifier.uid("1.2.840.10008.5.1.4.1.1.2") == "1.2.840.10008.5.1.4.1.1.2"


@pytest.mark.parametrize(
    ("values", "suspicion"),
    [
        ({"SOPClassUID": "1.2.840.10008.5.1.1.29"}, Suspicion.SECONDARY_CAPTURE),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.9.4.1"}, Suspicion.AUDIO),
        ({"SecondaryCaptureDeviceManufacturer": "X"}, Suspicion.SECONDARY_CAPTURE),
        ({"ImageType": ["DERIVED", "SECONDARY", "DOSE_INFO"]}, Suspicion.SECONDARY_CAPTURE),
        ({"BurnedInAnnotation": "TRUE"}, Suspicion.BURNED_IN),
    ],
)
def test_more_that_a_person_should_look_at(deidentifier, values, suspicion):
    assert suspicion in deidentifier.suspicions(image(**values))


def test_what_holds_the_key_is_never_pickled(deidentifier):
    with pytest.raises(TypeError, match="key"):
        pickle.dumps(deidentifier)
