"""What the DVHs of a clinical case take: time beside dicompyler-core's, and memory."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from benchmarks.dvh_peers import library_dvhs
from benchmarks.measure import Method, compare
from benchmarks.report import (
    at_least,
    at_most,
    show_costs,
    show_figure,
    show_ratio,
    show_ratio_headings,
    show_title,
)
from imaging.phantoms import write_clinical
from imaging.rt import dvhs_of_files

_OURS = "this project: exact"
_CROPPED = "dicompyler-core, use_structure_extents=True"
_DEFAULT = "dicompyler-core"
_ROUNDS = 3
_FEW_ROUNDS = 1  # half a minute each
_MEMORY_MB = 250


def speed(folder: Path) -> None:
    """Measure, and print."""
    files = write_clinical(folder)
    ours = Method(_OURS, partial(_run_exact, files))
    cropped = Method(_CROPPED, partial(_run_library, files, crop=True))
    default = Method(_DEFAULT, partial(_run_library, files, crop=False))
    rounds = compare([ours, cropped], folder, _ROUNDS)
    few_rounds = compare([ours, default], folder, _FEW_ROUNDS)
    show_title(f"20 ROIs of a clinical case, files read each time, {_ROUNDS} rounds")
    show_costs(rounds, {}, [])
    show_ratio_headings()
    show_ratio(f"{_CROPPED} / ours", rounds.ratio(_CROPPED, _OURS), at_least(6))
    show_title(f"The same beside dicompyler-core's default, rounds: {_FEW_ROUNDS}")
    show_costs(few_rounds, {}, [])
    show_ratio_headings()
    show_ratio(f"{_DEFAULT} / ours", few_rounds.ratio(_DEFAULT, _OURS), at_least(40))
    _show_fresh_process(files)


def _show_fresh_process(files: tuple[Path, Path]) -> None:
    """Print what a process that has just started takes, the compiled code being in its cache."""
    command = [sys.executable, "-m", "benchmarks.dvh_memory", *map(str, files)]
    told = subprocess.run(command, env=os.environ, stdout=subprocess.PIPE, check=True)
    first_s, again_s, megabytes = (float(word) for word in told.stdout.split())
    show_title("The same in a process of its own")
    show_figure("first call, s of CPU", f"{first_s:.2f}")
    show_figure("second call, s of CPU", f"{again_s:.2f}")
    goal = at_most(_MEMORY_MB)
    show_figure("peak over the imports, MB", f"{megabytes:.0f}", goal.verdict(megabytes))


def _run_exact(files: tuple[Path, Path], _: Path) -> None:
    dvhs_of_files(*files, engine="exact")


def _run_library(files: tuple[Path, Path], _: Path, *, crop: bool) -> None:
    library_dvhs(*files, crop=crop)
