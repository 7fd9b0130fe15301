"""Small CT series, written as a scanner might, with whatever a test wants to be wrong."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

from imaging.errors import InputError
from imaging.fusion.checking import CbctRules, check_cbct

NAME = "PLANTED^NAME"
SERIES = "1.2.826.0.1.3680043.8.498.1"
LENIENT = CbctRules(least_slices=10, least_fov_mm=4)
GAP_MM, PIXEL_MM, MATRIX = 0.4, 0.5, 16

Change = Callable[[int, Dataset], object]


def unchanged(_number: int, _ds: Dataset) -> None:
    """Leave a slice as it is."""


def slice_of(number: int, matrix: int = MATRIX) -> FileDataset:
    """Return slice ``number`` (from 0) of a head, from its neck upwards."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = UID(f"{SERIES}.{number + 1}")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    ds.SOPClassUID = CTImageStorage
    ds.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    ds.StudyInstanceUID = "1.2.826.0.1.3680043.8.498.2"
    ds.SeriesInstanceUID = SERIES
    ds.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.3"
    ds.Modality, ds.PatientName, ds.PatientID = "CT", NAME, "4711"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    ds.Rows = ds.Columns = matrix
    ds.PixelSpacing = [PIXEL_MM, PIXEL_MM]
    ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.ImagePositionPatient = [-4, -4, round(number * GAP_MM, 4)]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.RescaleSlope, ds.RescaleIntercept = 1, -1000
    pixels = np.random.default_rng(number).integers(0, 4000, (matrix, matrix), dtype="<u2")
    ds.PixelData = pixels.tobytes()
    return ds


def as_bytes(ds: FileDataset) -> bytes:
    content = BytesIO()
    ds.save_as(content, enforce_file_format=True)
    return content.getvalue()


def files_of(count: int = 12, change: Change = unchanged, matrix: int = MATRIX) -> dict[str, bytes]:
    """Return files by name, in an order of names that is not that of the slices."""
    files = {}
    for number in range(count):
        ds = slice_of(number, matrix)
        change(number, ds)
        files[f"{NAME} {7 * number % 1009:04}.dcm"] = as_bytes(ds)
    return files


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_series(folder: Path, count: int = 12, change: Change = unchanged) -> Path:
    return write_folder(folder, files_of(count, change))


def refusal(path, rules=LENIENT, **named) -> str:
    with pytest.raises(InputError) as caught:
        check_cbct(path, rules=rules, **named)
    assert "PLANTED" not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert str(path) not in str(caught.value)
    return str(caught.value)


def every(**values):
    def change(_number, ds):
        for keyword, value in values.items():
            setattr(ds, keyword, value)

    return change


def one(chosen, **values):
    def change(number, ds):
        if number == chosen:
            every(**values)(number, ds)

    return change


def moved(move):
    """Put each slice where ``move`` says: a function of its number."""
    return lambda number, ds: setattr(ds, "ImagePositionPatient", move(number))
