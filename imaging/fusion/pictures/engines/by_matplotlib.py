"""Draw with matplotlib, which needs no graphics at all: triangles from the farthest to the nearest.

Its own 3-D axes sort whole meshes, not triangles, and have another camera. So points are projected
here, as OpenGL does it, and matplotlib fills what comes of it.
"""

import json
import math
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_DPI = 100


def main(request: str) -> None:
    """Draw what a request (a JSON file) asks for."""
    asked = json.loads(Path(request).read_text(encoding="utf-8"))
    signal.alarm(asked["timeout_s"])  # in case that nobody is left to end it
    for shot in asked["shots"]:
        meshes = trimesh.load_scene(shot["scene"]).dump()
        drawn = [_triangles(mesh, shot) for mesh in meshes]
        corners, colors, depths = (np.concatenate(each) for each in zip(*drawn, strict=True))
        order = np.argsort(depths)[::-1]
        _fill(corners[order], colors[order], asked["size"], shot["target"])


def _triangles(mesh: Any, shot: dict[str, Any]) -> tuple[Floats, Floats, Floats]:
    """Project the triangles of a mesh; of a closed one only those that face the eye.

    Returns:
        Their corners, shape (n, 3, 2), 1 at the picture's upper edge; their colours, shape (n, 4);
        and their distances from the eye, shape (n,).
    """
    eye, focus, up = (np.array(shot[name]) for name in ("position", "focus", "up"))
    toward = (focus - eye) / np.linalg.norm(focus - eye)
    axes = np.array([np.cross(toward, up), up, toward])
    seen = (mesh.vertices - eye) @ axes.T
    plane = seen[:, :2] / seen[:, 2:] / math.tan(math.radians(shot["angle_deg"]) / 2)
    *color, alpha = np.array(mesh.visual.material.baseColorFactor) / 255
    facing = -(mesh.face_normals @ toward)
    kept = facing > 0 if mesh.is_watertight else np.full(len(facing), fill_value=True)
    light = (0.35 + 0.65 * abs(facing[kept]))[:, None]
    shown = np.array(color) ** (1 / 2.2) * light  # glTF's are linear, a screen's are not
    rgba = np.column_stack([shown, np.full(len(shown), alpha)])
    return plane[mesh.faces[kept]], rgba, seen[:, 2][mesh.faces[kept]].mean(axis=1)


def _fill(corners: Floats, colors: Floats, size: tuple[int, int], target: str) -> None:
    width, height = size
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-width / height, width / height)
    axes.set_ylim(-1, 1)
    # Smoothed edges would let the white through between two triangles.
    look: dict[str, Any] = {"facecolors": colors, "linewidths": 0, "antialiased": False}
    axes.add_collection(PolyCollection(list(corners), **look))
    canvas: Any = FigureCanvasAgg(figure)  # whose methods have no types
    canvas.print_png(target)


if __name__ == "__main__":
    main(sys.argv[1])
