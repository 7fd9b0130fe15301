"""Which objects are held back until a person has looked at their pixels."""

from typing import Any

import pydicom
import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.encaps import encapsulate
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    JPEGLSLossless,
    MRImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    PositronEmissionTomographyImageStorage,
    RTImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    VideoEndoscopicImageStorage,
    VLPhotographicImageStorage,
)

from imaging.dicom.deidentify import Deidentifier, Suspicion
from tests.imaging.dicom.deidentify.conftest import KEY
from tests.imaging.dicom.instances import image, write

SIX_BITS_FREE: dict[str, Any] = {"BitsStored": 10, "HighBit": 9}
SUSPICIOUS: dict[str, tuple[dict[str, Any], Suspicion]] = {
    "burned in": ({"BurnedInAnnotation": "YES"}, Suspicion.BURNED_IN),
    "burned in, in small letters": ({"BurnedInAnnotation": "yes "}, Suspicion.BURNED_IN),
    "features": ({"RecognizableVisualFeatures": "YES"}, Suspicion.VISUAL_FEATURES),
    "secondary capture": (
        {"SOPClassUID": SecondaryCaptureImageStorage},
        Suspicion.SECONDARY_CAPTURE,
    ),
    "secondary capture of several frames": (
        {"SOPClassUID": MultiFrameGrayscaleByteSecondaryCaptureImageStorage},
        Suspicion.SECONDARY_CAPTURE,
    ),
    "converted": ({"ConversionType": "WSD"}, Suspicion.SECONDARY_CAPTURE),
    "screen": (
        {"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]},
        Suspicion.SECONDARY_CAPTURE,
    ),
    "ultrasound": ({"SOPClassUID": UltrasoundImageStorage}, Suspicion.ULTRASOUND),
    "ultrasound of several frames": (
        {"SOPClassUID": UltrasoundMultiFrameImageStorage},
        Suspicion.ULTRASOUND,
    ),
    "ultrasound by its modality": ({"Modality": "US"}, Suspicion.ULTRASOUND),
    "ultrasound by its regions": (
        {"SequenceOfUltrasoundRegions": [Dataset()]},
        Suspicion.ULTRASOUND,
    ),
    "photograph": ({"SOPClassUID": VLPhotographicImageStorage}, Suspicion.PHOTOGRAPH),
    "video": ({"SOPClassUID": VideoEndoscopicImageStorage}, Suspicion.PHOTOGRAPH),
    "colour": (
        {
            "PhotometricInterpretation": "RGB",
            "SamplesPerPixel": 3,
            "PlanarConfiguration": 0,
            "BitsAllocated": 8,
            "PixelData": bytes(192),
        },
        Suspicion.COLOUR,
    ),
    "palette": ({"PhotometricInterpretation": "PALETTE COLOR"}, Suspicion.COLOUR),
    "bytes after the frame": ({"PixelData": bytes(128 + 2)}, Suspicion.BYTES_AFTER_PIXELS),
    "bytes after the frames": (
        {"NumberOfFrames": 2, "PixelData": bytes(2 * 128 + 16)},
        Suspicion.BYTES_AFTER_PIXELS,
    ),
    "a directory": ({"DirectoryRecordSequence": [Dataset()]}, Suspicion.DIRECTORY),
}


def held_back(dataset, folder, **options):
    source, target = write(dataset, folder, "source.dcm"), folder / "target.dcm"
    target.unlink(missing_ok=True)
    outcome = Deidentifier(KEY, **options).file(source, target)
    assert target.exists() == outcome.is_written == (not outcome.held_back)
    return outcome.held_back


@pytest.mark.parametrize("kind", SUSPICIOUS)
def test_each_reason_is_told_of_what_has_it_and_nothing_is_written(tmp_path, kind):
    values, suspicion = SUSPICIOUS[kind]

    assert held_back(image(**values), tmp_path) == (suspicion,)


@pytest.mark.parametrize("kind", SUSPICIOUS)
def test_one_who_has_looked_may_have_it_written_but_for_a_directory(tmp_path, kind):
    values, suspicion = SUSPICIOUS[kind]

    reasons = held_back(image(**values), tmp_path, hold_back_pixels=False)

    assert reasons == ((suspicion,) if suspicion == Suspicion.DIRECTORY else ())


@pytest.mark.parametrize("kind", SUSPICIOUS)
def test_a_dataset_tells_the_reasons_that_need_no_file(kind):
    values, suspicion = SUSPICIOUS[kind]
    of_files = {Suspicion.BYTES_AFTER_PIXELS, Suspicion.DIRECTORY}

    told = Deidentifier(KEY).suspicions(image(**values))

    assert told == (() if suspicion in of_files else (suspicion,))


@pytest.mark.parametrize(
    "sop_class",
    [
        CTImageStorage,
        MRImageStorage,
        PositronEmissionTomographyImageStorage,
        ComputedRadiographyImageStorage,
        RTImageStorage,
    ],
)
def test_a_plain_image_is_not_held_back(tmp_path, sop_class):
    plain = image(
        SOPClassUID=sop_class,
        BurnedInAnnotation="NO",
        RecognizableVisualFeatures="NO",
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
    )

    assert held_back(plain, tmp_path) == ()


def test_an_overlay_in_the_bits_of_the_pixels_is_told(tmp_path):
    source = image(**SIX_BITS_FREE)
    source[0x60000100] = DataElement(0x60000100, "US", 16)
    source[0x60000102] = DataElement(0x60000102, "US", 12)

    assert held_back(source, tmp_path) == (Suspicion.OVERLAY_IN_PIXELS,)


def test_any_group_of_overlays_may_lie_in_the_pixels(tmp_path):
    source = image(**SIX_BITS_FREE)
    source[0x601E0102] = DataElement(0x601E0102, "US", 12)

    assert held_back(source, tmp_path) == (Suspicion.OVERLAY_IN_PIXELS,)


def test_an_overlay_of_its_own_goes_without_a_word(tmp_path):
    source = image()
    source[0x60000102] = DataElement(0x60000102, "US", 0)
    source[0x60003000] = DataElement(0x60003000, "OB", bytes(8))

    assert held_back(source, tmp_path) == ()


def test_several_reasons_are_all_told(tmp_path):
    source = image(
        BurnedInAnnotation="YES", SOPClassUID=SecondaryCaptureImageStorage, PixelData=bytes(256)
    )

    assert held_back(source, tmp_path) == (
        Suspicion.BURNED_IN,
        Suspicion.SECONDARY_CAPTURE,
        Suspicion.BYTES_AFTER_PIXELS,
    )


@pytest.mark.parametrize(
    "values",
    [
        {"Rows": 3, "Columns": 3, "BitsAllocated": 8, "PixelData": bytes(10)},
        {"BitsAllocated": 1, "PixelData": bytes(8)},
        {"NumberOfFrames": 3, "PixelData": bytes(3 * 128)},
    ],
    ids=["odd, so padded", "one bit each", "three frames"],
)
def test_pixels_that_just_fit_are_not_too_many(tmp_path, values):
    assert held_back(image(**values), tmp_path) == ()


def test_compressed_pixels_may_be_of_any_length(tmp_path):
    source = image(syntax=JPEGLSLossless, PixelData=encapsulate([bytes(5000)]))

    assert held_back(source, tmp_path) == ()


def test_what_lies_behind_the_pixels_is_not_copied(through_file):
    source = image()
    source[0xFFFCFFFC] = DataElement(0xFFFCFFFC, "OB", b"Quillfeather")
    source[0x7FE10010] = DataElement(0x7FE10010, "LO", "Quillfeather")
    source[0x7FE11010] = DataElement(0x7FE11010, "OB", b"Quillfeather")

    target, _ = through_file(source)

    assert b"Quillfeather" not in target.read_bytes()
    assert target.read_bytes().endswith(source.PixelData)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1"},
    ],
)
def test_a_ct_image_is_part_of_a_volume(tmp_path, values):
    assert held_back(image(**values), tmp_path, attributes="ct_volume") == ()


@pytest.mark.parametrize("hold_back", [True, False])
@pytest.mark.parametrize(
    "values",
    [
        {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
        {"SOPClassUID": MRImageStorage},
        {"SOPClassUID": SecondaryCaptureImageStorage},
    ],
)
def test_any_other_is_held_back_where_a_ct_volume_is_wanted(tmp_path, values, hold_back):
    options = {"attributes": "ct_volume", "hold_back_pixels": hold_back}

    assert held_back(image(**values), tmp_path, **options) == (Suspicion.NO_CT_VOLUME,)


def test_a_ct_volume_needs_no_more_than_its_geometry_and_its_pixels(through_file):
    source = image(RescaleSlope=1, RescaleIntercept=-1024, KVP=120, ExposureTime=7, FilterType="Q")

    target, _ = through_file(source, attributes="ct_volume")

    made = pydicom.dcmread(target)
    assert "ExposureTime" not in made
    assert "FilterType" not in made
    for keyword in ("PixelData", "ImagePositionPatient", "PixelSpacing", "RescaleIntercept"):
        assert made[keyword].value == source[keyword].value
