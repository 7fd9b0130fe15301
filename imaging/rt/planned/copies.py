"""Our DVHs in a copy of the RTDOSE, where planning systems and archives look for them.

The copy is a new object in a new series, as DICOM asks for what is derived (PS3.3, C.7.6.1.1.3 for
images, and for the same reason here): whoever asks for the series of the dose still gets the dose
alone. Pixels, geometry and references to the plan stay as they are.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTStructureSetStorage,
    generate_uid,
)

from imaging.errors import InputError
from imaging.files import whole_file
from imaging.rt.dvh import DVH
from imaging.rt.files.objects import read_rtdose

BIN_GY = 0.01
_PRODUCT = "imaging-flows"
_LONGEST_SHORT_VR = 65_534  # bytes of a DS element where explicit VR has 16 bits for its length
_LONGEST_DESCRIPTION = 64
_OF_OLD_DVHS = ("DVHNormalizationPoint", "DVHNormalizationDoseValue")


def write_dvhs_copy(  # noqa: PLR0913 - where from, where to, what, and how
    rtdose: Path,
    target: Path,
    dvhs: Sequence[DVH],
    rtstruct_uid: str,
    *,
    bin_gy: float = BIN_GY,
    created: datetime | None = None,
) -> Path:
    """Write a copy of an RTDOSE whose DVH Sequence holds our curves, wholly or not at all.

    SOP and series UID are made from those of the dose and from the curves: the same result has
    the same UIDs however often it is written. Curves are cumulative, in cm³, each volume at the
    lower edge of its bin. A file in explicit VR becomes implicit VR where a curve needs more than
    64 kB.

    Args:
        rtdose: The dose, which is only read.
        target: Where the copy goes.
        dvhs: Ours; empty ones are left out.
        rtstruct_uid: SOP Instance UID of the RTSTRUCT that the ROI numbers belong to.
        bin_gy: Width of a bin.
        created: For InstanceCreationDate and -Time; now, when it is not given.

    Returns:
        ``target``.

    Raises:
        DicomError: The file is no readable RTDOSE.
        InputError: There is no curve to write, ``target`` is the dose itself, or a curve has more
            bins than its transfer syntax can hold.
    """
    filled = [dvh for dvh in dvhs if not dvh.is_empty]
    if not filled or target.resolve() == rtdose.resolve():
        msg = "there is no curve to write" if not filled else f"{target.name} would be overwritten"
        raise InputError(msg)
    dataset = read_rtdose(rtdose)
    texts = [_dvh_data(dvh, bin_gy) for dvh in filled]
    _choose_transfer_syntax(dataset, max(len(text) for text in texts))
    dose_type = str(dataset.get("DoseType") or "PHYSICAL")
    dataset.DVHSequence = [
        _item(dvh, text, dose_type, is_implicit=dataset.file_meta.TransferSyntaxUID.is_implicit_VR)
        for dvh, text in zip(filled, texts, strict=True)
    ]
    for keyword in _OF_OLD_DVHS:
        if keyword in dataset:
            del dataset[keyword]
    structure_set = Dataset()
    structure_set.ReferencedSOPClassUID = RTStructureSetStorage
    structure_set.ReferencedSOPInstanceUID = rtstruct_uid
    dataset.ReferencedStructureSetSequence = [structure_set]
    _rename(dataset, [rtstruct_uid, *(_digest(d, t) for d, t in zip(filled, texts, strict=True))])
    _sign(dataset, created or datetime.now(UTC))
    with whole_file(target) as part:
        dataset.save_as(part, enforce_file_format=True)
    return target


def _item(dvh: DVH, text: bytes, dose_type: str, *, is_implicit: bool) -> Dataset:
    """Make one item of the DVH Sequence (PS3.3, C.8.8.4)."""
    roi = Dataset()
    roi.DVHROIContributionType = "INCLUDED"
    roi.ReferencedROINumber = dvh.roi_number
    item = Dataset()
    item.DVHReferencedROISequence = [roi]
    item.DVHType = "CUMULATIVE"
    item.DoseUnits, item.DoseType = "GY", dose_type
    item.DVHDoseScaling = "1"
    item.DVHVolumeUnits = "CM3"
    item.DVHNumberOfBins = text.count(b"\\") // 2 + 1
    item.DVHMinimumDose = _decimal(dvh.min_gy)
    item.DVHMaximumDose = _decimal(dvh.max_gy)
    item.DVHMeanDose = _decimal(dvh.mean_gy)
    tag = Tag("DVHData")
    # As text: pydicom would make an object of each number, and a large case take seconds.
    item[tag] = RawDataElement(
        tag, "DS", len(text), text, value_tell=0, is_implicit_VR=is_implicit, is_little_endian=True
    )
    item.set_original_encoding(
        is_implicit_vr=is_implicit, is_little_endian=True, character_encoding="iso8859"
    )
    return item


def _dvh_data(dvh: DVH, bin_gy: float) -> bytes:
    """Write a curve as pairs of width and volume, of an even number of bytes."""
    _, cc_in_bin = dvh.differential(bin_gy)
    at_lower_edge: NDArray[np.float64] = np.cumsum(cc_in_bin[::-1])[::-1]
    width = _decimal(bin_gy)
    text = "\\".join(f"{width}\\{_decimal(cc)}" for cc in at_lower_edge.tolist()).encode()
    return text + b" " * (len(text) % 2)


def _decimal(value: float | None) -> str:
    """Write a number that is not negative in at most 16 characters, as a DS."""
    return f"{max(value or 0.0, 0.0):.9g}"


def _choose_transfer_syntax(dataset: Dataset, longest: int) -> None:
    """Go over to implicit VR when a curve is too long for explicit VR."""
    syntax = dataset.file_meta.TransferSyntaxUID
    if longest <= _LONGEST_SHORT_VR or syntax == ImplicitVRLittleEndian:
        return
    if syntax != ExplicitVRLittleEndian:
        msg = f"a curve has {longest} bytes, too many for {syntax.name}; take wider bins"
        raise InputError(msg)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian


def _digest(dvh: DVH, text: bytes) -> str:
    """Fingerprint what is written about one ROI."""
    said = f"{dvh.roi_number} {dvh.min_gy} {dvh.max_gy} {dvh.mean_gy} ".encode()
    return hashlib.sha256(said + text).hexdigest()


def _rename(dataset: Dataset, content: list[str]) -> None:
    """Give the copy UIDs of its own."""
    old_instance, old_series = str(dataset.SOPInstanceUID), str(dataset.SeriesInstanceUID)
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[old_instance, "dvh", *content])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[old_series, old_instance, "dvh"])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID


def _sign(dataset: Dataset, created: datetime) -> None:
    """Say in the copy that it is one, what made it and when (PS3.3, C.12.1.1.5)."""
    dataset.InstanceCreationDate = f"{created:%Y%m%d}"
    dataset.InstanceCreationTime = f"{created:%H%M%S}"
    description = f"{dataset.get('SeriesDescription') or 'RT Dose'} + DVH"
    dataset.SeriesDescription = description[-_LONGEST_DESCRIPTION:]
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "109103", "DCM"
    purpose.CodeMeaning = "Modifying Equipment"
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = [purpose]
    equipment.Manufacturer = _PRODUCT
    equipment.SoftwareVersions = version(_PRODUCT)
    equipment.ContributionDescription = "DVH Sequence calculated anew; the dose is unchanged"
    before = dataset.get("ContributingEquipmentSequence") or []
    dataset.ContributingEquipmentSequence = [*before, equipment]
