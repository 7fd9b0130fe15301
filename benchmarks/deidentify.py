"""De-identifying CT slices of 0.5 MB: against pydicom's own rewriting, and dicom-anonymizer."""

import random
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pydicom
from dicomanonymizer.simpledicomanonymizer import anonymize_dicom_file
from pydicom.data import get_testdata_file

from benchmarks.measure import Method, compare
from benchmarks.report import (
    at_most,
    show_costs,
    show_figure,
    show_ratio,
    show_ratio_headings,
    show_title,
)
from imaging.dicom.deidentify import Deidentifier

_OURS = "this project"
_REWRITE = "pydicom: read, change a name, save"
_PEER = "dicom-anonymizer (its table of 2023, top level only)"
_COPY = "copy of the file"
_SLICES, _ROUNDS = 60, 9
_SIDE = 512


def deidentify(folder: Path) -> None:
    """Measure, and print."""
    sources = _slices(folder / "slices")
    deidentifier = Deidentifier(bytes(range(32)))
    ways: dict[str, Callable[[Path, Path], object]] = {
        _OURS: deidentifier.file,
        _REWRITE: _rewrite,
        _PEER: lambda source, target: anonymize_dicom_file(str(source), str(target)),
        _COPY: shutil.copyfile,
    }
    methods = [Method(name, partial(_each, way, sources)) for name, way in ways.items()]
    rounds = compare(methods, folder, _ROUNDS)
    show_title(f"De-identification: {_SLICES} slices of 0.5 MB with 258 attributes each")
    show_costs(rounds, {}, ())
    per_slice_ms = 1000 * rounds.best(_OURS).cpu_s / _SLICES
    show_figure("CPU a slice, ms", f"{per_slice_ms:.2f}", at_most(3).verdict(per_slice_ms))
    show_ratio_headings()
    show_ratio(f"{_REWRITE} / ours", rounds.ratio(_REWRITE, _OURS))
    show_ratio(f"{_PEER} / ours", rounds.ratio(_PEER, _OURS))
    show_ratio(f"ours / {_COPY}", rounds.ratio(_OURS, _COPY))


def _slices(folder: Path) -> list[Path]:
    """Write slices with the header of a real scanner, as pydicom ships one, and random pixels."""
    folder.mkdir()
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.Rows = dataset.Columns = _SIDE
    paths = [folder / f"{number}.dcm" for number in range(_SLICES)]
    for number, path in enumerate(paths):
        dataset.PixelData = random.Random(number).randbytes(2 * _SIDE * _SIDE)  # noqa: S311 - pixels
        dataset.InstanceNumber = number
        dataset.save_as(path)
    return paths


def _each(way: Callable[[Path, Path], object], sources: Sequence[Path], folder: Path) -> None:
    for source in sources:
        way(source, folder / source.name)


def _rewrite(source: Path, target: Path) -> None:
    dataset = pydicom.dcmread(source)
    dataset.PatientName = "Sham"
    dataset.save_as(target)
