"""Opening the files of RT objects, those of careless exporters too.

Some leave out the preamble and the file meta, the transfer syntax, or an identifier that is in the
other of the two places it belongs to. Such a file is read as long as what it is stays in no doubt.
A file that was cut short is refused: pydicom reads what is left of it without a word.
"""

import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTDoseStorage,
    RTIonPlanStorage,
    RTPlanStorage,
    RTStructureSetStorage,
)

from imaging.dicom.reading import UNREADABLE
from imaging.errors import DicomError

_CLASSES = {
    "RTSTRUCT": (RTStructureSetStorage,),
    "RTDOSE": (RTDoseStorage,),
    "RTPLAN": (RTPlanStorage, RTIonPlanStorage),
}
_HEADER_BYTES = 8  # of a data element, at least
_UNDEFINED_LENGTH = 0xFFFFFFFF


def read_object(path: Path, modality: str) -> Dataset:
    """Read one file and check what kind of object it is.

    The dataset has a SOP Instance UID and a transfer syntax, whether or not the file states them.

    Args:
        path: The file.
        modality: RTSTRUCT, RTDOSE or RTPLAN.

    Raises:
        DicomError: The file is no readable DICOM, is cut short, or holds another kind of object.
    """
    dataset = _opened(path)
    _refuse_cut_short(dataset, path)
    if not _is_of(dataset, modality):
        found = _stated(dataset, "SOPClassUID") or "(none)"
        msg = f"is of class {found}, not {_CLASSES[modality][0]}"
        raise DicomError(path.name, msg)
    dataset.SOPInstanceUID = instance_uid(dataset, path)
    return dataset


def read_identity(path: Path) -> str:
    """Read the SOP Instance UID of a DICOM file and nothing else; raises as ``read_object``."""
    return instance_uid(_opened(path, ["SOPInstanceUID"]), path)


def claims_to_be(path: Path, modality: str) -> bool:
    """Say whether a file says that it is of a modality; False where it cannot be read.

    Its class says so, in the dataset or in the file meta; the modality only where both are missing.
    """
    try:
        dataset = _opened(path, ["SOPClassUID", "Modality"])
    except DicomError:
        return False
    stated = _stated(dataset, "SOPClassUID"), _in_meta(dataset, "MediaStorageSOPClassUID")
    if any(stated):
        return not set(stated).isdisjoint(_CLASSES[modality])
    return _stated(dataset, "Modality") == modality


def instance_uid(dataset: Dataset, path: Path) -> str:
    """Give the SOP Instance UID, of the dataset or else of its file meta.

    Raises:
        DicomError: Neither states one.
    """
    stated = _stated(dataset, "SOPInstanceUID") or _in_meta(dataset, "MediaStorageSOPInstanceUID")
    if not stated:
        msg = "it states no SOP Instance UID"
        raise DicomError(path.name, msg)
    return stated


def _opened(path: Path, tags: Sequence[str] | None = None) -> Dataset:
    """Parse a file or some of its tags, as a bare dataset when it has no preamble (PS3.10, 7.1)."""
    wanted = None if tags is None else list(tags)
    read = partial(dcmread, path, specific_tags=wanted, stop_before_pixels=tags is not None)
    try:
        with warnings.catch_warnings():
            # pydicom warns of values that break their VR, and quotes them: they may hold a name.
            warnings.simplefilter("ignore", UserWarning)
            try:
                dataset = read()
            except InvalidDicomError:
                dataset = read(force=True)
        if "TransferSyntaxUID" not in dataset.file_meta:
            dataset.file_meta.TransferSyntaxUID = _as_read(dataset)
    except (*UNREADABLE, OSError) as error:
        msg = f"cannot be read as DICOM ({type(error).__name__})"
        raise DicomError(path.name, msg) from error
    return dataset


def _as_read(dataset: Dataset) -> UID:
    """Give the transfer syntax that pydicom recognised by the first bytes."""
    is_implicit, is_little_endian = dataset.original_encoding
    if not is_little_endian:
        return ExplicitVRBigEndian
    return ImplicitVRLittleEndian if is_implicit else ExplicitVRLittleEndian


def _refuse_cut_short(dataset: Dataset, path: Path) -> None:
    """Refuse a file that ends inside an element, as after a broken transfer.

    Raises:
        DicomError: An element is shorter than it says, or an incomplete header follows the last.
    """
    found: list[object] = [dataset.get_item(tag) for tag in dataset.keys()]  # noqa: SIM118 - raw
    raw = [element for element in found if isinstance(element, RawDataElement)]
    defined = [element for element in raw if element.length != _UNDEFINED_LENGTH]
    is_short = any(len(element.value or b"") < element.length for element in defined)
    end = max((element.value_tell + element.length for element in defined), default=0)
    is_file_offset = dataset.file_meta.TransferSyntaxUID != DeflatedExplicitVRLittleEndian
    if is_short or (is_file_offset and _ends_in_header(path, end)):
        msg = "cannot be read as DICOM: the file is cut short"
        raise DicomError(path.name, msg)


def _ends_in_header(path: Path, end: int) -> bool:
    """Say whether a few bytes follow the last element that are more than padding."""
    if not 0 < path.stat().st_size - end < _HEADER_BYTES:
        return False
    with path.open("rb") as file:
        file.seek(end)
        return bool(file.read().strip(b"\0 "))


def _is_of(dataset: Dataset, modality: str) -> bool:
    """Say whether an object is of a modality beyond doubt.

    Its SOP class decides. Where that is missing or another, the file meta and the modality must
    both say so.
    """
    classes = _CLASSES[modality]
    stated = _stated(dataset, "SOPClassUID")
    if stated in classes:
        return True
    in_meta = _in_meta(dataset, "MediaStorageSOPClassUID")
    is_open = in_meta in classes or not (stated or in_meta)
    return is_open and _stated(dataset, "Modality") == modality


def _stated(dataset: Dataset, keyword: str) -> str:
    """Give an attribute as text, empty when it is missing, empty or broken."""
    try:
        return str(dataset.get(keyword) or "").strip()
    except UNREADABLE:
        return ""


def _in_meta(dataset: Dataset, keyword: str) -> str:
    """Give an attribute of the file meta as text, empty when it is missing or empty."""
    return _stated(dataset.file_meta, keyword)
