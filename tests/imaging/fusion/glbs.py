"""Cases of a few coloured balls where teeth would be, as GLB files."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

# Toward the patient's left, back and head, in mm; hues in degrees, each far from the others.
PLACES = {
    "16": (-22, 5, 8),
    "26": (22, 5, 8),
    "11": (-4, -26, 8),
    "46": (-22, 5, -8),
    "36": (22, 5, -8),
    "41": (-4, -26, -8),
}
HUES = {"16": 0, "26": 120, "11": 240, "46": 60, "36": 300, "41": 180}
_RGB = {0: "ff0000", 120: "00ff00", 240: "0000ff", 60: "ffff00", 300: "ff00ff", 180: "00ffff"}
_TO_GLTF = np.array([[1e-3, 0, 0, 0], [0, 0, 1e-3, 0], [0, -1e-3, 0, 0], [0, 0, 0, 1]])
BONE = (0.8, 0.75, 0.65)


def color_of(name: str) -> tuple[float, float, float]:
    code = _RGB[HUES[name]]
    red, green, blue = (int(code[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def ball(place, radius=6.0):
    mesh = trimesh.creation.icosphere(subdivisions=2, radius=radius)
    mesh.apply_translation(place)
    return mesh


def write_glb(path: Path, meshes, colors=None, extras=None) -> Path:
    """Write meshes (LPS, mm) by name, under a node that turns and scales them."""
    visual: Any = trimesh.visual
    scene: Any = trimesh.Scene(base_frame="world")
    scene.graph.update(frame_from="world", frame_to="patient", matrix=_TO_GLTF)
    for name, mesh in meshes.items():
        color = (colors or {}).get(name, BONE)
        material = visual.material.PBRMaterial(
            baseColorFactor=[*(round(255 * part) for part in color), 255],
            metallicFactor=0.0,
            doubleSided=True,
        )
        mesh.visual = visual.TextureVisuals(material=material)
        scene.add_geometry(mesh, node_name=name, geom_name=name, parent_node_name="patient")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(with_extras(scene.export(file_type="glb"), extras or {}))
    return path


def write_case(folder: Path) -> dict[str, Path]:
    """Write `fusion.glb` with six teeth, and the jaws above and below."""
    teeth = {name: ball(place) for name, place in PLACES.items()}
    upper = {"maxilla": trimesh.creation.box((30, 30, 4))}
    upper["maxilla"].apply_translation((0, 0, 20))
    lower = {"mandible": trimesh.creation.box((30, 30, 4))}
    lower["mandible"].apply_translation((0, 0, -20))
    return {
        "fusion": write_glb(folder / "fusion.glb", teeth, {name: color_of(name) for name in teeth}),
        "upper": write_glb(folder / "upper.glb", upper),
        "lower": write_glb(folder / "lower.glb", lower),
    }


def scene_and_rest(glb: bytes) -> tuple[dict[str, Any], bytes]:
    """Take a GLB apart: its JSON, and the chunks after it."""
    length = struct.unpack_from("<I", glb, 12)[0]
    return json.loads(glb[20 : 20 + length]), glb[20 + length :]


def glb_of(scene: Any, rest: bytes = b"") -> bytes:
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A)
    return head + text + rest


def with_extras(glb: bytes, extras: dict[str, Any]) -> bytes:
    """Set the extras of nodes by their names."""
    if not extras:
        return glb
    scene, rest = scene_and_rest(glb)
    for node in scene["nodes"]:
        if node.get("name") in extras:
            node["extras"] = extras[node["name"]]
    return glb_of(scene, rest)
