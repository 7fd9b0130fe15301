"""Odd but real files, each with what it gets: ``python -m tests.imaging.rt.odd_cases`` lists them.

The table is docs/dvh-odd-cases.md, and every row of it is a test. Expected numbers come from closed
forms: prisms over polygons in a dose that is linear in space.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom import Dataset

from imaging.phantoms import (
    DoseEncoding,
    DoseGrid,
    Outline,
    Prism,
    PrismDVH,
    SlopedDose,
    at_height,
    rtdose_of,
    rtplan_of,
    rtstruct_of,
    write_object,
)

Change = Callable[[Dataset], object]

DOSE = SlopedDose((0.0, 0.0, 0.0), 30.0, (0.5, 0.3, 0.2))
GRID = DoseGrid((-30.0, -30.0, -30.0), (2.0, 2.0, 2.0), (31, 31, 31))
HEIGHTS_MM = tuple(float(z) for z in range(-8, 9, 2))


def square(half_mm, centre=(0.0, 0.0)):
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    return half_mm * corners + np.array(centre)


def stack(*rings, heights_mm=HEIGHTS_MM):
    """Put every polygon on every plane."""
    return [at_height(ring, z) for z in heights_mm for ring in rings]


def slab(ring, low_mm=-9.0, high_mm=9.0, *, is_hole=False):
    return Prism(np.asarray(ring, dtype=np.float64), low_mm, high_mm, is_hole)


def no_change(_dataset):
    """Leave it as it is."""


PLAIN = tuple(stack(square(8)))
CUBE = (slab(square(8)),)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Odd:
    """One odd case.

    Attributes:
        what: In words, as the table has it.
        contours: Of the only ROI.
        truth: The part of the ROI inside the dose; nothing when there is no curve.
        outside_cc: The part outside.
        flags: All flags, in any order.
        refusal: Part of the message, when the files are refused.
        structures: A change to the RTSTRUCT.
        dose: A change to the RTDOSE.
        dose_field: The dose, where it is not ``DOSE``.
        grid: The dose grid.
        encoding: How the dose is written.
        has_plan: Whether the plan is given, too.
        save: How both are written.
        options: Of ``dvhs_of_files``.
        within_gy: How exact the doses are.
    """

    what: str
    contours: Sequence[np.ndarray | Outline] = PLAIN
    truth: Sequence[Prism] = CUBE
    outside_cc: float = 0.0
    flags: Sequence[str] = ()
    refusal: str = ""
    structures: Change = no_change
    dose: Change = no_change
    dose_field: SlopedDose = DOSE
    grid: DoseGrid = GRID
    encoding: DoseEncoding | None = None
    has_plan: bool = False
    save: Callable[[Dataset, Path], Path] = write_object
    options: Mapping[str, object] = field(default_factory=dict)
    within_gy: float = 1e-4

    @property
    def expected(self) -> PrismDVH:
        return PrismDVH(self.truth, self.dose_field)

    @property
    def is_empty(self) -> bool:
        return "EMPTY" in self.flags

    def write(self, folder: Path) -> dict[str, Path]:
        """Write the files, by the names that ``dvhs_of_files`` gives them."""
        structures = rtstruct_of({"A": self.contours})
        dose = rtdose_of(self.dose_field, self.grid, encoding=self.encoding)
        self.structures(structures)
        self.dose(dose)
        files = {"rtstruct": self.save(structures, folder / "rtstruct.dcm")}
        files["rtdose"] = self.save(dose, folder / "rtdose.dcm")
        if self.has_plan:
            files["rtplan"] = write_object(rtplan_of(), folder / "rtplan.dcm")
        return files

    @property
    def row(self) -> str:
        flags = ", ".join(f"`{flag}`" for flag in self.flags)
        if self.refusal:
            gets = f"refused: {self.refusal}"
        elif self.is_empty:
            gets = f"no curve, flagged {flags}"
        else:
            gets = f"right, flagged {flags}" if flags else "right"
        return f"| {self.what} | {gets} |"


_HEAD = """# Odd cases

What `dvhs_of_files` does with files that are odd but real. *Right* means the closed form's volume,
minimum, mean, maximum and median; what lies outside the dose is told apart, never guessed. A flag
travels with the DVH. A refusal names the object and the attribute, and nothing is calculated.

Made by `python -m tests.imaging.rt.odd_cases > docs/dvh-odd-cases.md`; each row is a test.
"""


def sections() -> Mapping[str, Sequence[Odd]]:
    """All cases by the title of their section."""
    from tests.imaging.rt import (  # noqa: PLC0415
        odd_attributes,
        odd_doses,
        odd_files,
        odd_places,
        odd_shapes,
    )

    return {
        "How the dose is stored": odd_doses.STORED,
        "Where the dose lies": odd_doses.PLACED,
        "Attributes of the dose": odd_attributes.OF_DOSE,
        "Attributes of the structures": odd_attributes.OF_STRUCTURES,
        "Files": odd_files.FILES,
        "Contours": odd_shapes.CONTOURS,
        "Planes": odd_shapes.PLANES,
        "Where the ROI lies": odd_places.PLACES,
        "Options": odd_places.OPTIONS,
    }


def as_markdown() -> str:
    parts = [_HEAD]
    for title, cases in sections().items():
        rows = "\n".join(case.row for case in cases)
        parts.append(f"## {title}\n\n| case | gets |\n| --- | --- |\n{rows}\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 - the page is what it is for
