"""What is assembled: groups of meshes, each mesh a named part in its colour."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imaging.fusion.meshes import Colour, Tooth


@dataclass(frozen=True, slots=True)
class Part:
    """A mesh in a group.

    Attributes:
        node: Its name in the GLB, which no other mesh of the group has: `11`.
        title: What a person reads: `11 Upper right central incisor`.
        output: The vendor's name of the output it came in.
        name: The vendor's name of the mesh.
        tooth: Which tooth it is, or None.
        colour: Red, green, blue and alpha, 0 to 255, sRGB.
        faces: How many triangles it has.
    """

    node: str
    title: str
    output: str
    name: str
    tooth: Tooth | None
    colour: Colour
    faces: int


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A part with its surface.

    Attributes:
        part: What it is.
        vertices: Shape (n, 3), in mm toward the patient's left, back and head.
        faces: Shape (m, 3): indices of vertices.
    """

    part: Part
    vertices: NDArray[np.float32]
    faces: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """Meshes that are seen together.

    Attributes:
        name: `fusion`, `reconstructions`, `upper`, `lower`, `teeth`, `root`, or the output's.
        glb: Scene with a node a mesh.
        ply: One mesh of all, coloured.
        compact: The scene again, compressed by Draco; None unless asked for.
        parts: In the order of the scene.
    """

    name: str
    glb: Path
    ply: Path
    compact: Path | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Assembly:
    """All that was made of a delivery.

    Attributes:
        groups: Those that hold at least one good mesh.
        metrics: A row a mesh, the bad ones too; see `imaging.fusion.results.metrics`.
        notes: What is wrong with a delivered mesh, by output and name.
    """

    groups: tuple[Group, ...]
    metrics: pd.DataFrame
    notes: tuple[str, ...]
