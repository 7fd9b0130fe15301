"""A small patient that is right in every respect, to be made awkward in one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from pydicom.dataset import Dataset

from imaging.phantoms.ct import CtGrid, CtSeries
from imaging.phantoms.dose import DoseEncoding, DoseGrid, rtdose
from imaging.phantoms.edges.turning import UPRIGHT, Turn, turn_image, turn_plan, turn_structures
from imaging.phantoms.headers import StudyHeader
from imaging.phantoms.plan import Prescription, rtplan
from imaging.phantoms.prisms import SlopedDose
from imaging.phantoms.solids import Cylinder, Point, Solid, Sphere
from imaging.phantoms.structures import Roi, rtstruct

Objects = list[Dataset]

PIXEL_MM, SLICE_MM, MATRIX, SLICES = 2.0, 2.0, 96, 48
PTV_HU, LUNG_HU = 45.0, -750.0

_HOUNSFIELD = {"BODY": 0.0, "Lung_R": LUNG_HU}
_STEP_SHARE = 1 / 120
_DOSE_GRID = DoseGrid((-96.0, -96.0, -96.0), (8.0, 8.0, 8.0), (25, 25, 25))

# Middles and radii are such that even-odd filling at pixel centres is within 0.1 % of the circles.
BODY = Roi(5, "BODY", Cylinder((0.3, -0.7, 0.0), 80.0, (SLICES - 1) * SLICE_MM), "EXTERNAL")
PTV = Roi(2, "PTV", Sphere((-14.3, -17.6, 9.0), 28.0), "PTV")
LUNG = Roi(9, "Lung_R", Cylinder((30.6, 21.3, -7.0), 22.0, 48.0), "ORGAN", (0, 128, 255))

# Along no axis and nowhere 0, whichever way the patient is turned: a mask or a dose that is flipped
# or swapped along any axis has another mean.
_DOSE = SlopedDose((0.0, 0.0, 0.0), 50.0, (0.15, -0.2, 0.15))


@dataclass(frozen=True, slots=True)
class RoiTruth:
    """What is known of one ROI in closed form.

    Attributes:
        number: ROINumber.
        name: ROIName, as the RTSTRUCT has it.
        volume_cc: With half a contour spacing beyond its ends.
        mean_dose_gy: In the plan's dose.
        mean_hu: In the CT; None where other ROIs lie inside, or what is drawn is not all of it.
        centre_mm: x, y, z of the centre of mass in the patient.
    """

    number: int
    name: str
    volume_cc: float
    mean_dose_gy: float
    mean_hu: float | None
    centre_mm: Point


def someone(**changes: str) -> StudyHeader:
    """Return the header of a study, some fields of it changed; its seed does not count."""
    plain = StudyHeader(0, "", "", "19610412", "20230316")
    # Each field that may be changed is text, which mypy cannot tell from the names.
    return replace(plain, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class EdgePatient:
    """One study of CT, RTSTRUCT, RTPLAN and RTDOSE: 48 slices of 96 x 96, three ROIs.

    Attributes:
        study: Who they are, and what UIDs and noise are derived from.
        rois: The ROIs of the RTSTRUCT.
        slices: CT slices, about the origin.
        between_columns_mm: Between columns of the CT; its rows are 2 mm apart.
        dose: The dose of the plan, before the patient is turned.
        turn: How the patient lies, from how they would lie on their back, head first. Images and
            contours turn with them; the grid of the dose does not, so that it is at an angle.
    """

    study: StudyHeader
    rois: tuple[Roi, ...] = (BODY, PTV, LUNG)
    slices: int = SLICES
    between_columns_mm: float = PIXEL_MM
    dose: SlopedDose = _DOSE
    turn: Turn = UPRIGHT

    @property
    def grid(self) -> CtGrid:
        """Where the voxels of the CT lie before it is turned."""
        half = (MATRIX - 1) / 2
        first_mm = (
            -half * self.between_columns_mm,
            -half * PIXEL_MM,
            -(self.slices - 1) * SLICE_MM / 2,
        )
        shape = (self.slices, MATRIX, MATRIX)
        return CtGrid(first_mm, PIXEL_MM, SLICE_MM, shape, self.between_columns_mm)

    @property
    def turned_dose(self) -> SlopedDose:
        """The dose as it lies in the patient, turned with them."""
        centre_mm, gradient = (
            turned(self.turn, point)
            for point in (self.dose.centre_mm, self.dose.gradient_gy_per_mm)
        )
        return replace(self.dose, centre_mm=centre_mm, gradient_gy_per_mm=gradient)

    def truth(self) -> tuple[RoiTruth, ...]:
        """Return what is known of each ROI."""
        return tuple(self._truth_of(roi) for roi in self.rois)

    def ct_images(self, role: str = "CT") -> Iterator[Dataset]:
        """Make the CT slices, from the feet to the head."""
        painted: list[tuple[Solid, float]] = []
        for roi in self.rois:
            painted += [(solid, _hu_of(roi)) for solid in (roi.solid, *islands_of(roi))]
            painted += [(solid, 0.0) for solid in holes_of(roi)]
        for image in CtSeries(self.study, self.grid, role).images(painted):
            yield turn_image(image, self.turn)

    def rtstruct(self, role: str = "RTSTRUCT", images: str = "CT") -> Dataset:
        """Make an RTSTRUCT, on the CT of the role ``images``."""
        ct = CtSeries(self.study, self.grid, images)
        dataset = rtstruct(ct, self.rois, step_share=_STEP_SHARE, role=role)
        return turn_structures(dataset, self.turn)

    def rtplan(self, role: str = "RTPLAN", structures: str = "RTSTRUCT") -> Dataset:
        """Make an RTPLAN, on the RTSTRUCT of the role ``structures``."""
        uid = self.study.uid(structures)
        isocenter_mm = turned(self.turn, PTV.solid.centre_mm)
        plan = rtplan(self.study, uid, Prescription(50.0, 25, None), isocenter_mm, role=role)
        return turn_plan(plan, self.turn)

    def rtdose(
        self,
        encoding: DoseEncoding | None = None,
        *,
        plan: Dataset | None = None,
        factor: float = 1.0,
        grid: DoseGrid = _DOSE_GRID,
    ) -> Dataset:
        """Make an RTDOSE of a plan, by default of the patient's own, ``factor`` times the dose."""
        dose = scaled(self.turned_dose, factor)
        return rtdose(self.study, dose, grid, plan or self.rtplan(), encoding)

    def objects(self) -> Objects:
        """Make every object: the CT slices, then RTSTRUCT, RTPLAN and RTDOSE."""
        return [*self.ct_images(), self.rtstruct(), self.rtplan(), self.rtdose()]

    def _truth_of(self, roi: Roi) -> RoiTruth:
        spacing_mm = roi.every * SLICE_MM
        parts = [(solid, 1.0) for solid in (roi.solid, *islands_of(roi))]
        parts += [(solid, -1.0) for solid in holes_of(roi)]
        mm3 = [
            sign * float(solid.volume_beyond(-np.inf, "SI", spacing_mm)) for solid, sign in parts
        ]
        middle = np.average([solid.centre_mm for solid, _ in parts], axis=0, weights=mm3)
        centre_mm = turned(self.turn, middle.tolist())
        mean_gy = float(self.turned_dose(*np.array(centre_mm)))
        is_whole = roi.every == 1 and self._ends_on_a_slice(roi)
        mean_hu = _hu_of(roi) if is_whole and roi.name != BODY.name else None
        volume_cc = sum(mm3) * float(np.linalg.det(self.turn)) / 1000
        return RoiTruth(roi.number, roi.name, volume_cc, mean_gy, mean_hu, centre_mm)

    def _ends_on_a_slice(self, roi: Roi) -> bool:
        """Tell whether the lowest contour lies on a slice, and so the others."""
        lowest_mm = roi.solid.centre_mm[2] - roi.solid.half_mm("SI")
        offset = (lowest_mm - self.grid.first_mm[2]) / SLICE_MM
        return abs(offset - round(offset)) < 1e-6


def turned(turn: Turn, point: Point | list[float]) -> Point:
    """Return where a point, or whither a direction, comes to lie."""
    x, y, z = (np.array(turn) @ np.array(point)).tolist()
    return x, y, z


def scaled(dose: SlopedDose, factor: float) -> SlopedDose:
    """Return a dose that is everywhere ``factor`` times as large."""
    x, y, z = dose.gradient_gy_per_mm
    gradient = (factor * x, factor * y, factor * z)
    return SlopedDose(dose.centre_mm, factor * dose.dose_at_centre_gy, gradient)


def holes_of(roi: Roi) -> list[Solid]:
    """Return the solids inside the ROI's own, which even-odd filling leaves empty."""
    return [solid for solid in roi.others if _is_inside(solid, roi.solid)]


def islands_of(roi: Roi) -> list[Solid]:
    """Return the solids beside the ROI's own."""
    return [solid for solid in roi.others if not _is_inside(solid, roi.solid)]


def _is_inside(solid: Solid, around: Solid) -> bool:
    x, y, z = (np.array(value) for value in solid.centre_mm)
    return bool(around.contains(x, y, z))


def _hu_of(roi: Roi) -> float:
    return _HOUNSFIELD.get(roi.name, PTV_HU)


def only(items: Objects, modality: str) -> Objects:
    """Return the objects of one modality."""
    return [item for item in items if str(item.Modality) == modality]


def without(items: Objects, modality: str) -> Objects:
    """Return the objects of other modalities."""
    return [item for item in items if str(item.Modality) != modality]
