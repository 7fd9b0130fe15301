"""What there is to see in a group's GLB: each mesh, its tooth, its arch and its colour."""

import json
import math
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from imaging.errors import MeshError
from imaging.fusion.meshes import Tooth, fdi, is_tissue, tooth_in
from imaging.fusion.views import Arch

JAWS: Mapping[str, Arch] = {"upper": "upper", "lower": "lower"}
_LONGEST_TOOTH_MM = 40.0
_OF_UPPER, _OF_LOWER = ("upper", "maxill"), ("lower", "mandib")
# The same teeth come fused, as crowns and roots apart, and as the CBCT alone shows them.
_FIRST = (("fusion",), ("teeth", "root"), ("reconstructions",))
_TEETH = {"fusion", "teeth", "root"}  # groups that hold teeth, whatever they are called
_HEADER = struct.Struct("<4sIIII")  # glTF 2.0, 4.4: magic, version, length; the first chunk's two
_JSON = 0x4E4F534A
_LONGEST = 80
_GREY = (0.5, 0.5, 0.5)


@dataclass(frozen=True, slots=True)
class SeenMesh:
    """A mesh of a GLB.

    Attributes:
        node: Which of the file's nodes it is.
        name: The node's.
        title: What a person reads.
        tooth: Which tooth it is; None for bone, gum and what nobody knows.
        arch: The arch it belongs to; empty where that is not known.
        color: Red, green and blue, 0 to 1, linear as in the file.
        is_bone: It lies around teeth, so that they are to be seen through it; a tooth without a
            number does not.
    """

    node: int
    name: str
    title: str
    tooth: Tooth | None
    arch: Arch
    color: tuple[float, float, float]
    is_bone: bool

    @property
    def css(self) -> str:
        """The colour as CSS writes it, `#rrggbb`."""
        return "#" + "".join(f"{round(255 * _encoded(part)):02x}" for part in self.color)


def meshes_of(glb: bytes, group: str) -> list[SeenMesh]:
    """List the meshes of a GLB in the order of its nodes.

    Args:
        glb: Its content.
        group: Which group's it is; the groups `upper` and `lower` hold jaws.

    Raises:
        MeshError: It is no GLB.
    """
    scene = scene_of(glb)
    try:
        nodes = list(enumerate(scene["nodes"]))
        meshed = [(at, node) for at, node in nodes if "mesh" in node]
        return [_mesh(scene, at, node, group, len(meshed)) for at, node in meshed]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        msg = f"{group}: the GLB contradicts itself"
        raise MeshError(msg) from None


def scene_of(glb: bytes) -> dict[str, Any]:
    """Read the JSON of a GLB.

    Raises:
        MeshError: It is no GLB.
    """
    msg = "no GLB: its header is not one"
    if len(glb) < _HEADER.size:
        raise MeshError(msg)
    magic, version, _, length, kind = _HEADER.unpack_from(glb)
    if (magic, version, kind) != (b"glTF", 2, _JSON):
        raise MeshError(msg)
    try:
        scene = json.loads(glb[_HEADER.size : _HEADER.size + length])
    except (ValueError, RecursionError):
        scene = None
    if not isinstance(scene, dict):
        msg = "no GLB: its scene is unreadable"
        raise MeshError(msg)
    return scene


def seen_first(groups: Mapping[str, Iterable[SeenMesh]]) -> set[str]:
    """Choose the groups that are seen together without showing a tooth twice."""
    toothed = {name for name, meshes in groups.items() if any(not mesh.is_bone for mesh in meshes)}
    preferred = next((toothed & set(names) for names in _FIRST if toothed & set(names)), toothed)
    return preferred | (set(groups) - toothed)


def is_unnumbered_tooth(group: str, name: str, longest_mm: float, members: int) -> bool:
    """Tell a tooth without a number from what lies around teeth.

    Parts of a jaw that are no longer than a tooth are its teeth, each for itself; a jaw of one part
    is that jaw, however little of it the CBCT saw.

    Args:
        group: The mesh's.
        name: What it is called.
        longest_mm: Its longest side.
        members: How many meshes the group has.
    """
    is_small = members > 1 and longest_mm <= _LONGEST_TOOTH_MM
    return not is_tissue(name) and (group in _TEETH or (group in JAWS and is_small))


def _mesh(
    scene: dict[str, Any], at: int, node: dict[str, Any], group: str, members: int
) -> SeenMesh:
    extras = node.get("extras") or {}
    name = plain(node.get("name")) or f"mesh {at}"
    number = extras.get("fdi")
    tooth = fdi(str(number)) if number else tooth_in(name, group)
    known = f"{tooth.number} {tooth.name}" if tooth else name
    title = plain(extras.get("title")) or known
    longest_mm = _longest(scene, node)
    is_bone = tooth is None and not is_unnumbered_tooth(group, name, longest_mm, members)
    arch = arch_of(group, name, tooth)
    return SeenMesh(at, name, title, tooth, arch, _color(scene, node), is_bone)


def _longest(scene: dict[str, Any], node: dict[str, Any]) -> float:
    """Return the longest side of a mesh in its own unit, which is mm in a group's GLB."""
    try:
        position = scene["meshes"][node["mesh"]]["primitives"][0]["attributes"]["POSITION"]
        bounds = (scene["accessors"][position][end] for end in ("min", "max"))
        return max(float(high) - float(low) for low, high in zip(*bounds, strict=True))
    except (LookupError, TypeError, ValueError):
        return math.inf


def arch_of(group: str, name: str, tooth: Tooth | None) -> Arch:
    """Tell the arch of a mesh by its tooth, else by its group, else by its name."""
    if tooth is not None:
        return "upper" if tooth.is_upper else "lower"
    if group in JAWS:
        return JAWS[group]
    called = name.lower()
    if any(word in called for word in _OF_UPPER):
        return "upper"
    return "lower" if any(word in called for word in _OF_LOWER) else ""


def _color(scene: dict[str, Any], node: dict[str, Any]) -> tuple[float, float, float]:
    primitive = scene["meshes"][node["mesh"]]["primitives"][0]
    material = scene["materials"][primitive["material"]] if "material" in primitive else {}
    look = {"baseColorFactor": _GREY} | (material.get("pbrMetallicRoughness") or {})
    red, green, blue, *_ = (min(max(0.0, float(part)), 1.0) for part in look["baseColorFactor"])
    return red, green, blue


def _encoded(share: float) -> float:
    """Encode a share of light as sRGB does (IEC 61966-2-1)."""
    return 12.92 * share if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055


def plain(text: object) -> str:
    """Return text that is fit for a label: of one line, printable, not endless."""
    if not isinstance(text, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST]
