"""Teeth, jaws and scans of a patient who never was: closed surfaces in millimetres, by FDI number.

Axes are those of DICOM: x to the patient's left, y to the back, z to the head. The occlusal plane
is z = 0.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

import numpy as np
import trimesh
from numpy.typing import NDArray

from imaging.phantoms.headers import derive_seed
from imaging.phantoms.tooth_sizes import LOWER_SIZES, UPPER_SIZES, ToothSize

Part = Literal["whole", "crown", "root"]
Floats = NDArray[np.float64]

_HALF_ARCH_MM = (31.0, 52.0)  # semi-axes of an ellipse, whose quarter is as long as eight teeth
_FACES_OF_ICOSAHEDRON = 20
_OVERBITE_MM = 0.5  # between cusps and the occlusal plane


PERMANENT = tuple(f"{quadrant}{number}" for quadrant in range(1, 5) for number in range(1, 9))
"""FDI numbers of the permanent teeth (ISO 3950)."""

WITHOUT_TWO_WISDOM_TEETH = tuple(name for name in PERMANENT if name not in {"18", "48"})


@dataclass(frozen=True, slots=True)
class ToothPlace:
    """Where a tooth stands, and how large it is.

    Attributes:
        fdi: Its FDI number.
        size: Its size.
        neck_mm: Centre of its neck, where crown and root meet.
        turn: Angle about z that lays its x along the arch, in radians.
    """

    fdi: str
    size: ToothSize
    neck_mm: tuple[float, float, float]
    turn: float

    @classmethod
    def of(cls, fdi: str) -> "ToothPlace":
        """Place a tooth: side by side with its neighbours, along half an ellipse.

        Raises:
            KeyError: It is no permanent tooth.
        """
        if fdi not in PERMANENT:
            raise KeyError(fdi)
        is_upper, is_left = fdi[0] in "12", fdi[0] in "23"
        sizes, index = (UPPER_SIZES if is_upper else LOWER_SIZES), int(fdi[1]) - 1
        widths = [size.mesiodistal_mm for size in sizes]
        angle = _angle_at(sum(widths[:index]) + widths[index] / 2)
        side = 1 if is_left else -1
        x, y = _on_arch(side * angle)
        height = (sizes[index].crown_mm + _OVERBITE_MM) * (1 if is_upper else -1)
        a, b = _HALF_ARCH_MM
        turn = side * math.atan2(b * math.sin(angle), a * math.cos(angle))
        return cls(fdi, sizes[index], (x, y, height), turn)

    @property
    def is_upper(self) -> bool:
        """Whether it is of the maxilla, so that its root points to the head."""
        return self.fdi[0] in "12"

    @property
    def roots(self) -> int:
        """How many prongs its root has: molars have two."""
        return 2 if self.fdi[1] in "678" else 1


def dentition(
    faces_per_tooth: int = 1280,
    *,
    part: Part = "whole",
    teeth: tuple[str, ...] = WITHOUT_TWO_WISDOM_TEETH,
) -> dict[str, trimesh.Trimesh]:
    """Make the teeth of a patient, by FDI number; same arguments, same meshes.

    Each tooth has vertices and faces in an order of its own: teeth that shared one array of
    indices would be stored once by a writer of GLB, and come out three times too small.

    Args:
        faces_per_tooth: About how many; the nearest of 20, 80, 320, 1280, 5120, 20480 is taken.
        part: The whole tooth, a closed surface, or what of it is crown or root, an open one.
        teeth: Which of them.
    """
    return {fdi: _tooth(ToothPlace.of(fdi), faces_per_tooth, part) for fdi in teeth}


def jaw(upper: bool, *, steps: int = 96, around: int = 24) -> trimesh.Trimesh:
    """Make the bone that holds a row of teeth: a closed tube along the arch.

    Args:
        upper: The maxilla, or the mandible.
        steps: How many rings of vertices it has.
        around: How many vertices a ring has.
    """
    height = 17.0 if upper else -17.0
    return _tube(height, (6.5, 7.0), steps, around)


def arch_scan(upper: bool, *, faces_per_tooth: int = 1280) -> trimesh.Trimesh:
    """Make what an oral scanner sees of a jaw: crowns and gum, as one surface.

    Args:
        upper: The maxilla, or the mandible.
        faces_per_tooth: As for `dentition`, before the roots are cut off.
    """
    quadrants = "12" if upper else "34"
    teeth = tuple(name for name in WITHOUT_TWO_WISDOM_TEETH if name[0] in quadrants)
    crowns = dentition(faces_per_tooth, part="crown", teeth=teeth)
    gum = _tube(11.0 if upper else -11.0, (5.5, 2.5), 96, 16)
    return cast("trimesh.Trimesh", trimesh.util.concatenate([*crowns.values(), gum]))


def _tooth(place: ToothPlace, faces_per_tooth: int, part: Part) -> trimesh.Trimesh:
    unit, faces = _ball(max(1, faces_per_tooth))
    rng = np.random.default_rng(derive_seed(place.fdi, part))
    vertices = _shape(unit, place)
    if part != "whole":
        is_crown = (unit[faces][:, :, 2] > -1e-9).all(axis=1)
        faces = faces[is_crown == (part == "crown")]
    vertices, faces = _shuffled(vertices, faces, rng)
    return trimesh.Trimesh(vertices, faces, process=False)


def _shape(unit: Floats, place: ToothPlace) -> Floats:
    """Press a unit ball, shape (n, 3), into a tooth at its place: z > 0 is crown, z < 0 root."""
    size, z = place.size, unit[:, 2]
    radius = np.hypot(unit[:, 0], unit[:, 1])
    outline = np.where(z >= 0, np.sqrt(np.clip(1 - z**6, 0, 1)), np.clip(1 + z, 0, 1) ** 0.6)
    scale = outline / np.where(radius > 1e-12, radius, 1.0)
    x = unit[:, 0] * scale * size.mesiodistal_mm / 2
    y = unit[:, 1] * scale * size.buccolingual_mm / 2
    if place.roots == 2:
        x = x + np.sign(unit[:, 0]) * np.clip(-z - 0.25, 0, None) * size.mesiodistal_mm / 4
    cusps = 0.06 * np.cos(3 * unit[:, 0]) * np.cos(3 * unit[:, 1]) if place.roots == 2 else 0.0
    crown = np.clip(z, 0, None)
    high = np.where(z >= 0, (z - crown * (0.06 - cusps)) * size.crown_mm, z * size.root_mm)
    if place.is_upper:
        y, high = -y, -high  # a half turn about x keeps the outside outside
    return _at(np.stack([x, y, high], axis=1), place)


def _at(vertices: Floats, place: ToothPlace) -> Floats:
    cosine, sine = math.cos(place.turn), math.sin(place.turn)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    turned: Floats = vertices @ turn.T + np.array(place.neck_mm)
    return turned


def _shuffled(
    vertices: Floats, faces: NDArray[np.int64], rng: np.random.Generator
) -> tuple[Floats, NDArray[np.int64]]:
    """Drop the vertices that no face has, and put both in an order drawn at random."""
    used = rng.permutation(np.unique(faces))
    new = np.zeros(len(vertices), dtype=np.int64)
    new[used] = np.arange(len(used))
    return vertices[used], new[faces][rng.permutation(len(faces))]


@lru_cache(maxsize=4)
def _ball(faces: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return vertices and faces of a unit ball; do not write to them."""
    subdivisions = max(0, round(math.log(faces / _FACES_OF_ICOSAHEDRON, 4)))
    ball = trimesh.creation.icosphere(subdivisions=subdivisions)
    return np.asarray(ball.vertices), np.asarray(ball.faces)


def _tube(
    height_mm: float, half_mm: tuple[float, float], steps: int, around: int
) -> trimesh.Trimesh:
    """Make a closed tube along the arch, its section an ellipse."""
    rounds = np.linspace(0, 2 * np.pi, around, endpoint=False)
    rings = []
    for angle in np.linspace(-1.5, 1.5, steps):
        x, y = _on_arch(angle)
        out = np.array([math.sin(angle), -math.cos(angle), 0.0])
        section = np.outer(half_mm[0] * np.cos(rounds), out)
        section[:, 2] += half_mm[1] * np.sin(rounds)
        rings.append(section + np.array([x, y, height_mm]))
    ends = [ring.mean(axis=0, keepdims=True) for ring in (rings[0], rings[-1])]
    vertices = np.concatenate([*rings, *ends])
    return trimesh.Trimesh(vertices, _tube_faces(steps, around), process=False)


def _tube_faces(steps: int, around: int) -> NDArray[np.int64]:
    one = np.arange(around)
    after = np.roll(one, -1)
    quads = np.concatenate(
        [[one, one + around, after], [after, one + around, after + around]], axis=1
    ).T
    body = (quads[None] + around * np.arange(steps - 1)[:, None, None]).reshape(-1, 3)
    first, last = steps * around, steps * around + 1
    end = (steps - 1) * around
    caps = [
        np.stack([one, after, np.full(around, first)], axis=1),
        np.stack([after + end, one + end, np.full(around, last)], axis=1),
    ]
    return np.concatenate([body, *caps])


def _on_arch(angle: float) -> tuple[float, float]:
    """Return x and y on the ellipse; 0 is the midline, positive the patient's left."""
    a, b = _HALF_ARCH_MM
    return a * math.sin(angle), b * (1 - math.cos(angle)) - b / 2


def _angle_at(length_mm: float) -> float:
    """Return the angle at which so much of the arch lies between it and the midline."""
    a, b = _HALF_ARCH_MM
    angles = np.linspace(0, np.pi / 2 + 0.2, 2000)
    steps = np.hypot(a * np.cos(angles), b * np.sin(angles))
    lengths = np.concatenate([[0], np.cumsum((steps[1:] + steps[:-1]) / 2) * (angles[1])])
    return float(np.interp(length_mm, lengths, angles))
