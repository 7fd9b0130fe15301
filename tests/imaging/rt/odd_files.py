"""Odd files; see ``odd_cases``."""

from copy import deepcopy

from pydicom import dcmwrite
from pydicom.tag import Tag
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from imaging.phantoms import write_object
from tests.imaging.rt.odd_attributes import MANY, without
from tests.imaging.rt.odd_cases import HEIGHTS_MM, Odd, stack

DATA = Tag("ContourData")


def saved_as(syntax):
    def save(dataset, path):
        dataset = deepcopy(dataset)
        if syntax == ExplicitVRBigEndian and "PixelData" in dataset:
            dataset.PixelData = dataset.pixel_array.astype(">u4").tobytes()
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.save_as(
            path,
            enforce_file_format=True,
            implicit_vr=syntax.is_implicit_VR,
            little_endian=syntax.is_little_endian,
        )
        return path

    return save


def bare(dataset, path):
    dataset = deepcopy(dataset)
    del dataset.file_meta
    dcmwrite(path, dataset, implicit_vr=True, little_endian=True, enforce_file_format=False)
    return path


def without_syntax(dataset, path):
    dataset = deepcopy(dataset)
    del dataset.file_meta.TransferSyntaxUID
    dataset.preamble = b"\0" * 128
    dcmwrite(path, dataset, implicit_vr=True, little_endian=True, enforce_file_format=False)
    return path


def cut_short(dataset, path):
    content = write_object(dataset, path).read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    return path


def as_unknown(dataset, path):
    """Write with explicit VR, Contour Data as UN."""
    saved_as(ExplicitVRLittleEndian)(dataset, path)
    content = path.read_bytes()
    for length in {len(item[DATA].value) for item in _contours(dataset)}:
        short = b"\x06\x30\x50\x00DS" + length.to_bytes(2, "little")
        content = content.replace(short, b"\x06\x30\x50\x00UN\0\0" + length.to_bytes(4, "little"))
    path.write_bytes(content)
    return path


def _contours(dataset):
    drawn = dataset.get("ROIContourSequence") or []
    return [item for roi in drawn for item in roi.ContourSequence]


FILES = (
    Odd(what="explicit VR, little endian", save=saved_as(ExplicitVRLittleEndian)),
    Odd(what="implicit VR, little endian", save=saved_as(ImplicitVRLittleEndian)),
    Odd(what="explicit VR, big endian", save=saved_as(ExplicitVRBigEndian)),
    Odd(what="deflated", save=saved_as(DeflatedExplicitVRLittleEndian)),
    Odd(what="no preamble, no file meta", save=bare),
    Odd(what="no transfer syntax", save=without_syntax),
    Odd(what="ContourData of VR UN", save=as_unknown),
    Odd(
        what="ContourData above 64 kB, explicit VR",
        contours=stack(MANY, heights_mm=HEIGHTS_MM),
        save=saved_as(ExplicitVRLittleEndian),
    ),
    Odd(what="cut short", save=cut_short, refusal="cannot be read as DICOM"),
    Odd(
        what="no SOPInstanceUID in the data set",
        dose=without("SOPInstanceUID"),
        save=without_syntax,
    ),
)
