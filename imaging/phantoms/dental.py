"""A synthetic dental case: what a lab hands in for a fusion."""

from dataclasses import dataclass
from pathlib import Path

from imaging.files import whole_file
from imaging.phantoms.cbct import Cbct, write_cbct
from imaging.phantoms.teeth import arch_scan


@dataclass(frozen=True, slots=True)
class SmallCase:
    """The three inputs of a fusion.

    Attributes:
        upper: Scan of the upper jaw, as STL.
        lower: Scan of the lower jaw, as PLY.
        cbct: Folder of the CBCT.
    """

    upper: Path
    lower: Path
    cbct: Path


def small_case(folder: Path, cbct: Cbct | None = None, *, faces_per_tooth: int = 320) -> SmallCase:
    """Write the scans and the CBCT of one synthetic patient, small enough for many tests.

    Args:
        folder: Where to; made if absent.
        cbct: The CBCT; by default just as large as must be: 104 slices of 108 by 108.
        faces_per_tooth: About how fine the scans are.
    """
    case = SmallCase(folder / "upper.stl", folder / "lower.ply", folder / "cbct")
    for path, arch in ((case.upper, "upper"), (case.lower, "lower")):
        scan = arch_scan(upper=arch == "upper", faces_per_tooth=faces_per_tooth)
        with whole_file(path) as part:
            scan.export(part, file_type=path.suffix[1:])
    write_cbct(case.cbct, cbct or Cbct(slices=104, matrix=108))
    return case
