"""How near DVHs are to true ones: ours, and those of dicompyler-core as it is."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.dvh_peers import library_dvh
from benchmarks.dvh_table import show_headings, show_row
from benchmarks.report import Goal, at_most, show_title
from imaging.phantoms import (
    DIAGONAL_CASES,
    DISC_CASES,
    TEST_1,
    TEST_2,
    TEST_3,
    DiscCase,
    NelmsCase,
    ReadableDVH,
    Scored,
    score,
    score_disc,
    volume_errors,
)
from imaging.rt import DVH, dvhs_of_files

Engine = Callable[[Path, Path], ReadableDVH]
Found = Mapping[str, Mapping[NelmsCase, ReadableDVH]]

_PRISM, _CUBIC, _LIBRARY = "prism", "cubic", "dicompyler"
_EXTREMES = ("Dmin", "Dmax")
_DISC_FIGURES = (
    ("volume, %", 0.001),
    ("Dmin or Dmax, Gy", 0.001),
    ("worst of Dmean to D0.03cc, Gy", 0.03),
    ("worst of the curve, % of the volume", 0.5),
)


def accuracy(folder: Path) -> None:
    """Measure, and print."""
    engines: dict[str, Engine] = {_PRISM: _exact, _CUBIC: _cubic, _LIBRARY: library_dvh}
    found = {
        name: {case: engine(*case.write(folder)) for case in (*TEST_1, *TEST_2)}
        for name, engine in engines.items()
    }
    _show_nelms("Test 1", TEST_1, found, {_PRISM: at_most(0), _CUBIC: at_most(0)})
    _show_nelms("Test 2", TEST_2, found, {_PRISM: at_most(9), _CUBIC: at_most(5)})
    _show_curves(found)
    of_contours = {name: engines[name] for name in (_PRISM, _LIBRARY)}
    _show_discs("along x, z and x-z", DISC_CASES, of_contours, folder)
    _show_discs("along x-y", DIAGONAL_CASES, of_contours, folder)


def _exact(rtstruct: Path, rtdose: Path) -> DVH:
    (dvh,) = dvhs_of_files(rtstruct, rtdose, engine="exact", between="prism")
    return dvh


def _cubic(rtstruct: Path, rtdose: Path) -> DVH:
    (dvh,) = dvhs_of_files(rtstruct, rtdose, engine="exact", between="cubic")
    return dvh


def _show_nelms(
    name: str, cases: Sequence[NelmsCase], found: Found, goals: Mapping[str, Goal]
) -> None:
    """Print how many values are wrong, and how wrong the worst is."""
    ends: dict[str, list[Scored]] = {engine: [] for engine in found}
    others: dict[str, list[Scored]] = {engine: [] for engine in found}
    for engine, dvhs in found.items():
        for one in (one for case in cases for one in score(case, dvhs[case])):
            (ends if one.parameter in _EXTREMES else others)[engine].append(one)
    everything = {engine: ends[engine] + others[engine] for engine in found}
    values = len(everything[_PRISM])
    show_title(f"Nelms et al. 2015, {name}: {len(cases)} cases, {values} values")
    show_headings(list(found))
    show_row(f"of {values} beyond 3 %", _beyond(everything, 3), goals=goals)
    show_row(f"of {values} beyond 1 %", _beyond(everything, 1))
    show_row(f"of {len(others[_PRISM])} without Dmin, Dmax beyond 3 %", _beyond(others, 3))
    show_row("worst of Dmin and Dmax, %", _worst(ends), 4, dict.fromkeys(goals, at_most(0.01)))
    show_row("worst of the others, %", _worst(others), 2)


def _show_curves(found: Found) -> None:
    """Print Test 3 as the paper has it: least and most of each curve, in the mean of the shapes."""
    show_title(
        "Nelms et al. 2015, Test 3: error of the volume at 301 doses, %, mean of five shapes"
    )
    show_headings(list(found))
    for contour_mm, gradient in sorted({(case.contour_mm, case.gradient) for case in TEST_3}):
        cases = [c for c in TEST_3 if (c.contour_mm, c.gradient) == (contour_mm, gradient)]
        errors = {
            engine: np.array([volume_errors(case, dvhs[case]) for case in cases])
            for engine, dvhs in found.items()
        }
        least = {engine: error.min(axis=1).mean() for engine, error in errors.items()}
        most = {engine: error.max(axis=1).mean() for engine, error in errors.items()}
        show_row(f"{contour_mm:g} mm, {gradient}: least", least, 2)
        show_row(f"{contour_mm:g} mm, {gradient}: most", most, 2)


def _show_discs(
    name: str, cases: Sequence[DiscCase], engines: Mapping[str, Engine], folder: Path
) -> None:
    """Print the errors against the contours as they are drawn, of the cases with an answer."""
    scores: dict[str, list[tuple[float, ...]]] = {engine: [] for engine in engines}
    for case in cases:
        paths, truth = case.write(folder), case.truth
        for engine, run in engines.items():
            scores[engine].append(score_disc(run(*paths), truth))
    show_title(f"Disc phantoms, dose {name}: {len(cases)} cases")
    show_headings(list(engines))
    for index, (figure, limit) in enumerate(_DISC_FIGURES):
        errors = {engine: np.array(ones)[:, index] for engine, ones in scores.items()}
        medians = {engine: float(np.nanmedian(error)) for engine, error in errors.items()}
        largest = {engine: float(np.nanmax(error)) for engine, error in errors.items()}
        goals = {_PRISM: at_most(limit)} if cases is DISC_CASES else {}
        show_row(f"{figure}: median", medians, 4)
        show_row(f"{figure}: largest", largest, 4, goals)
    silent = {engine: np.isnan(ones).any(axis=1).sum() for engine, ones in scores.items()}
    show_row("cases without an answer", silent)


def _beyond(scores: Mapping[str, Sequence[Scored]], percent: float) -> dict[str, float]:
    return {engine: sum(one.is_beyond(percent) for one in ones) for engine, ones in scores.items()}


def _worst(scores: Mapping[str, Sequence[Scored]]) -> dict[str, float]:
    return {
        engine: float(np.nanmax([abs(one.percent) for one in ones]))
        for engine, ones in scores.items()
    }
