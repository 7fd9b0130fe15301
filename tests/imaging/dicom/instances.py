"""Small DICOM files for tests that need no anatomy."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, generate_uid

from imaging.dicom import Archive, SeriesRow


def image(
    *, patient_id: str = "P1", side: int = 8, syntax: UID = ExplicitVRLittleEndian, **values: Any
) -> Dataset:
    """A CT slice; attributes are given by keyword, and None leaves one out."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PatientID = patient_id
    for keyword, value in (_defaults(patient_id, side) | values).items():
        if value is not None:
            setattr(dataset, keyword, value)
    if "PixelData" in dataset:
        dataset["PixelData"].VR = "OW"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    return dataset


def _defaults(patient_id: str, side: int) -> dict[str, Any]:
    pixels = bytes(range(256)) * (2 * side * side // 256 + 1)
    return {
        "PatientName": "Phantom^Small",
        "StudyInstanceUID": generate_uid(entropy_srcs=["study", patient_id]),
        "SeriesInstanceUID": generate_uid(entropy_srcs=["series", patient_id]),
        "SOPInstanceUID": generate_uid(),
        "SOPClassUID": CTImageStorage,
        "Modality": "CT",
        "StudyDate": "20240131",
        "ImagePositionPatient": [0, 0, 1.5],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "PixelSpacing": [1, 1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": side,
        "Columns": side,
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": 1,
        "PixelData": pixels[: 2 * side * side],
    }


def dicom_bytes(dataset: Dataset) -> bytes:
    """The file that holds a dataset."""
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def write(dataset: Dataset, folder: Path, name: str = "") -> Path:
    """Write a dataset to a folder, under its SOPInstanceUID by default."""
    path = folder / (name or f"{dataset.SOPInstanceUID}.dcm")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(dicom_bytes(dataset))
    return path


def write_series(folder: Path, slices: int, **values: Any) -> list[Path]:
    """Write slices of one series."""
    return [
        write(image(ImagePositionPatient=[0, 0, 3 * k], InstanceNumber=k, **values), folder)
        for k in range(slices)
    ]


def only_series(archive: Archive, patient_id: str = "P1") -> SeriesRow:
    """The one series that a patient has."""
    (patient,) = archive.patients([patient_id])
    (series,) = patient.series
    return series
