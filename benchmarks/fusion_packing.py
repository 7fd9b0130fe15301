"""A CBCT checked and packed: CPU time against zipfile's, and memory for 2 GB.

`python -m benchmarks.fusion_packing PLAIN|CLEANED SOURCE TARGET` packs one in a fresh process, and
prints by how many MB that grew at its peak over what its imports took. Linux only, as
`benchmarks.peak` is.
"""

import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pydicom
from pydicom.uid import generate_uid

from benchmarks.measure import Method, Rounds, compare
from benchmarks.peak import peak_bytes, restart_peak
from benchmarks.report import at_least, at_most, show_costs, show_figure, show_title
from imaging.dicom.deidentify import Deidentifier
from imaging.fusion.checking import CbctRules, CbctSource, check_cbct, pack_cbct
from imaging.phantoms.cbct import Cbct, write_cbct

_OURS, _CLEANED = "this project", "this project, de-identified"
_LEVEL_6, _LEVEL_1 = "zipfile, level 6", "zipfile, level 1"
_ROUNDS = 3
_SIDE, _VOXEL_MM, _SLICES = 512, 0.25, 100
_LARGE_TIMES = 40  # of 100 slices of 0.5 MB: 2 GB
_HEADERS_TIMES = 4
_CHECKS = 5
RULES = CbctRules(least_slices=2, least_fov_mm=1)  # the size is not what is measured
_KEY = bytes(32)


def fusion_packing(folder: Path) -> None:
    """Measure, and print."""
    source = write_series(folder / "cbct", _SLICES, _SIDE)
    _speed(folder, source)
    _headers(repeat(source, folder / "headers", _HEADERS_TIMES))
    _memory(folder, source)


def write_series(folder: Path, slices: int, side: int) -> Path:
    """Write a CBCT with the noise that one has."""
    write_cbct(folder, Cbct(slices=slices, matrix=side, voxel_mm=_VOXEL_MM))
    return folder


def repeat(source: Path, target: Path, times: int) -> Path:
    """Write the slices of a series ``times`` times on top of each other, as one series."""
    slices = sorted(map(pydicom.dcmread, source.iterdir()), key=_height)
    first_mm, step_mm = _height(slices[0]), _height(slices[1]) - _height(slices[0])
    target.mkdir()
    for number in range(times * len(slices)):
        dataset = slices[number % len(slices)]
        x, y, _ = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x, y, round(first_mm + number * step_mm, 6)]
        dataset.SOPInstanceUID = generate_uid(entropy_srcs=[str(number)])
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.save_as(target / f"{number:05}.dcm")
    return target


def write_volume(source: Path, target: Path, times: int) -> Path:
    """Write the voxels of a series ``times`` times on top of each other, as NRRD."""
    slices = sorted(map(pydicom.dcmread, source.iterdir()), key=_height)
    side, count = int(slices[0].Rows), times * len(slices)
    header = (
        f"NRRD0004\ntype: int16\ndimension: 3\nsizes: {side} {side} {count}\n"
        f"spacings: {_VOXEL_MM} {_VOXEL_MM} {_VOXEL_MM}\nendian: little\nencoding: raw\n\n"
    )
    with target.open("wb") as file:
        file.write(header.encode())
        for _ in range(times):
            file.writelines(each.PixelData for each in slices)
    return target


def by_zipfile(source: Path, level: int, place: Path) -> Path:
    """Pack all files of a folder as anybody would."""
    target = place / "out.zip"
    with ZipFile(target, "w", ZIP_DEFLATED, compresslevel=level) as archive:
        for path in sorted(source.iterdir()):
            archive.write(path, path.name)
    return target


def packed(source: CbctSource, place: Path, deidentifier: Deidentifier | None = None) -> Path:
    """Pack a checked volume."""
    target = place / "out.zip"
    pack_cbct(source, target, deidentifier=deidentifier)
    return target


def _height(dataset: pydicom.Dataset) -> float:
    return float(dataset.ImagePositionPatient[2])


def _speed(folder: Path, source: Path) -> None:
    checked = check_cbct(source, rules=RULES)
    show_title(f"Packing {checked.slices} slices, {checked.bytes / 1e6:.0f} MB")
    methods = [
        Method(_OURS, partial(packed, checked)),
        Method(_CLEANED, partial(packed, checked, deidentifier=Deidentifier(_KEY))),
        Method(_LEVEL_1, partial(by_zipfile, source, 1)),
        Method(_LEVEL_6, partial(by_zipfile, source, 6)),
    ]
    rounds = compare(methods, folder, _ROUNDS)
    show_costs(rounds, {}, ())
    _show(rounds, _LEVEL_6, _OURS, 4)
    _show(rounds, _LEVEL_6, _CLEANED)
    _show(rounds, _LEVEL_1, _OURS)
    ours = packed(checked, folder).stat().st_size
    share = ours / by_zipfile(source, 6, folder).stat().st_size
    show_figure("size: ours / level 6", f"{share:.3f}")


def _show(rounds: Rounds, name: str, base: str, limit: float | None = None) -> None:
    """Print a ratio of CPU times; other programs' turns on the machine are no part of these."""
    ratio = rounds.ratio(name, base).cpu
    verdict = "" if limit is None else at_least(limit).verdict(ratio)
    show_figure(f"{name} / {base}, CPU", f"{ratio:.1f}x", verdict)


def _headers(source: Path) -> None:
    times = []
    for _ in range(_CHECKS):
        start = time.process_time()
        slices = check_cbct(source, rules=RULES).slices
        times.append(time.process_time() - start)
    took = float(np.median(times))
    show_figure(f"checking {slices} slices, CPU", f"{took:.2f} s", at_most(0.5).verdict(took))


def _memory(folder: Path, source: Path) -> None:
    series = repeat(source, folder / "large", _LARGE_TIMES)
    volume = write_volume(source, folder / "large.nrrd", _LARGE_TIMES)
    size = volume.stat().st_size / 1e9
    show_title(f"Memory over the imports, MB, for {size:.1f} GB, each in a fresh process")
    for name, how, path in (
        ("slices", "PLAIN", series),
        ("slices, de-identified", "CLEANED", series),
        ("NRRD", "PLAIN", volume),
        ("the zip of these slices", "PLAIN", folder / "out.zip"),
    ):
        if path.suffix == ".zip":
            packed(check_cbct(series, rules=RULES), folder)
        command = ["-m", "benchmarks.fusion_packing", how, str(path), str(folder / "again.zip")]
        done = subprocess.run([sys.executable, *command], check=True, stdout=subprocess.PIPE)
        grown = float(done.stdout)
        show_figure(name, f"{grown:.1f}", at_most(64).verdict(grown))


def main() -> None:
    """Pack one, and print what memory it took."""
    how, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    deidentifier = Deidentifier(_KEY) if how == "CLEANED" else None
    before = restart_peak()
    checked = check_cbct(source, rules=RULES)
    checked.digest()
    pack_cbct(checked, target, deidentifier=deidentifier)
    print((peak_bytes() - before) / 1e6)


if __name__ == "__main__":
    main()
