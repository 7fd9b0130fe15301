"""A group as one coloured mesh, for programs that know no scenes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import trimesh

from imaging.fusion.results.groups import Shape


def merged_ply(shapes: Sequence[Shape]) -> bytes:
    """Return all shapes as one mesh in binary PLY, each vertex in the colour of its shape.

    Vertices are in millimetres toward the patient's left, back and head.
    """
    counts = [len(shape.vertices) for shape in shapes]
    starts = np.cumsum([0, *counts[:-1]])
    colours = np.array([shape.part.colour for shape in shapes], dtype=np.uint8)
    mesh: Any = trimesh.Trimesh(
        np.concatenate([shape.vertices for shape in shapes]),
        np.concatenate([each.faces + start for each, start in zip(shapes, starts, strict=True)]),
        vertex_colors=np.repeat(colours, counts, axis=0),
        process=False,
    )
    content: bytes = mesh.export(file_type="ply", vertex_normal=False)
    return content
