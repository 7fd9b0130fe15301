"""DVH Sequences as planning systems write them."""

from pydicom import Dataset

from imaging.rt.planned.stored import planned_dvhs


def item(pairs, number=1, **changes):
    roi = Dataset()
    roi.DVHROIContributionType, roi.ReferencedROINumber = "INCLUDED", number
    made = Dataset()
    made.DVHReferencedROISequence = [roi]
    made.DVHType, made.DoseUnits, made.DVHVolumeUnits = "CUMULATIVE", "GY", "CM3"
    made.DVHDoseScaling = 1
    made.DVHData = [f"{value:.8g}" for pair in pairs for value in pair]
    for keyword, value in changes.items():
        setattr(made, keyword, value)
    return made


def dose_with(*items):
    dose = Dataset()
    dose.DVHSequence = list(items)
    return dose


def only(*items, **how):
    (curve,) = planned_dvhs(dose_with(*items), **how).curves
    return curve


STAIRS = [(5, 40), (5, 40), (5, 40), (5, 20), (5, 0)]  # 40 cc up to 10 Gy, then a line to 20 Gy
