"""An RTSTRUCT as a dataset (PS3.3 A.19): whose it is, what it was drawn on, its ROIs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage

from imaging.conversions.naming import SHORT, fitting
from imaging.conversions.series import TYPE_2, ImageSeries

Maker = Literal["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"]

# What else a new object repeats where the images have it: above all, that they are de-identified.
_OPTIONAL = (
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "DeidentificationMethodCodeSequence",
    "LongitudinalTemporalInformationModified",
    "StudyDescription",
)
UTF_8 = "ISO_IR 192"
_STUDY_COMPONENT = "1.2.840.10008.3.1.2.3.1"  # retired, yet what planning systems still expect
_CONTOUR_DATA = Tag("ContourData")


@dataclass(frozen=True, slots=True)
class StructureOptions:
    """How an RTSTRUCT is made.

    Attributes:
        label: Structure Set Label, up to 16 characters.
        algorithm_type: Who drew the labels.
        series_description: Of the new series.
    """

    label: str = "LABELS"
    algorithm_type: Maker = "AUTOMATIC"
    series_description: str = "Structures of a label map"


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """One closed contour.

    Attributes:
        slice_index: The slice that it lies in.
        points_mm: Shape (n, 3): x, y and z.
    """

    slice_index: int
    points_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class DrawnRoi:
    """An ROI to write.

    Attributes:
        number: ROI Number.
        color: ROI Display Color.
    """

    number: int
    name: str
    color: tuple[int, int, int]
    contours: tuple[Contour, ...]


def structure_set(
    rois: Sequence[DrawnRoi], series: ImageSeries, options: StructureOptions, uids: tuple[str, str]
) -> Dataset:
    """Make an RTSTRUCT of the patient and the study of an image series.

    Args:
        rois: What was drawn.
        series: What it was drawn on.
        options: What it says of itself.
        uids: Of its series, and its own.
    """
    series_uid, object_uid = uids
    dataset = _new(series.headers[0], object_uid)
    dataset.Modality = "RTSTRUCT"
    dataset.SeriesInstanceUID = series_uid
    dataset.SeriesNumber = series.new_number
    dataset.SeriesDescription = fitting(options.series_description)
    dataset.OperatorsName = ""
    dataset.Manufacturer = dataset.ManufacturerModelName = "imaging"
    dataset.InstanceNumber = 1
    dataset.StructureSetLabel = fitting(options.label, SHORT)
    now = datetime.now().astimezone()
    dataset.StructureSetDate, dataset.StructureSetTime = f"{now:%Y%m%d}", f"{now:%H%M%S}"
    dataset.FrameOfReferenceUID = series.frame_of_reference_uid
    dataset.ReferencedFrameOfReferenceSequence = [_frame(series)]
    dataset.StructureSetROISequence = [_roi(each, series, options.algorithm_type) for each in rois]
    images = [_image(series, index) for index in range(len(series.stack.slices))]
    dataset.ROIContourSequence = [_drawn(each, images) for each in rois]
    dataset.RTROIObservationsSequence = [_observation(each) for each in rois]
    dataset.ApprovalStatus = "UNAPPROVED"
    return dataset


def _new(image: Dataset, object_uid: str) -> Dataset:
    """Start an object of the patient and the study of an image."""
    dataset = Dataset()
    for keyword in ("StudyInstanceUID", *TYPE_2, *_OPTIONAL):
        if keyword in image:
            dataset[keyword] = image[keyword]
    dataset.SpecificCharacterSet = UTF_8  # names of labels may need it, whatever the images have
    dataset.SOPClassUID = RTStructureSetStorage
    dataset.SOPInstanceUID = object_uid
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = RTStructureSetStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    # Explicit VR has 16 bits for the length of a contour: 2,400 points and no more.
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    return dataset


def _frame(series: ImageSeries) -> Dataset:
    """Refer to the study, the series and its images."""
    referenced = Dataset()
    referenced.SeriesInstanceUID = series.stack.series_instance_uid
    referenced.ContourImageSequence = [
        _reference(header.SOPClassUID, header.SOPInstanceUID) for header in series.headers
    ]
    study = _reference(_STUDY_COMPONENT, series.headers[0].StudyInstanceUID)
    study.RTReferencedSeriesSequence = [referenced]
    frame = Dataset()
    frame.FrameOfReferenceUID = series.frame_of_reference_uid
    frame.RTReferencedStudySequence = [study]
    return frame


def _reference(sop_class: str, sop_instance_uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = sop_instance_uid
    return item


def _image(series: ImageSeries, index: int) -> Dataset:
    """Refer to the image of a slice, or to its frame."""
    one = series.stack.slices[index]
    item = _reference(series.headers[0].SOPClassUID, one.sop_instance_uid)
    if one.pixels.frames > 1:
        item.ReferencedFrameNumber = one.pixels.frame + 1
    return item


def _roi(roi: DrawnRoi, series: ImageSeries, maker: Maker) -> Dataset:
    item = Dataset()
    item.ROINumber = roi.number
    item.ReferencedFrameOfReferenceUID = series.frame_of_reference_uid
    item.ROIName = fitting(roi.name)
    item.ROIGenerationAlgorithm = maker
    return item


def _drawn(roi: DrawnRoi, images: Sequence[Dataset]) -> Dataset:
    item = Dataset()
    item.ROIDisplayColor = list(roi.color)
    item.ReferencedROINumber = roi.number
    item.ContourSequence = [_contour(each, images[each.slice_index]) for each in roi.contours]
    return item


def _contour(contour: Contour, image: Dataset) -> Dataset:
    item = Dataset()
    item.ContourImageSequence = [image]
    item.ContourGeometricType = "CLOSED_PLANAR"
    item.NumberOfContourPoints = len(contour.points_mm)
    _set_points(item, contour.points_mm)
    return item


def _set_points(item: Dataset, points_mm: NDArray[np.float64]) -> None:
    """Set Contour Data as the text that is written: as numbers, each would become an object."""
    text = "\\".join([_decimal(value) for value in points_mm.ravel().tolist()]).encode()
    text += b" " * (len(text) % 2)
    item[_CONTOUR_DATA] = RawDataElement(
        _CONTOUR_DATA, "DS", len(text), text, 0, is_implicit_VR=True, is_little_endian=True
    )
    item.set_original_encoding(
        is_implicit_vr=True, is_little_endian=True, character_encoding="iso8859"
    )


def _decimal(value: float) -> str:
    """Write a coordinate in at most 16 characters, to a hundredth of a micrometre."""
    return f"{value:.5f}"


def _observation(roi: DrawnRoi) -> Dataset:
    item = Dataset()
    item.ObservationNumber = roi.number
    item.ReferencedROINumber = roi.number
    item.ROIObservationLabel = fitting(roi.name, SHORT)
    item.RTROIInterpretedType = ""  # what an id means for a treatment is for people to say
    item.ROIInterpreter = ""
    return item
