"""Writes the page: three.js, the page's own code and the meshes, in one file."""

import base64
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import trimesh
from jinja2 import Environment, PackageLoader, StrictUndefined

from imaging.errors import MeshError
from imaging.files import write_whole
from imaging.fusion.parts import SeenMesh, meshes_of, plain, scene_of, seen_first
from imaging.fusion.viewer.three import installed_three
from imaging.fusion.views import ANGLE_DEG, VIEWS

_PACKAGE = "imaging.fusion.viewer"
_SCRIPTS = ("unpack.js", "stage.js", "chart.js", "legend.js", "start.js")  # in this order
_TITLES = {
    "fusion": "Fused teeth",
    "teeth": "Crowns, from the scans",
    "root": "Roots, from the CBCT",
    "reconstructions": "Reconstructions, from the CBCT",
    "upper": "Upper jaw",
    "lower": "Lower jaw",
}
_DRACO = "KHR_draco_mesh_compression"


@dataclass(frozen=True, slots=True)
class _Group:
    name: str
    glb: bytes
    meshes: list[SeenMesh]


def write_viewer(groups: Mapping[str, Path], target: Path, title: str) -> Path:
    """Write a page that shows all groups, and hides what the reader wants hidden.

    It asks for nothing: code, style and meshes are within, and its policy forbids all else. The
    same files give the same page, byte by byte.

    Args:
        groups: The GLB of each group, in the order of the legend.
        target: The HTML file, written wholly or not at all.
        title: What is shown; nobody's name.

    Raises:
        MeshError: A GLB is unreadable, or none holds a mesh.
        InputError: three.js is not installed as the lock says.
        OSError: A file cannot be read or written.
    """
    read = [_read(name, path) for name, path in groups.items()]
    shown = [group for group in read if group.meshes]
    if not shown:
        msg = "nothing to show: no group holds a mesh"
        raise MeshError(msg)
    return write_whole(target, _page(shown, plain(title)))


def _read(name: str, path: Path) -> _Group:
    glb = _uncompressed(path.read_bytes())
    return _Group(name, glb, meshes_of(glb, name))


def _uncompressed(glb: bytes) -> bytes:
    """Undo Draco's compression, whose decoder is not among the page's code."""
    if _DRACO not in (scene_of(glb).get("extensionsUsed") or ()):
        return glb
    scene: Any = trimesh.load_scene(trimesh.util.wrap_as_stream(glb), file_type="glb")
    return bytes(scene.export(file_type="glb"))


def _page(groups: list[_Group], title: str) -> str:
    three = installed_three()
    texts = {name: _text(name) for name in (*_SCRIPTS, "viewer.css")}
    own = "\n".join(('"use strict";', "{", *(texts[name] for name in _SCRIPTS), "}"))
    style = texts["viewer.css"]
    templates = Environment(
        loader=PackageLoader(_PACKAGE, "page"), autoescape=True, undefined=StrictUndefined
    )
    return templates.get_template("viewer.html.j2").render(
        title=title,
        policy=_policy([three.script, own], style),
        scripts=[three.script, own],
        style=style,
        licence=three.licence,
        content=_content(groups),
        glbs=[_packed(group.glb) for group in groups],
    )


def _content(groups: list[_Group]) -> dict[str, Any]:
    """Return what the page's code is told."""
    first = seen_first({group.name: group.meshes for group in groups})
    return {
        "angle_deg": ANGLE_DEG,
        "views": [asdict(view) for view in VIEWS],
        "groups": [
            {
                "title": _TITLES.get(group.name) or plain(group.name),
                "shown": group.name in first,
                "meshes": [_told(mesh) for mesh in group.meshes],
            }
            for group in groups
        ],
    }


def _told(mesh: SeenMesh) -> dict[str, Any]:
    number = mesh.tooth.number if mesh.tooth else None
    return {
        "node": mesh.node,
        "title": mesh.title,
        "fdi": number,
        "arch": mesh.arch,
        "bone": mesh.is_bone,
        "color": mesh.css,
    }


def _policy(scripts: list[str], style: str) -> str:
    """Return a Content-Security-Policy: these scripts, this style, and nothing from anywhere."""
    allowed = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {allowed}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _packed(glb: bytes) -> str:
    return base64.b64encode(gzip.compress(glb, 6, mtime=0)).decode()


def _text(name: str) -> str:
    return files(_PACKAGE).joinpath("page", name).read_text(encoding="utf-8")
