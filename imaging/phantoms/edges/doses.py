"""Patients whose dose is stored in an unusual way, in parts, or not at all."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import RTIonPlanStorage, RTPlanStorage

from imaging.phantoms.dose import DoseEncoding, DoseGrid
from imaging.phantoms.edges.case import Answer, EdgeCase
from imaging.phantoms.edges.patient import EdgePatient, Objects, only, without
from imaging.phantoms.headers import reference, rename

_PRESCRIBED_GY, _FRACTIONS = 50.0, 25
_FAR_GRID = DoseGrid((-96.0, -96.0, 504.0), (8.0, 8.0, 8.0), (25, 25, 25))
_LEFT_OUT_FRAMES = (17, 18)
_SHARES = {1: 0.6, 2: 0.4}  # of the beams, in the dose


def _instead(*doses: Callable[[EdgePatient], Dataset]) -> Callable[[EdgePatient], Objects]:
    """Give the patient other doses than their own."""

    def make(patient: EdgePatient) -> Objects:
        return [*without(patient.objects(), "RTDOSE"), *(dose(patient) for dose in doses)]

    return make


def _beside(*doses: Callable[[EdgePatient], Dataset]) -> Callable[[EdgePatient], Objects]:
    """Give the patient more doses than their own."""

    def make(patient: EdgePatient) -> Objects:
        return [*patient.objects(), *(dose(patient) for dose in doses)]

    return make


def _encoded(encoding: DoseEncoding) -> Callable[[EdgePatient], Dataset]:
    return lambda patient: patient.rtdose(encoding)


def _beam(number: int) -> Callable[[EdgePatient], Dataset]:
    encoding = DoseEncoding(summation_type="BEAM", beam_number=number, role=f"beam {number}")
    return lambda patient: patient.rtdose(encoding, factor=_SHARES[number])


def _exported_again(patient: EdgePatient) -> Dataset:
    return rename(patient.rtdose(), patient.study.uid("RTDOSE again"))


def _another(patient: EdgePatient) -> Dataset:
    return patient.rtdose(DoseEncoding(role="another dose"), factor=1.08)


def _descending(patient: EdgePatient) -> Dataset:
    """Store the frames from the head, with offsets that fall."""
    dose = patient.rtdose()
    offsets = [float(value) for value in dose.GridFrameOffsetVector]
    x, y, z = (float(value) for value in dose.ImagePositionPatient)
    dose.ImagePositionPatient = [x, y, z + offsets[-1]]
    dose.GridFrameOffsetVector = [-value for value in offsets]
    dose.PixelData = _frames(dose)[::-1].tobytes()
    return dose


def _uneven(patient: EdgePatient) -> Dataset:
    dose = patient.rtdose()
    kept = [index for index in range(dose.NumberOfFrames) if index not in _LEFT_OUT_FRAMES]
    dose.GridFrameOffsetVector = [dose.GridFrameOffsetVector[index] for index in kept]
    dose.PixelData = _frames(dose)[kept].tobytes()
    dose.NumberOfFrames = len(kept)
    return dose


def _fraction(patient: EdgePatient) -> Dataset:
    dose = patient.rtdose(factor=1 / _FRACTIONS)
    dose.DoseSummationType = "FRACTION"
    group = Dataset()
    group.ReferencedFractionGroupNumber = 1
    dose.ReferencedRTPlanSequence[0].ReferencedFractionGroupSequence = [group]
    return dose


def _relative(patient: EdgePatient) -> Dataset:
    return patient.rtdose(DoseEncoding(units="RELATIVE"), factor=1 / _PRESCRIBED_GY)


def _of_two_plans(patient: EdgePatient) -> Dataset:
    dose = patient.rtdose()
    absent = reference(RTPlanStorage, patient.study.uid("plan of another hospital"))
    dose.ReferencedRTPlanSequence.append(absent)
    return dose


def _summed(patient: EdgePatient) -> Dataset:
    dose = _of_two_plans(patient)
    dose.DoseSummationType = "MULTI_PLAN"
    return dose


def _with_setup_beam(patient: EdgePatient) -> Objects:
    """Plan a third beam, which takes an image and gives no dose to speak of."""
    items = _instead(_beam(1), _beam(2))(patient)
    for plan in only(items, "RTPLAN"):
        setup, referenced = deepcopy(plan.BeamSequence[0]), Dataset()
        setup.BeamNumber, setup.BeamName, setup.TreatmentDeliveryType = 3, "kV", "SETUP"
        referenced.ReferencedBeamNumber = 3
        plan.BeamSequence.append(setup)
        group = plan.FractionGroupSequence[0]
        group.ReferencedBeamSequence.append(referenced)
        group.NumberOfBeams = 3
    return items


def _ions(patient: EdgePatient) -> Objects:
    """Plan with ions: another class of plan, whose beams are in another sequence."""
    items = patient.objects()
    for plan in only(items, "RTPLAN"):
        plan.SOPClassUID = plan.file_meta.MediaStorageSOPClassUID = RTIonPlanStorage
        plan.IonBeamSequence = plan.BeamSequence
        del plan.BeamSequence
        for beam in plan.IonBeamSequence:
            beam.RadiationType = "PROTON"
    for dose in only(items, "RTDOSE"):
        dose.ReferencedRTPlanSequence[0].ReferencedSOPClassUID = RTIonPlanStorage
    return items


def _relative_to_nothing(patient: EdgePatient) -> Objects:
    items = _instead(_relative)(patient)
    for plan in only(items, "RTPLAN"):
        del plan.DoseReferenceSequence
        for beam in plan.FractionGroupSequence[0].ReferencedBeamSequence:
            del beam.BeamDose
    return items


def _frames(dose: Dataset) -> np.ndarray:
    shape = (dose.NumberOfFrames, dose.Rows, dose.Columns)
    return np.frombuffer(dose.PixelData, dtype="<u4").reshape(shape)


def _review(code: str) -> Answer:
    return Answer(outcome="REVIEW", codes=(code,))


_FEET_FIRST = DoseEncoding(orientation="FFDL", bits=16)
_ONE = Answer(not_codes=("XVI_REV_001", "XVI_SUCC_002"))

DOSE_CASES = (
    EdgeCase(
        "E02-dose-exported-twice",
        "The PLAN dose is there twice: the same pixels under two SOPInstanceUIDs.",
        _beside(_exported_again),
        Answer(codes=("XVI_SUCC_002",), rtdoses=("RTDOSE", "RTDOSE again")),
    ),
    EdgeCase(
        "E03-two-beam-doses",
        "There is no PLAN dose, and one of each of the plan's two beams.",
        _instead(_beam(1), _beam(2)),
        Answer(codes=("XVI_SUCC_003",), rtdoses=("beam 1", "beam 2")),
    ),
    EdgeCase(
        "N60-plan-and-beam-doses",
        "There is a PLAN dose, and one of each beam, too.",
        _beside(_beam(1), _beam(2)),
        Answer(not_codes=("XVI_SUCC_003", "XVI_REV_001", "XVI_REV_002")),
    ),
    EdgeCase(
        "N61-absolute-offsets",
        "GridFrameOffsetVector holds z itself, not the distance from the first frame.",
        _instead(_encoded(DoseEncoding(absolute_offsets=True))),
        _ONE,
    ),
    EdgeCase(
        "N62-descending-frames",
        "The frames of the dose go from the head to the feet.",
        _instead(_descending),
        _ONE,
    ),
    EdgeCase(
        "N63-dose-from-the-feet",
        "The dose has the orientation of a patient feet first on their left side, and 16 bits.",
        _instead(_encoded(_FEET_FIRST)),
        _ONE,
    ),
    EdgeCase(
        "N64-uneven-frames",
        "Two frames of the dose are left out, as its offsets say.",
        _instead(_uneven),
        _review("XVI_REV_006"),
    ),
    EdgeCase(
        "N65-fraction-dose-only",
        "There is the dose of one fraction, and no other.",
        _instead(_fraction),
        _review("XVI_REV_003"),
    ),
    EdgeCase(
        "N66-one-beam-missing",
        "There is the dose of one of two beams.",
        _instead(_beam(1)),
        replace(_review("XVI_REV_002"), rtdoses=("beam 1",)),
    ),
    EdgeCase(
        "N67-relative-dose",
        "The dose is relative to the prescription, which the plan states.",
        _instead(_relative),
        Answer(not_codes=("XVI_REV_004",)),
    ),
    EdgeCase(
        "N68-relative-to-nothing",
        "The dose is relative to a prescription that is stated nowhere.",
        _relative_to_nothing,
        _review("XVI_REV_004"),
    ),
    EdgeCase(
        "N69-two-plan-doses",
        "Two PLAN doses of one plan differ by 8 %.",
        _beside(_another),
        replace(_review("XVI_REV_001"), rtdoses=("RTDOSE", "another dose")),
    ),
    EdgeCase(
        "N70-dose-of-two-plans",
        "The dose is the sum of this plan and of one that is not there.",
        _instead(_summed),
        replace(_review("XVI_REV_005"), not_codes=("XVI_SUCC_005",)),
    ),
    EdgeCase(
        "N73-plan-dose-of-two-plans",
        "The dose is that of a PLAN, and refers to another plan, too.",
        _instead(_of_two_plans),
        _review("XVI_REV_005"),
    ),
    EdgeCase(
        "N74-dose-elsewhere",
        "The dose begins half a metre above the images.",
        _instead(lambda patient: patient.rtdose(grid=_FAR_GRID)),
        _review("XVI_REV_008"),
    ),
    EdgeCase("N72-ion-plan", "The plan is an RT Ion Plan.", _ions),
    EdgeCase(
        "N71-beam-doses-and-a-setup-beam",
        "There are BEAM doses of the beams that treat, and none of one that takes an image.",
        _with_setup_beam,
        Answer(codes=("XVI_SUCC_003",), rtdoses=("beam 1", "beam 2")),
    ),
)
