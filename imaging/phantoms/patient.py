"""A synthetic patient: CT, RTSTRUCT, RTPLAN and RTDOSE, and the DVH that each ROI must have."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from pydicom.dataset import Dataset

from imaging.files import whole_file
from imaging.phantoms.anatomy import HOUNSFIELD, PhantomSize, draw_dose, draw_rois
from imaging.phantoms.ct import CtSeries
from imaging.phantoms.dose import DoseEncoding, rtdose
from imaging.phantoms.dvhs import add_dvhs
from imaging.phantoms.headers import StudyHeader, derive_seed
from imaging.phantoms.plan import Prescription, rtplan
from imaging.phantoms.structures import Roi, rtstruct
from imaging.phantoms.truth import ClosedFormDVH, LinearDose

_WATER_HU = 0.0
_FIRST_DAY = date(2023, 1, 9)


@dataclass(frozen=True, slots=True)
class PhantomPatient:
    """One patient with one study that is right in every respect.

    Attributes:
        study: Who they are, and what UIDs and noise are derived from.
        size: How much of everything they have.
        rois: The ROIs of the RTSTRUCT.
        dose: The dose of the RTDOSE.
        prescription: The prescription of the RTPLAN.
    """

    study: StudyHeader
    size: PhantomSize
    rois: tuple[Roi, ...]
    dose: LinearDose
    prescription: Prescription

    @classmethod
    def synthetic(
        cls,
        seed: int,
        *,
        patient_id: str = "SUB001",
        patient_name: str = "",
        size: PhantomSize | None = None,
    ) -> "PhantomPatient":
        """Draw a patient: same arguments, same bytes.

        Args:
            seed: Decides anatomy, dose, dates, UIDs and noise.
            patient_id: PatientID.
            patient_name: PatientName; made from ``patient_id`` when empty.
            size: The default takes 6 MB of CT.
        """
        size = size or PhantomSize()
        days = derive_seed(seed, "dates")
        study = StudyHeader(
            seed=seed,
            patient_id=patient_id,
            patient_name=patient_name or f"Quillfeather^{patient_id}",
            patient_birth_date=f"{date(1940, 1, 1) + timedelta(days % 15000):%Y%m%d}",
            study_date=f"{_FIRST_DAY + timedelta(days % 700):%Y%m%d}",
        )
        rois = draw_rois(derive_seed(seed, "rois"), size)
        ptv = rois[0]
        dose = draw_dose(derive_seed(seed, "dose"), ptv.solid.centre_mm)
        return cls(study, size, rois, dose, Prescription(50.0, 25, ptv.number))

    @property
    def patient_id(self) -> str:
        """PatientID."""
        return self.study.patient_id

    @property
    def patient_name(self) -> str:
        """PatientName."""
        return self.study.patient_name

    @property
    def seed(self) -> int:
        """What everything is derived from."""
        return self.study.seed

    @property
    def roi_names(self) -> tuple[str, ...]:
        """ROINames, in the order of the RTSTRUCT."""
        return tuple(roi.name for roi in self.rois)

    def truth(self, roi_name: str) -> ClosedFormDVH:
        """Return the DVH that the ROI must have.

        Raises:
            KeyError: There is no such ROI.
        """
        solids = {roi.name: roi.solid for roi in self.rois}
        return ClosedFormDVH(solids[roi_name], self.dose, self.size.slice_spacing_mm)

    def ct(self, role: str = "CT") -> CtSeries:
        """Return the identity of the CT series; another role gives another series."""
        return CtSeries(self.study, self.size.ct_grid(), role)

    def ct_images(self, role: str = "CT") -> Iterator[Dataset]:
        """Make the CT slices, from the feet to the head."""
        solids = {roi.name: roi.solid for roi in self.rois}
        painted = [(solids[name], hu) for name, hu in HOUNSFIELD.items() if name in solids]
        others = [(solid, _WATER_HU) for name, solid in solids.items() if name not in HOUNSFIELD]
        return self.ct(role).images([*others, *painted])

    def rtstruct(self, role: str = "RTSTRUCT") -> Dataset:
        """Make the RTSTRUCT."""
        share = 1 / self.size.points_per_contour
        return rtstruct(self.ct(), self.rois, step_share=share, role=role)

    def rtplan(self, role: str = "RTPLAN", structures: str = "RTSTRUCT") -> Dataset:
        """Make the RTPLAN, on the RTSTRUCT of the role ``structures``."""
        isocenter_mm = self.rois[0].solid.centre_mm
        uid = self.study.uid(structures)
        return rtplan(self.study, uid, self.prescription, isocenter_mm, role=role)

    def rtdose(
        self, encoding: DoseEncoding | None = None, *, plan: Dataset | None = None
    ) -> Dataset:
        """Make the RTDOSE of a plan, by default of the patient's own.

        A PLAN dose in Gy carries the true DVH of each ROI, as planning systems add theirs.
        """
        plan = plan or self.rtplan()
        dose = rtdose(self.study, self.dose, self.size.dose_grid(), plan, encoding)
        if dose.DoseSummationType == "PLAN" and dose.DoseUnits == "GY":
            structure_set = plan.ReferencedStructureSetSequence[0]
            dvhs = {roi.number: self.truth(roi.name) for roi in self.rois}
            add_dvhs(dose, structure_set.ReferencedSOPInstanceUID, dvhs)
        return dose

    def datasets(self) -> Iterator[Dataset]:
        """Make every object: the CT slices, then RTSTRUCT, RTPLAN and RTDOSE."""
        yield from self.ct_images()
        yield self.rtstruct()
        yield self.rtplan()
        yield self.rtdose()

    def write(self, folder: Path) -> list[Path]:
        """Write every object to ``folder / PatientID / Modality / SOPInstanceUID.dcm``."""
        return write_datasets(self.datasets(), folder)


def write_datasets(datasets: Iterable[Dataset], folder: Path) -> list[Path]:
    """Write objects to ``folder / PatientID / Modality / SOPInstanceUID.dcm``, each whole."""
    return [_write(dataset, folder) for dataset in datasets]


def _write(dataset: Dataset, folder: Path) -> Path:
    place = folder / str(dataset.PatientID) / str(dataset.Modality)
    target = place / f"{dataset.SOPInstanceUID}.dcm"
    with whole_file(target) as part:
        dataset.save_as(part, enforce_file_format=True)
    return target
