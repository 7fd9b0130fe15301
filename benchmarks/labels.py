"""Label maps of 512 x 512 x 600 voxels: ten of 117 labels kept, and all of them measured."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.labels_sources import ids_of, write_organs, write_repeated
from benchmarks.labels_ways import (
    cc3d_listing,
    itk_filter,
    itk_listing,
    remap_filter,
    repacked,
    seed_filter,
    seed_listing,
    table_filter,
    unpacked,
)
from benchmarks.measure import Method, Rounds, compare
from benchmarks.report import Goal, at_least, at_most, show_costs, show_figure, show_title
from imaging.labels import filter_labels, measure_labels

_OURS = "this project"
_SEED = "the seed's way"
_TABLE = "nibabel, a look-up table"
_REMAP = "fastremap"
_CC3D = "cc3d"
_ITK = "SimpleITK"
_REPACKED = "unpack and pack again"
_UNPACKED = "unpack"
_ROUNDS = 5
_FILTER_GOALS = {"uint8": 25, "int16": 18}
_LISTING_GOALS = {"uint8": 20, "int16": 10}

_Filter = Callable[[Path, Path, list[int]], object]


def labels(folder: Path) -> None:
    """Measure, and print."""
    sources = {dtype: write_organs(folder / f"{dtype}.nii.gz", dtype) for dtype in _FILTER_GOALS}
    for dtype, source in sources.items():
        _filtering(folder, dtype, source)
        _listing(folder, dtype, source)
    _memory(folder, sources)


def _filtering(folder: Path, dtype: str, source: Path) -> None:
    keep = ids_of(dtype)[:10].tolist()
    ways: dict[str, _Filter] = {_OURS: filter_labels, _SEED: seed_filter}
    ways |= {_TABLE: table_filter, _REMAP: remap_filter, _ITK: itk_filter}
    ways[_REPACKED] = lambda source, target, _keep: repacked(source, target)
    methods = [Method(name, partial(_into, way, source, keep)) for name, way in ways.items()]
    rounds = compare(methods, folder, _ROUNDS)
    show_title(f"{dtype}: keeping 10 of 117 labels, file of {source.stat().st_size / 1e6:.1f} MB")
    show_costs(rounds, {}, ())
    _show(rounds, _SEED, _OURS, at_least(_FILTER_GOALS[dtype]))
    _show(rounds, _TABLE, _OURS, at_least(4))
    _show(rounds, _REMAP, _OURS, at_least(3))
    _show(rounds, _ITK, _OURS)
    _show(rounds, _OURS, _REPACKED, at_most(2.5))
    own, other = (_size(ways[name], source, keep, folder) for name in (_OURS, _TABLE))
    share = own / other
    show_figure("output: ours / nibabel's", f"{share:.2f}", at_most(0.5).verdict(share))


def _size(way: _Filter, source: Path, keep: list[int], folder: Path) -> int:
    _into(way, source, keep, folder)
    return (folder / "out.nii.gz").stat().st_size


def _listing(folder: Path, dtype: str, source: Path) -> None:
    ways: dict[str, Callable[[Path], object]] = {_OURS: measure_labels}
    ways |= {_SEED: seed_listing, _CC3D: cc3d_listing, _ITK: itk_listing, _UNPACKED: unpacked}
    methods = [Method(name, partial(_ignoring, way, source)) for name, way in ways.items()]
    rounds = compare(methods, folder, _ROUNDS)
    show_title(f"{dtype}: voxels, ml, box and centroid of every label (the seed: ids only)")
    show_costs(rounds, {}, ())
    _show(rounds, _SEED, _OURS, at_least(_LISTING_GOALS[dtype]))
    _show(rounds, _CC3D, _OURS, at_least(4))
    _show(rounds, _ITK, _OURS)
    _show(rounds, _OURS, _UNPACKED)


def _into(way: _Filter, source: Path, keep: list[int], place: Path) -> None:
    way(source, place / "out.nii.gz", keep)


def _ignoring(way: Callable[[Path], object], source: Path, _place: Path) -> None:
    way(source)


def _memory(folder: Path, sources: dict[str, Path]) -> None:
    show_title("Memory over the imports, MB, each in a fresh process")
    small = write_organs(folder / "small.nii.gz", "uint8", (160, 160, 120))
    large = write_repeated(sources["int16"], folder / "large.nii.gz", 4)
    for path in (small, *sources.values(), large):
        for what in ("FILTER", "MEASURE"):
            command = [
                "-m",
                "benchmarks.labels_memory",
                what,
                str(path),
                str(folder / "out.nii.gz"),
            ]
            done = subprocess.run([sys.executable, *command], check=True, stdout=subprocess.PIPE)
            grown = float(done.stdout)
            show_figure(f"{what.lower()} {path.name}", f"{grown:.1f}", at_most(16).verdict(grown))


def _show(rounds: Rounds, name: str, base: str, goal: Goal | None = None) -> None:
    """Print a ratio of CPU times; other programs' turns on the machine are no part of these."""
    ratio = rounds.ratio(name, base).cpu
    show_figure(f"{name} / {base}, CPU", f"{ratio:.2f}x", goal.verdict(ratio) if goal else "")
