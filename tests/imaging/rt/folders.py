"""RT files of one patient, as an archive hands them over, in doses known in closed form."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from imaging.phantoms import DoseEncoding, DoseGrid, PhantomPatient, rtdose
from imaging.phantoms.headers import reference_to

GRID = DoseGrid(first_mm=(-20.0, -30.0, 0.0), spacing_mm=(4.0, 5.0, 6.0), shape=(5, 7, 9))
FINER = DoseGrid(first_mm=(-16.0, -25.0, 6.0), spacing_mm=(2.0, 2.5, 3.0), shape=(5, 7, 9))
BEAM = DoseEncoding(summation_type="BEAM")


@dataclass
class Folder:
    """Where the files are written, and what writes them."""

    patient: PhantomPatient
    path: Path
    written: list[Path] = field(default_factory=list)

    def plan(self, label="A", status="APPROVED"):
        plan = self.patient.rtplan(role=label)
        plan.ApprovalStatus = status
        return plan

    def write(self, dataset, **changes):
        for keyword, value in changes.items():
            setattr(dataset, keyword, value)
        target = self.path / f"{len(self.written)}.dcm"
        self.written.append(target)
        dataset.save_as(target, enforce_file_format=True)
        return target

    def dose(self, plan, gy=10.0, *, grid=GRID, encoding=None, **changes):
        """Write a dose that is linear in x, y and z and ``gy`` at the origin."""
        encoding = replace(encoding or DoseEncoding(), role=f"dose {len(self.written)}")
        dataset = rtdose(self.patient.study, field_of(gy), grid, plan, encoding)
        return self.write(dataset, **changes)

    def beams(self, plan, *numbers):
        return [
            self.dose(plan, number * 1.5, encoding=replace(BEAM, beam_number=number))
            for number in numbers
        ]

    def plans_with_doses(self):
        """Write two plans, of 50 Gy and 10 Gy; returns the plans, their doses and their files."""
        plans = [self.plan("A"), self.plan("Boost")]
        doses = [self.dose(plan, gy) for plan, gy in zip(plans, (50, 10), strict=True)]
        return plans, doses, [self.write(plan) for plan in plans]

    def dose_of_plans(self, plans, gy):
        references = [reference_to(plan) for plan in plans]
        changes = {"ReferencedRTPlanSequence": references, "DoseSummationType": "MULTI_PLAN"}
        return self.dose(plans[0], gy, **changes)


def field_of(gy):
    return lambda x, y, z: gy * (1 + 0.01 * x + 0.005 * y + 0.002 * z)


def expected(gy, grid=GRID):
    x, y, z = (grid.axis_mm(index) for index in range(3))
    return field_of(gy)(x[None, None, :], y[None, :, None], z[:, None, None])
