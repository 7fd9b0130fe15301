"""Write a synthetic cohort: ``python -m imaging.phantoms FOLDER --demo``."""

import argparse
import sys
from pathlib import Path

from imaging.phantoms.anatomy import PhantomSize
from imaging.phantoms.cohort import Cohort, CohortPatient

_SIZES = {
    "tiny": PhantomSize.tiny(),
    "default": PhantomSize(),
    "clinical": PhantomSize.clinical(),
}


def main(arguments: list[str] | None = None) -> None:
    """Write the cohort that the command line asks for, and a line about each patient."""
    options = _parser().parse_args(arguments)
    for patient in _cohort(options).patients:
        paths = patient.write(options.folder)
        sys.stdout.write(f"{_line(patient, paths)}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m imaging.phantoms", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the DICOM files go")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same bytes")
    parser.add_argument("--size", choices=_SIZES, default="default", help="of every patient")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--demo", action="store_true", help="ten patients, half with a fault")
    kind.add_argument("--patients", type=int, default=1, metavar="N", help="N patients, all right")
    return parser


def _cohort(options: argparse.Namespace) -> Cohort:
    size = _SIZES[options.size]
    if options.demo:
        return Cohort.demo(seed=options.seed, size=size)
    cohort = Cohort(seed=options.seed, size=size)
    for _ in range(options.patients):
        cohort.add()
    return cohort


def _line(patient: CohortPatient, paths: list[Path]) -> str:
    ptv = patient.truth("PTV")
    megabytes = sum(path.stat().st_size for path in paths) / 1e6
    return (
        f"{patient.patient_id}  {patient.fault or 'right':20}  {len(paths):4} files"
        f"  {megabytes:6.1f} MB  PTV D95 {ptv.dose_at_volume(95):.2f} Gy"
    )


if __name__ == "__main__":
    main()
