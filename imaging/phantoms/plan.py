"""An RTPLAN of two opposed photon beams, with its prescription."""

from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.uid import UID, RTPlanStorage, RTStructureSetStorage

from imaging.phantoms.headers import StudyHeader, approve, new_object, reference
from imaging.phantoms.solids import Point

BEAM_NUMBERS = (1, 2)
_GANTRY_DEG = {1: 310.0, 2: 130.0}


@dataclass(frozen=True, slots=True)
class Prescription:
    """What the plan is to give.

    Attributes:
        dose_gy: TargetPrescriptionDose, over all fractions.
        fractions: NumberOfFractionsPlanned.
        roi_number: ROINumber of the target, or None to prescribe to a site.
        description: DoseReferenceDescription.
    """

    dose_gy: float
    fractions: int
    roi_number: int | None
    description: str = "PTV"


def rtplan(
    study: StudyHeader,
    structure_set_uid: UID,
    prescription: Prescription,
    isocenter_mm: Point,
    *,
    role: str = "RTPLAN",
) -> Dataset:
    """Make an approved plan on a structure set (PS3.3 A.20).

    Args:
        study: The study it belongs to.
        structure_set_uid: SOPInstanceUID of the RTSTRUCT referred to.
        prescription: Dose and fractions.
        isocenter_mm: x, y, z.
        role: What tells it from another plan of the study; its RTPlanLabel.
    """
    plan = new_object(study, RTPlanStorage, "RTPLAN", role)
    plan.SeriesDescription, plan.InstanceNumber = "Plan", 1
    plan.RTPlanLabel = role[:16]  # VR SH
    plan.RTPlanDate, plan.RTPlanTime = study.study_date, plan.StudyTime
    plan.PlanIntent = "CURATIVE"
    plan.RTPlanGeometry = "PATIENT"
    plan.ReferencedStructureSetSequence = [reference(RTStructureSetStorage, structure_set_uid)]
    plan.DoseReferenceSequence = [_dose_reference(study, prescription)]
    plan.FractionGroupSequence = [_fraction_group(prescription)]
    plan.PatientSetupSequence = [_patient_setup()]
    plan.BeamSequence = [_beam(number, isocenter_mm) for number in BEAM_NUMBERS]
    approve(plan, study)
    return plan


def _dose_reference(study: StudyHeader, prescription: Prescription) -> Dataset:
    item = Dataset()
    item.DoseReferenceNumber = 1
    item.DoseReferenceUID = study.uid("dose reference")
    item.DoseReferenceStructureType = "SITE" if prescription.roi_number is None else "VOLUME"
    if prescription.roi_number is not None:
        item.ReferencedROINumber = prescription.roi_number
    item.DoseReferenceDescription = prescription.description
    item.DoseReferenceType = "TARGET"
    item.TargetPrescriptionDose = prescription.dose_gy
    return item


def _fraction_group(prescription: Prescription) -> Dataset:
    group = Dataset()
    group.FractionGroupNumber = 1
    group.NumberOfFractionsPlanned = prescription.fractions
    group.NumberOfBeams = len(BEAM_NUMBERS)
    group.NumberOfBrachyApplicationSetups = 0
    group.ReferencedBeamSequence = []
    for number in BEAM_NUMBERS:
        beam = Dataset()
        beam.BeamDose = round(prescription.dose_gy / prescription.fractions / 2, 6)
        beam.BeamMeterset = 100.0
        beam.ReferencedBeamNumber = number
        group.ReferencedBeamSequence.append(beam)
    return group


def _patient_setup() -> Dataset:
    setup = Dataset()
    setup.PatientPosition = "HFS"
    setup.PatientSetupNumber = 1
    return setup


def _beam(number: int, isocenter_mm: Point) -> Dataset:
    beam = Dataset()
    beam.TreatmentMachineName = "LINAC"
    beam.Manufacturer = ""
    beam.PrimaryDosimeterUnit = "MU"
    beam.SourceAxisDistance = 1000.0
    beam.BeamLimitingDeviceSequence = [_jaw("X"), _jaw("Y")]
    beam.BeamNumber = number
    beam.BeamName = f"Beam {number}"
    beam.BeamType = "STATIC"
    beam.RadiationType = "PHOTON"
    beam.TreatmentDeliveryType = "TREATMENT"
    beam.NumberOfWedges = beam.NumberOfCompensators = 0
    beam.NumberOfBoli = beam.NumberOfBlocks = 0
    beam.FinalCumulativeMetersetWeight = 1.0
    beam.NumberOfControlPoints = 2
    beam.ReferencedPatientSetupNumber = 1
    beam.ControlPointSequence = [_first_control_point(number, isocenter_mm), _last_control_point()]
    return beam


def _jaw(side: str) -> Dataset:
    jaw = Dataset()
    jaw.RTBeamLimitingDeviceType = side
    jaw.NumberOfLeafJawPairs = 1
    return jaw


def _first_control_point(beam_number: int, isocenter_mm: Point) -> Dataset:
    point = Dataset()
    point.ControlPointIndex = 0
    point.NominalBeamEnergy = 6.0
    point.DoseRateSet = 600.0
    point.BeamLimitingDevicePositionSequence = [_opening("X"), _opening("Y")]
    point.GantryAngle = _GANTRY_DEG[beam_number]
    point.BeamLimitingDeviceAngle = point.PatientSupportAngle = 0.0
    point.TableTopEccentricAngle = 0.0
    for keyword in ("Gantry", "BeamLimitingDevice", "PatientSupport", "TableTopEccentric"):
        setattr(point, f"{keyword}RotationDirection", "NONE")
    point.TableTopVerticalPosition = point.TableTopLongitudinalPosition = None
    point.TableTopLateralPosition = None
    point.IsocenterPosition = [round(value, 6) for value in isocenter_mm]
    point.CumulativeMetersetWeight = 0.0
    return point


def _last_control_point() -> Dataset:
    point = Dataset()
    point.ControlPointIndex = 1
    point.CumulativeMetersetWeight = 1.0
    return point


def _opening(side: str) -> Dataset:
    opening = Dataset()
    opening.RTBeamLimitingDeviceType = side
    opening.LeafJawPositions = [-50.0, 50.0]
    return opening
