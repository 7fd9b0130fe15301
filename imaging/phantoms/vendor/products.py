"""What a fusion gives back: synthetic teeth and jaws in the format that was asked for."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, cast

import DracoPy
import numpy as np
import trimesh

from imaging.phantoms.teeth import Part, dentition, jaw

MESH_TYPES = ("ply", "stl", "obj", "off", "glb", "drc")
_PARTS: dict[str, Part] = {"teeth": "crown", "root": "root", "fusion": "whole"}
_JAWS = {"cbct_upper_jaw": "maxilla", "cbct_lower_jaw": "mandible"}
OUTPUTS = (*_PARTS, "reconstructions", *_JAWS)
"""What a fusion can be asked for."""

TRICKS = (
    "../../../escaped",
    "/tmp/escaped",  # noqa: S108 - a name that tries to be one
    "..\\..\\escaped",
    "C:\\escaped",
    "eleven\x00",
    "x" * 300,
    "CON",
    ".hidden",
    "",
    "11 ",
)
"""Names that some program, somewhere, would take for a path or choke on."""

Offer = Callable[[str, Callable[[], bytes]], str]
"""Hands out a urn for a path, and for what makes the content."""


@dataclass(frozen=True, slots=True)
class Products:
    """What a vendor delivers.

    Attributes:
        offer: Hands out urns.
        faces: About how many a tooth has.
        teeth: FDI numbers.
        jaws_as_list: Jaws are lists of one mesh; else a mesh.
    """

    offer: Offer
    faces: int = 1280
    teeth: tuple[str, ...] = ("11",)
    jaws_as_list: bool = True

    def of(
        self, run_id: str, asked: dict[str, dict[str, str]], outcome: str = ""
    ) -> dict[str, Any]:
        """Make what `/data` answers about a run.

        Args:
            run_id: Of the run; part of the urns.
            asked: The field `output_config` of the call.
            outcome: `empty`, `nan` or `tricks` for such a fault, of the first mesh asked for.
        """
        found: dict[str, Any] = {}
        for output, wanted in asked.items():
            spoilt = "" if found else outcome
            nodes: dict[str, Any] = {}
            for name in _names(output, self.teeth):
                fault = "" if nodes else spoilt
                nodes[name] = self._node(f"{run_id}/{output}/{name}", output, name, wanted, fault)
            if spoilt == "tricks":
                first = next(iter(nodes))
                nodes |= {trick: self._node(trick, output, first, wanted) for trick in TRICKS}
            found[output] = _shaped(output, nodes, as_list=self.jaws_as_list)
        return found

    def _node(
        self, path: str, output: str, name: str, wanted: dict[str, str], fault: str = ""
    ) -> dict[str, str]:
        """Make the node of a mesh: inline, or a urn that ends in ``path``."""
        kind = wanted["type"]
        make = partial(mesh_content, output, name, kind, self.faces, fault)
        is_inline = wanted.get("output-location") == "bytes"
        place = f"results/{path}.{kind}"
        data = base64.b64encode(make()).decode() if is_inline else self.offer(place, make)
        return {"type": kind, "data": data}


@lru_cache(maxsize=2048)
def mesh_content(output: str, name: str, kind: str, faces: int, fault: str = "") -> bytes:
    """Return a mesh as a file, made once.

    Args:
        output: One of `OUTPUTS`, or any other, which is a jaw.
        name: FDI number, or which jaw.
        kind: One of `MESH_TYPES`.
        faces: About how many a tooth has.
        fault: `empty` for a mesh without a face, `nan` for vertices that are no numbers (in drc,
            which cannot hold them: a damaged file).
    """
    mesh = _mesh(output, name, faces)
    if fault == "nan" and kind == "drc":
        return _encoded(mesh, kind)[:-40]
    if fault == "nan":
        mesh.vertices[:3] = np.nan
    if fault == "empty":
        return _empty(kind)
    return _encoded(mesh, kind)


def _mesh(output: str, name: str, faces: int) -> trimesh.Trimesh:
    if output in _PARTS:
        return dentition(faces, part=_PARTS[output], teeth=(name,))[name]
    return jaw(name == "maxilla")


def _encoded(mesh: trimesh.Trimesh, kind: str) -> bytes:
    if kind == "drc":
        vertices, faces = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.uint32)
        return bytes(DracoPy.encode(vertices, faces))
    content = mesh.export(file_type=kind)
    return content.encode() if isinstance(content, str) else cast("bytes", content)


def _empty(kind: str) -> bytes:
    """Return a file of a format that holds no face, as a program may well write it."""
    text = {
        "ply": "ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nproperty float y\n"
        "property float z\nelement face 0\nproperty list uchar int vertex_indices\nend_header\n",
        "off": "OFF\n0 0 0\n",
        "obj": "# nothing\n",
    }
    if kind == "stl":
        return bytes(84)
    if kind == "glb":
        return cast("bytes", trimesh.Trimesh().export(file_type="glb"))
    if kind == "drc":
        return bytes(DracoPy.encode(np.zeros((3, 3), np.float32)))  # points without a face
    return text[kind].encode()


def _names(output: str, teeth: tuple[str, ...]) -> tuple[str, ...]:
    if output in _PARTS:
        return teeth
    if output == "reconstructions":
        return tuple(_JAWS.values())
    return (_JAWS.get(output, "mandible"),)


def _shaped(output: str, nodes: dict[str, Any], *, as_list: bool) -> Any:
    if output in _PARTS or output == "reconstructions":
        return nodes
    values = list(nodes.values())
    return values if as_list else values[0]
