"""Every file that pydicom brings along: odd ones, old ones, and those that are no DICOM."""

import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_files

from imaging.dicom.deidentify import Deidentifier, Suspicion
from imaging.dicom.whole import structural_fault
from imaging.errors import DicomError
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.deidentify.e11_rows import PROFILE
from tests.imaging.dicom.deidentify.stuffing import values_of

with warnings.catch_warnings():  # of files that pydicom would download
    warnings.simplefilter("ignore")
    FILES = sorted(path for path in map(Path, set(get_testdata_files())) if path.is_file())

NO_DICOM = {"README", "README.txt", "crayons.icc", "no_meta.dcm", "rtplan.dump", "rtstruct.dump"}
NO_DICOM |= {"test1.json", "test_PN.json", "zipMR.gz"}
CUT_SHORT = {"MR_truncated.dcm", "rtplan_truncated.dcm"}
# No names, ids or texts, but codes and words that stand elsewhere too.
COMMON = {"None", "anonymous", "unknown", "ORIGINAL", "0000", "00000000", "REMOVED"}
COMMON |= {"Brain", "Brain-MRA", "Carotids"}  # a StudyDescription, and where the patient lay
# What tells who or when: its value is to be found nowhere, whatever attribute it is moved to.
TELLING = {"PN", "LO", "SH", "DA", "DT", "UI", "ST", "LT", "UT", "UC"}
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# Of these files, pydicom says that they are odd.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:pydicom")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What came of each file: its target, or the error."""
    folder = tmp_path_factory.mktemp("shipped")
    deidentifier = Deidentifier(KEY, hold_back_pixels=False)
    made = {}
    for number, path in enumerate(FILES):
        target = folder / f"{number}.dcm"
        try:
            outcome = deidentifier.file(path, target)
            made[path] = target if outcome.is_written else outcome
        except DicomError as error:
            made[path] = error
    return made


@pytest.fixture(scope="module")
def pairs(outcomes):
    return [(path, made) for path, made in outcomes.items() if isinstance(made, Path)]


def test_what_is_no_whole_dicom_file_is_a_named_error_and_nothing_else_is(outcomes):
    errors = {path: made for path, made in outcomes.items() if isinstance(made, DicomError)}

    assert {path.name for path in errors} == NO_DICOM | CUT_SHORT
    assert all(error.uid == path.name for path, error in errors.items())


def test_directories_are_held_back_and_nothing_else_is(outcomes):
    held_back = {
        path.name: made.held_back for path, made in outcomes.items() if hasattr(made, "held_back")
    }

    assert set(held_back.values()) == {(Suspicion.DIRECTORY,)}
    assert all("DICOMDIR" in name for name in held_back)


def test_most_files_come_through(pairs):
    assert len(pairs) > 140


def test_what_is_written_is_whole(pairs):
    faults = {}
    for path, target in pairs:
        with target.open("rb") as file:
            faults[path.name] = structural_fault(file)

    assert not {name: fault for name, fault in faults.items() if fault}


def test_every_element_of_what_is_written_can_be_read(pairs):
    for _, target in pairs:
        assert list(values_of(pydicom.dcmread(target)))


def test_pixel_data_is_as_it_was_byte_for_byte(pairs):
    compared = 0
    for path, target in pairs:
        source, made = pydicom.dcmread(path, force=True), pydicom.dcmread(target)
        for keyword in PIXELS:
            assert (keyword in source) == (keyword in made), path.name
            if keyword in source:
                assert made[keyword].value == source[keyword].value, path.name
                assert made[keyword].is_undefined_length == source[keyword].is_undefined_length
                compared += 1
        assert made.file_meta.TransferSyntaxUID == source.file_meta.get(
            "TransferSyntaxUID", made.file_meta.TransferSyntaxUID
        )

    assert compared > 90


def test_no_value_of_what_the_profile_lists_is_found_again(pairs):
    found, looked_for = {}, 0
    for path, target in pairs:
        telling = {text.strip() for text in listed(pydicom.dcmread(path, force=True))} - COMMON
        left = {str(value).strip() for value in values_of(pydicom.dcmread(target))}
        looked_for += len(telling)
        found[path.name] = telling & left

    assert looked_for > 1300
    assert not {name: values for name, values in found.items() if values}


def test_no_name_is_in_the_bytes(pairs):
    for path, target in pairs:
        name = str(pydicom.dcmread(path, force=True).get("PatientName", ""))
        if len(name) > 6 and name.isascii():
            assert name.encode() not in target.read_bytes(), path.name


def test_the_header_is_no_longer_that_of_the_maker(pairs):
    for _, target in pairs:
        read = pydicom.dcmread(target)
        assert target.read_bytes()[:128] == bytes(128)
        assert {element.tag.element for element in read.file_meta} <= {0, 1, 2, 3, 0x10, 0x12, 0x13}
        assert not [tag for tag in read.keys() if tag.is_private]  # noqa: SIM118


def test_nothing_is_written_of_what_is_held_back(tmp_path):
    deidentifier, held_back = Deidentifier(KEY), 0
    for number, path in enumerate(FILES):
        target = tmp_path / f"{number}.dcm"
        if path.name in NO_DICOM | CUT_SHORT:
            continue
        outcome = deidentifier.file(path, target)
        assert target.exists() == outcome.is_written == (not outcome.held_back)
        held_back += not outcome.is_written

    assert held_back > 20
    assert not list(tmp_path.rglob("*part*"))


def test_what_was_deidentified_before_is_taken_as_any_other(pairs, tmp_path):
    deidentifier = Deidentifier(KEY, hold_back_pixels=False)
    for number, (_, target) in enumerate(pairs):
        outcome = deidentifier.file(target, tmp_path / f"{number}.dcm")
        assert outcome.is_written


def listed(dataset):
    """Texts of four letters and more of the attributes that the profile lists, at every depth."""
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield from listed(item)
        elif element.tag in PROFILE and element.VR in TELLING and element.VM:
            values = element.value if element.VM > 1 else [element.value]
            yield from (str(value) for value in values if is_telling(str(value)))


def is_telling(text):
    return len(text.strip()) >= 4 and not text.startswith("1.2.840.10008.")
