"""What an awkward patient is, and what must come of them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from imaging.phantoms.edges.patient import EdgePatient, Objects, RoiTruth, someone
from imaging.phantoms.headers import derive_seed
from imaging.phantoms.outlined import write_object

Outcome = Literal["PROCEED", "REVIEW", "EXCLUDE"]
"""Written out: answers do not depend on the code that is asked."""

_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What must come of a patient.

    Attributes:
        outcome: Of all decisions together.
        codes: Decisions that there must be.
        not_codes: Decisions that there must not be.
        rtstruct: Role of the RTSTRUCT that is the right one.
        rtdoses: Roles of the RTDOSEs that are; of copies, either.
        slices: Of the CT that is the right one.
        without_mask: Names of ROIs that have no mask, or not one of their whole volume.
    """

    outcome: Outcome = "PROCEED"
    codes: tuple[str, ...] = ()
    not_codes: tuple[str, ...] = ()
    rtstruct: str = "RTSTRUCT"
    rtdoses: tuple[str, ...] = ("RTDOSE",)
    slices: int = 48
    without_mask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EdgeCase:
    """One awkward patient.

    Attributes:
        name: Short, unique; PatientID, too, unless the case is about that.
        oddity: What is odd, in a sentence.
        make: Makes the objects of the patient as they would be without it.
        answer: What must come of it.
        patient: As they would be without it.
        wanted_rois: ROIs that the rules of the cohort want.
    """

    name: str
    oddity: str
    make: Callable[[EdgePatient], Objects] = EdgePatient.objects
    answer: Answer = field(default_factory=Answer)
    patient: EdgePatient = field(default_factory=lambda: EdgePatient(someone()))
    wanted_rois: tuple[str, ...] = ()

    @property
    def patient_id(self) -> str:
        """PatientID."""
        return self.patient.study.patient_id or self.name

    @property
    def volumes_cc(self) -> dict[str, float]:
        """The volume of each ROI that has a mask, by name; of two of one name, the last."""
        return {truth.name: truth.volume_cc for truth in self.truth()}

    @property
    def mean_dose_gy(self) -> dict[str, float]:
        """The mean dose of each ROI that has a mask, by name; of two of one name, the last."""
        return {truth.name: truth.mean_dose_gy for truth in self.truth()}

    def truth(self) -> tuple[RoiTruth, ...]:
        """Return what is known of each ROI that has a mask of its whole volume."""
        absent = self.answer.without_mask
        return tuple(truth for truth in self.patient.truth() if truth.name not in absent)

    def drawn(self, seed: int = _SEED) -> EdgePatient:
        """Return the patient with a seed of their own: same seed, same UIDs and noise."""
        study = self.patient.study
        own = replace(
            study,
            seed=derive_seed(seed, self.name),
            patient_id=self.patient_id,
            patient_name=study.patient_name or f"Quillfeather^{self.name}",
        )
        return replace(self.patient, study=own)

    def rtstruct_uid(self, seed: int = _SEED) -> str:
        """SOPInstanceUID of the right RTSTRUCT."""
        return str(self.drawn(seed).study.uid(self.answer.rtstruct))

    def rtdose_uids(self, seed: int = _SEED) -> tuple[str, ...]:
        """SOPInstanceUIDs of the right RTDOSEs; of copies, either."""
        return tuple(str(self.drawn(seed).study.uid(role)) for role in self.answer.rtdoses)

    def objects(self, seed: int = _SEED) -> Objects:
        """Make every object of the patient."""
        return self.make(self.drawn(seed))

    def write(self, folder: Path, seed: int = _SEED) -> list[Path]:
        """Write every object to ``folder / name / Modality / SOPInstanceUID.dcm``.

        The name of the case stands for the PatientID, which may be none that a folder can have.
        """
        place = folder / self.name
        return [
            write_object(item, place / str(item.Modality) / f"{item.SOPInstanceUID}.dcm")
            for item in self.objects(seed)
        ]
