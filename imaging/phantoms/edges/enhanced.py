"""A CT series as one Enhanced CT object, all its slices as frames (PS3.3 A.38)."""

from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage

from imaging.phantoms.headers import StudyHeader, new_object

_SAME_FOR_ALL = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "SeriesDescription",
    "SeriesDate",
    "SeriesTime",
    "PatientPosition",
)


def enhanced_ct(images: Sequence[Dataset], study: StudyHeader) -> Dataset:
    """Put the slices of a series into one object, in their order and in the series' place."""
    first = images[0]
    enhanced = new_object(study, EnhancedCTImageStorage, "CT", "enhanced CT")
    enhanced.SeriesInstanceUID = first.SeriesInstanceUID
    for keyword in _SAME_FOR_ALL:
        setattr(enhanced, keyword, first[keyword].value)
    enhanced.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    enhanced.PixelPresentation, enhanced.VolumetricProperties = "MONOCHROME", "VOLUME"
    enhanced.VolumeBasedCalculationTechnique = "NONE"
    enhanced.ContentQualification, enhanced.BurnedInAnnotation = "RESEARCH", "NO"
    enhanced.LossyImageCompression, enhanced.PresentationLUTShape = "00", "IDENTITY"
    enhanced.AcquisitionDateTime = f"{study.study_date}101500"
    enhanced.ContentDate, enhanced.ContentTime = study.study_date, enhanced.StudyTime
    enhanced.InstanceNumber, enhanced.NumberOfFrames = 1, len(images)
    enhanced.SharedFunctionalGroupsSequence = [_shared(first)]
    enhanced.PerFrameFunctionalGroupsSequence = [
        _of_frame(number, image) for number, image in enumerate(images, 1)
    ]
    enhanced.PixelData = b"".join(image.PixelData for image in images)
    enhanced.file_meta.TransferSyntaxUID = first.file_meta.TransferSyntaxUID
    return enhanced


def refer_to_frames(structures: Dataset, enhanced: Dataset, slices: Sequence[str]) -> None:
    """Let an RTSTRUCT refer to the frames of one object in place of ``slices``, by their UIDs."""
    study = structures.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    image = Dataset()
    image.ReferencedSOPClassUID = EnhancedCTImageStorage
    image.ReferencedSOPInstanceUID = enhanced.SOPInstanceUID
    study.RTReferencedSeriesSequence[0].ContourImageSequence = [image]
    for roi in structures.ROIContourSequence:
        for contour in roi.ContourSequence:
            item = contour.ContourImageSequence[0]
            frame = slices.index(str(item.ReferencedSOPInstanceUID)) + 1
            item.ReferencedSOPClassUID = EnhancedCTImageStorage
            item.ReferencedSOPInstanceUID = enhanced.SOPInstanceUID
            item.ReferencedFrameNumber = frame


def _shared(image: Dataset) -> Dataset:
    """Gather what holds for every frame."""
    measures, orientation, values = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = image.PixelSpacing, image.SliceThickness
    orientation.ImageOrientationPatient = image.ImageOrientationPatient
    values.RescaleIntercept, values.RescaleSlope = image.RescaleIntercept, image.RescaleSlope
    values.RescaleType = "HU"
    kind = Dataset()
    kind.FrameType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    kind.PixelPresentation, kind.VolumetricProperties = "MONOCHROME", "VOLUME"
    kind.VolumeBasedCalculationTechnique = "NONE"
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    shared.PixelValueTransformationSequence = [values]
    shared.CTImageFrameTypeSequence = [kind]
    return shared


def _of_frame(number: int, image: Dataset) -> Dataset:
    """Gather what is a frame's own: its number and its place."""
    content, position = Dataset(), Dataset()
    content.FrameAcquisitionNumber, content.StackID, content.InStackPositionNumber = 1, "1", number
    content.DimensionIndexValues = [number]
    position.ImagePositionPatient = image.ImagePositionPatient
    frame = Dataset()
    frame.FrameContentSequence = [content]
    frame.PlanePositionSequence = [position]
    return frame
