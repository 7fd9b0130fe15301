"""Structures by their TG-263 names, and the other names that people give them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

from imaging.dicom import name_key, name_matches

_SIDES = {
    "L": ("l", "lt", "left", "li", "links", "gauche"),
    "R": ("r", "rt", "right", "re", "rechts", "droit", "droite"),
}
_JOINED_BEFORE = ("left", "right")  # "leftlung" is a lung; "llung" would be a slip


@dataclass(frozen=True, slots=True)
class Structure:
    """One structure of the body.

    Attributes:
        name: Its TG-263 name, or a pattern (``PTV*``).
        patterns: Names and patterns of ROIs that are this structure, its own first.
        alpha_beta_gy: alpha/beta of late damage, or of the tumour for a target.
    """

    name: str
    patterns: tuple[str, ...]
    alpha_beta_gy: float


def means(roi_name: str, patterns: Iterable[str]) -> bool:
    """Say whether an ROI is what one of the patterns means, as ``name_matches`` compares.

    A planning risk volume is not the organ: an ROI with PRV in its name is meant only by a
    pattern that says so, whatever its wildcards (``*Cord*`` is not ``PRV_SpinalCord``).
    """
    is_prv = "prv" in name_key(roi_name)
    return any(
        name_matches(roi_name, pattern)
        for pattern in patterns
        if not is_prv or "prv" in name_key(pattern)
    )


@lru_cache(maxsize=4096)
def structure_of(roi_name: str) -> Structure | None:
    """Find the structure that an ROI is, by its name; None when the name is not known."""
    return next((one for one in structures() if means(roi_name, one.patterns)), None)


@cache
def structures() -> tuple[Structure, ...]:
    """List the structures of ``names.yaml``."""
    table = yaml.safe_load(
        files("imaging.rt.metrics").joinpath("names.yaml").read_text(encoding="utf-8")
    )
    return tuple(_listed(table))


def _listed(table: Mapping[str, Any]) -> Iterator[Structure]:
    """Make structures of the table's rows; a paired organ is two of them."""
    alpha_beta_gy = table["alpha_beta_gy"]
    for name in table["targets"]:
        yield Structure(name, (name,), alpha_beta_gy["targets"])
    for kind in ("nervous", "other"):
        for name, also in table["single"][kind].items():
            yield Structure(name, (name, *also), alpha_beta_gy[kind])
        for name, also in table["paired"][kind].items():
            for side in _SIDES:
                patterns = [sided for word in (name, *also) for sided in _sided(word, side)]
                own = f"{name}_{side}"
                yield Structure(own, tuple(dict.fromkeys([own, *patterns])), alpha_beta_gy[kind])


def _sided(word: str, side: str) -> Iterator[str]:
    """List how people say left or right of an organ; ``?`` is any one sign between the words."""
    for said in _SIDES[side]:
        yield from (f"{word}?{said}", f"{said}?{word}", f"{word}{said}")
        if said in _JOINED_BEFORE:
            yield f"{said}{word}"
