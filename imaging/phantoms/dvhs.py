"""The DVHs that a planning system stores beside its dose: here, the true ones."""

from collections.abc import Mapping

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, RTStructureSetStorage

from imaging.phantoms.headers import reference, set_decimals
from imaging.phantoms.truth import ClosedFormDVH

BIN_GY = 0.5


def add_dvhs(dose: Dataset, structure_set_uid: UID, dvhs: Mapping[int, ClosedFormDVH]) -> None:
    """Add cumulative DVHs, and the reference to the RTSTRUCT they are of (PS3.3 C.8.8.4).

    Args:
        dose: The RTDOSE that is added to.
        structure_set_uid: SOPInstanceUID of the RTSTRUCT.
        dvhs: By ROINumber.
    """
    dose.ReferencedStructureSetSequence = [reference(RTStructureSetStorage, structure_set_uid)]
    dose.DVHSequence = [_item(number, dvh) for number, dvh in dvhs.items()]


def _item(roi_number: int, dvh: ClosedFormDVH) -> Dataset:
    roi = Dataset()
    roi.DVHROIContributionType = "INCLUDED"
    roi.ReferencedROINumber = roi_number
    item = Dataset()
    item.DVHReferencedROISequence = [roi]
    item.DVHType = "CUMULATIVE"
    item.DoseUnits, item.DoseType = "GY", "PHYSICAL"
    item.DVHDoseScaling = 1
    item.DVHVolumeUnits = "CM3"
    item.DVHMinimumDose = round(dvh.min_gy, 6)
    item.DVHMaximumDose = round(dvh.max_gy, 6)
    item.DVHMeanDose = round(dvh.mean_gy, 6)
    lower_gy = np.arange(0, dvh.max_gy, BIN_GY)
    pairs = [value for gy in lower_gy for value in (BIN_GY, dvh.cc_at_dose(float(gy)))]
    item.DVHNumberOfBins = len(lower_gy)
    set_decimals(item, "DVHData", pairs)
    return item
