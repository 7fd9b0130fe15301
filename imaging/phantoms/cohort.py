"""A cohort of synthetic patients, some with a fault planted on purpose."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from imaging.files import write_whole
from imaging.phantoms.anatomy import PhantomSize
from imaging.phantoms.faults import Fault, faulty_datasets
from imaging.phantoms.headers import derive_seed
from imaging.phantoms.patient import PhantomPatient, write_datasets
from imaging.phantoms.truth import ClosedFormDVH

_DEMO = (
    None,
    None,
    Fault.MISSING_DOSE,
    None,
    Fault.TWO_STUDIES,
    None,
    Fault.PHANTOM_STUDY,
    None,
    Fault.UNWANTED_ROIS,
    Fault.MISSING_SLICE,
)


@dataclass(frozen=True, slots=True)
class CohortPatient:
    """A patient of a cohort.

    Attributes:
        phantom: The patient as they would be without the fault.
        fault: What is planted, or None.
    """

    phantom: PhantomPatient
    fault: Fault | None = None

    @property
    def patient_id(self) -> str:
        """PatientID."""
        return self.phantom.patient_id

    def truth(self, roi_name: str) -> ClosedFormDVH:
        """Return the DVH that the ROI must have; with two studies, that of the first."""
        return self.phantom.truth(roi_name)

    def datasets(self) -> Iterable[Dataset]:
        """Make every object, fault included."""
        return faulty_datasets(self.phantom, self.fault)

    def write(self, folder: Path) -> list[Path]:
        """Write every object to ``folder / PatientID / Modality / SOPInstanceUID.dcm``."""
        paths = write_datasets(self.datasets(), folder)
        if self.fault is Fault.TRUNCATED_FILE:
            victim = paths[self.phantom.size.slices // 2]
            content = victim.read_bytes()
            write_whole(victim, content[: len(content) // 2])
        return paths


class Cohort:
    """Collects patients; same seed and same calls, same bytes.

    Args:
        seed: What the seed of each patient is derived from.
        size: The size of every patient.
    """

    def __init__(self, *, seed: int, size: PhantomSize | None = None) -> None:
        self._seed = seed
        self._size = size or PhantomSize()
        self._patients: list[CohortPatient] = []

    @classmethod
    def demo(cls, *, seed: int, size: PhantomSize | None = None) -> "Cohort":
        """Make a cohort of ten: five are right, five have each another fault."""
        cohort = cls(seed=seed, size=size)
        for fault in _DEMO:
            cohort.add(fault)
        return cohort

    @property
    def patients(self) -> tuple[CohortPatient, ...]:
        """The patients, in the order they were added."""
        return tuple(self._patients)

    def add(self, fault: Fault | str | None = None) -> CohortPatient:
        """Add a patient, SUB001, SUB002 and so on.

        Args:
            fault: What to plant, as a ``Fault`` or by its name.

        Returns:
            The patient added.

        Raises:
            ValueError: There is no such fault, or it needs a patient before this one.
        """
        fault = None if fault is None else Fault(fault)
        number = len(self._patients) + 1
        patient_id = f"SUB{number:03d}" if fault is not Fault.ID_PREFIX else self._prefixed_id()
        seed = derive_seed(self._seed, number)
        phantom = PhantomPatient.synthetic(seed, patient_id=patient_id, size=self._size)
        patient = CohortPatient(phantom, fault)
        self._patients.append(patient)
        return patient

    def write(self, folder: Path) -> list[Path]:
        """Write every object of every patient to ``folder / PatientID / Modality``."""
        return [path for patient in self._patients for path in patient.write(folder)]

    def _prefixed_id(self) -> str:
        if not self._patients:
            msg = f"{Fault.ID_PREFIX} needs a patient before it"
            raise ValueError(msg)
        return f"{self._patients[-1].patient_id}1"
