"""Awkward patients with known answers: what real archives hold, each oddity by itself."""

from collections.abc import Sequence
from pathlib import Path

from imaging.phantoms.edges.case import Answer, EdgeCase, Outcome
from imaging.phantoms.edges.doses import DOSE_CASES
from imaging.phantoms.edges.images import IMAGE_CASES
from imaging.phantoms.edges.links import LINK_CASES
from imaging.phantoms.edges.lying import LYING_CASES
from imaging.phantoms.edges.names import NAME_CASES
from imaging.phantoms.edges.patient import EdgePatient, RoiTruth
from imaging.phantoms.edges.people import PEOPLE_CASES
from imaging.phantoms.edges.rois import ROI_CASES
from imaging.phantoms.edges.storage import STORAGE_CASES

EDGE_CASES: tuple[EdgeCase, ...] = tuple(
    sorted(
        (
            *LINK_CASES,
            *IMAGE_CASES,
            *LYING_CASES,
            *STORAGE_CASES,
            *PEOPLE_CASES,
            *DOSE_CASES,
            *ROI_CASES,
            *NAME_CASES,
        ),
        key=lambda case: case.name,
    )
)
"""Every case, by name: those of E are the corpus that peers were tried on, those of N are more."""


def write_edges(
    folder: Path, *, seed: int = 1, cases: Sequence[EdgeCase] = EDGE_CASES
) -> list[Path]:
    """Write every object of the cases to ``folder / name / Modality``: same seed, same bytes."""
    return [path for case in cases for path in case.write(folder, seed)]


__all__ = [
    "EDGE_CASES",
    "Answer",
    "EdgeCase",
    "EdgePatient",
    "Outcome",
    "RoiTruth",
    "write_edges",
]
