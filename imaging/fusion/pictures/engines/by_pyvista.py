"""Draw with pyvista (VTK); run by its path, since VTK ends the process where it cannot draw."""

import json
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyvista
import trimesh


def main(request: str) -> None:
    """Draw what a request (a JSON file) asks for."""
    asked = json.loads(Path(request).read_text(encoding="utf-8"))
    signal.alarm(asked["timeout_s"])  # in case that nobody is left to end it
    for shot in asked["shots"]:
        plotter: Any = pyvista.Plotter(off_screen=True, window_size=asked["size"])
        plotter.set_background("white")
        plotter.enable_anti_aliasing("fxaa")
        plotter.enable_depth_peeling(12)
        for mesh in trimesh.load_scene(shot["scene"]).dump():
            _add(plotter, mesh)
        plotter.camera_position = [shot["position"], shot["focus"], shot["up"]]
        plotter.camera.view_angle = shot["angle_deg"]
        plotter.reset_camera_clipping_range()
        plotter.screenshot(shot["target"])
        plotter.close()


def _add(plotter: Any, mesh: Any) -> None:
    *color, alpha = np.array(mesh.visual.material.baseColorFactor) / 255
    surface: Any = pyvista.wrap(mesh)
    surface.point_data["Normals"] = mesh.vertex_normals
    surface.point_data.active_normals_name = "Normals"
    shown = [part ** (1 / 2.2) for part in color]  # glTF's are linear, a screen's are not
    look = {"ambient": 0.1, "diffuse": 0.85, "specular": 0.15, "specular_power": 20}
    plotter.add_mesh(surface, color=shown, opacity=float(alpha), smooth_shading=True, **look)


if __name__ == "__main__":
    main(sys.argv[1])
