"""What a de-identified object says of itself (DICOM PS3.15, E.1.1, and PS3.16, CID 7050)."""

from functools import lru_cache
from io import BytesIO

from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from imaging.dicom.deidentify.elements import element_at
from imaging.dicom.deidentify.options import DeidentifyOptions
from imaging.dicom.deidentify.table import EDITION

_BASIC = ("113100", "Basic Application Confidentiality Profile")
_OF_OPTION = {
    "clean_structured_content": ("113104", "Clean Structured Content Option"),
    "clean_descriptors": ("113105", "Clean Descriptors Option"),
    "retain_longitudinal_intervals": (
        "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
    ),
    "retain_patient_characteristics": ("113108", "Retain Patient Characteristics Option"),
    "retain_device_identity": ("113109", "Retain Device Identity Option"),
    "retain_uids": ("113110", "Retain UIDs Option"),
}


def mark(dataset: Dataset, options: DeidentifyOptions) -> None:
    """Write into an object that, and how, it was de-identified."""
    is_implicit, is_little = dataset.original_encoding
    if is_implicit is None or is_little is None:
        dataset.update(_as_dataset(options))
        return
    for element in _encoded(options, is_implicit=is_implicit, is_little=is_little):
        dataset[element.tag] = element


@lru_cache(64)
def _encoded(
    options: DeidentifyOptions, *, is_implicit: bool, is_little: bool
) -> tuple[RawDataElement, ...]:
    """Return the elements as they stand in a file, made once: they are the same in every object."""
    content = BytesIO()
    file = DicomIO(content)
    file.is_implicit_VR, file.is_little_endian = is_implicit, is_little
    write_dataset(file, _as_dataset(options))
    content.seek(0)
    read = read_dataset(content, is_implicit, is_little)
    elements = (element_at(read, tag) for tag in read.keys())  # noqa: SIM118 - to iterate decodes
    return tuple(element for element in elements if isinstance(element, RawDataElement))


def _as_dataset(options: DeidentifyOptions) -> Dataset:
    used = options.model_dump()
    codes = [_BASIC, *(code for option, code in _OF_OPTION.items() if used[option])]
    intervals = options.retain_longitudinal_intervals and options.attributes == "profile"
    marks = Dataset()
    marks.PatientIdentityRemoved = "YES"
    marks.DeidentificationMethod = f"PS3.15 {EDITION} Basic Profile, imaging-flows"
    marks.DeidentificationMethodCodeSequence = Sequence([_code(*code) for code in codes])
    marks.LongitudinalTemporalInformationModified = "MODIFIED" if intervals else "REMOVED"
    return marks


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code
