"""Pixels of every kind come out as the values they mean."""

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)
from SimpleITK import GetImageFromArray, ImageFileWriter

from imaging.volumes import FindingKind
from tests.imaging.volumes.series import (
    evidence,
    kinds,
    loaded,
    made,
    numbered,
    series,
    set_pixels,
    written,
)


def image_of(tmp_path, images):
    products = made(tmp_path, written(images, tmp_path / "in"))
    assert kinds(products) == [FindingKind.IMAGE_WRITTEN]
    return loaded(tmp_path / "nifti/CT.nii.gz")[0]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
def test_whole_numbers_that_fit_stay_whole_and_exact(dtype, tmp_path):
    values = numbered(3, 6, 7, dtype=dtype)

    def in_hounsfield(image, _):
        image.RescaleIntercept = -1024

    voxels = image_of(tmp_path, series(values, change=in_hounsfield))

    assert voxels.dtype == np.int16
    assert np.array_equal(voxels, values.astype(int) - 1024)


def test_values_beyond_16_bits_make_the_image_floating_point(tmp_path):
    values = numbered(3, 6, 7, dtype=np.uint16)
    values[2, 5, 6] = 40000

    voxels = image_of(tmp_path, series(values))

    assert voxels.dtype == np.float32
    assert np.array_equal(voxels, values)


def test_large_stored_numbers_that_the_intercept_makes_small_stay_whole(tmp_path):
    values = numbered(3, 6, 7, dtype=np.uint16) + np.uint16(40000)

    def offset(image, _):
        image.RescaleIntercept = -32768

    voxels = image_of(tmp_path, series(values, change=offset))

    assert voxels.dtype == np.int16
    assert np.array_equal(voxels, values.astype(int) - 32768)


def test_every_slice_is_rescaled_by_its_own_slope(tmp_path):
    values = numbered(3, 6, 7)

    def scaled(image, index):
        image.RescaleSlope, image.RescaleIntercept = 0.5 + index, -index

    voxels = image_of(tmp_path, series(values, change=scaled))

    slope = np.array([0.5, 1.5, 2.5])[:, None, None]
    assert voxels.dtype == np.float32
    assert np.array_equal(voxels, values * slope - np.arange(3)[:, None, None])


@pytest.mark.parametrize(("dtype", "low"), [(np.uint16, 0), (np.int16, -2048)])
def test_bits_above_those_stored_do_not_count(dtype, low, tmp_path):
    values = numbered(3, 6, 7).astype(dtype) + dtype(low)

    def with_garbage(image, _):
        plane = np.frombuffer(image.PixelData, np.uint16) & 0x0FFF | 0xA000
        image.PixelData = plane.tobytes()
        image.BitsStored, image.HighBit = 12, 11

    assert np.array_equal(image_of(tmp_path, series(values, change=with_garbage)), values)


def test_values_in_the_upper_bits_are_shifted_down(tmp_path):
    values = numbered(3, 6, 7, dtype=np.uint16)

    def upper(image, _):
        image.PixelData = (np.frombuffer(image.PixelData, np.uint16) << 4).tobytes()
        image.BitsStored, image.HighBit = 12, 15

    assert np.array_equal(image_of(tmp_path, series(values, change=upper)), values)


def test_padding_stays_as_it_is(tmp_path):
    values = numbered(3, 6, 7)
    values[:, 0, 0] = -2000

    def padded(image, _):
        image.PixelPaddingValue = -2000

    assert np.array_equal(image_of(tmp_path, series(values, change=padded)), values)


def test_what_follows_the_pixels_is_not_taken_for_them(tmp_path):
    values = numbered(3, 6, 7)

    def trailed(image, _):
        image.DataSetTrailingPadding = bytes(100)

    assert np.array_equal(image_of(tmp_path, series(values, change=trailed)), values)


def in_syntax(uid):
    def change(image: Dataset, _: int) -> None:
        if uid == RLELossless:
            image.compress(RLELossless)
        if uid == ExplicitVRBigEndian:
            image.PixelData = np.frombuffer(image.PixelData, "<i2").astype(">i2").tobytes()
        image["PixelData"].VR = "OW"
        image.file_meta.TransferSyntaxUID = UID(uid)

    return change


@pytest.mark.parametrize(
    "uid",
    [ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless],
)
def test_any_transfer_syntax_gives_the_same_values(uid, tmp_path):
    values = numbered(3, 6, 7) - np.int16(50)

    voxels = image_of(tmp_path, series(values, change=in_syntax(uid)))

    assert np.array_equal(voxels, values)


def encoded(plane, compressor, folder):
    """Let ITK compress a slice, and return its transfer syntax and its one fragment."""
    writer = ImageFileWriter()
    writer.SetFileName(str(folder / f"{compressor}.dcm"))
    writer.SetImageIO("GDCMImageIO")
    writer.UseCompressionOn()
    writer.SetCompressor(compressor)
    writer.Execute(GetImageFromArray(plane))
    read = dcmread(folder / f"{compressor}.dcm")
    return read.file_meta.TransferSyntaxUID, read.PixelData


@pytest.mark.parametrize("compressor", ["JPEG2000", "JPEG"])
def test_compressed_pixels_are_decoded_by_whichever_library_can(compressor, tmp_path):
    values = numbered(3, 16, 17, dtype=np.uint16)
    values *= np.uint16(3)

    def compress(image, index):
        syntax, content = encoded(values[index], compressor, tmp_path)
        image.RescaleIntercept = -1000
        image.PixelData = content
        image["PixelData"].VR, image["PixelData"].is_undefined_length = "OB", True
        image.file_meta.TransferSyntaxUID = syntax

    voxels = image_of(tmp_path, series(values, change=compress))

    assert np.array_equal(voxels, values.astype(int) - 1000)


def broken_codestream(image, index):
    if index == 1:
        image.PixelData = encapsulate([b"no code stream"])
        image["PixelData"].VR, image["PixelData"].is_undefined_length = "OB", True
        image.file_meta.TransferSyntaxUID = JPEG2000Lossless


def colours(image, index):
    if index == 1:
        set_pixels(image, np.zeros((6, 21), np.uint8))
        image.SamplesPerPixel, image.Columns = 3, 7


def table(image, index):
    if index == 1:
        image.ModalityLUTSequence = [Dataset()]


def cut_short(image, index):
    if index == 1:
        image.PixelData = image.PixelData[:20]


@pytest.mark.parametrize("change", [broken_codestream, colours, table, cut_short])
def test_pixels_that_cannot_be_read_are_a_finding_that_names_the_slice(change, tmp_path):
    images = series(numbered(3, 6, 7), change=change)

    products = made(tmp_path, written(images, tmp_path / "in"))

    (finding,) = products.findings
    assert finding.kind == FindingKind.PIXELS_UNREADABLE
    assert finding.subject_uid == images[1].SOPInstanceUID
    assert not list(tmp_path.glob("nifti/*"))


def test_few_bytes_that_stand_for_gigabytes_are_not_decoded(tmp_path):
    def endless(image: Dataset, _: int) -> None:
        image.compress(RLELossless)
        image.Rows = image.Columns = 30_000

    images = series(numbered(3, 6, 7), change=endless)

    (finding,) = made(tmp_path, written(images, tmp_path / "in")).findings

    assert finding.kind == FindingKind.PIXELS_UNREADABLE
    assert "PixelData takes 1800000000 bytes when it is decoded" in str(finding.evidence)


def test_a_file_that_is_no_image_is_a_finding(tmp_path):
    paths = written(series(numbered(3, 6, 7)), tmp_path / "in")
    (tmp_path / "in/other.dcm").write_bytes(b"something else" * 100)

    products = made(tmp_path, (*paths, tmp_path / "in/other.dcm"))

    assert kinds(products) == [FindingKind.PIXELS_UNREADABLE]
    assert "cannot be read" in evidence(products, FindingKind.PIXELS_UNREADABLE)["reason"]


def test_a_file_that_is_gone_is_an_error_for_the_caller(tmp_path):
    paths = written(series(numbered(3, 6, 7)), tmp_path / "in")
    paths[1].unlink()

    with pytest.raises(FileNotFoundError):
        made(tmp_path, paths)
