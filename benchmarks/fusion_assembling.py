"""30 teeth of 20,480 faces: put together as a GLB by us and by trimesh, and added up into one."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import trimesh

from benchmarks.measure import Method, compare
from benchmarks.report import at_least, show_costs, show_figure, show_title
from imaging.fusion.meshes import colour_of, fdi
from imaging.fusion.results.groups import Part, Shape
from imaging.fusion.results.merged import merged_ply
from imaging.fusion.results.scene import scene_glb
from imaging.phantoms.teeth import dentition

_FACES = 20_480  # a tooth
_ROUNDS = 7
_GOAL = at_least(10)

_OURS = "this project, GLB"
_OURS_DRACO = "this project, GLB with Draco"
_OURS_PLY = "this project, one coloured PLY"
_SCENE = "trimesh, a scene with materials, GLB"
_CONCATENATED = "trimesh, concatenate coloured (not written)"
_SUM = "the sample's sum() of coloured meshes (not written)"
_BARE_SUM = "sum() of bare meshes (not written)"


def fusion_assembling(folder: Path) -> None:
    """Measure, and print. Meshes are in memory at the start; results end there too."""
    teeth = dentition(faces_per_tooth=_FACES)
    faces = sum(len(tooth.faces) for tooth in teeth.values())
    show_title(f"{len(teeth)} teeth, {faces:,} faces, put together")
    ways = {
        _OURS: partial(our_glb, teeth),
        _OURS_DRACO: partial(our_glb, teeth, draco_bits=14),
        _OURS_PLY: partial(our_ply, teeth),
        _SCENE: partial(scene_way, teeth),
        _CONCATENATED: partial(concatenated_way, teeth),
        _SUM: partial(sum_way, teeth),
        _BARE_SUM: partial(added, [*teeth.values()]),
    }
    methods = [Method(name, partial(_ignoring, run)) for name, run in ways.items()]
    rounds = compare(methods, folder, _ROUNDS)
    sizes = {
        name: [f"{len(content) / 1e6:.1f}"]
        for name, run in ways.items()
        if isinstance(content := run(), bytes)
    }
    show_costs(rounds, sizes, ["MB"])
    for base in (_OURS, _SCENE, _CONCATENATED):
        for name in (_SUM, _BARE_SUM):
            ratio = rounds.ratio(name, base).cpu
            verdict = _GOAL.verdict(ratio) if base == _OURS else ""
            names = " / ".join(text.partition(" (")[0] for text in (name, base))
            show_figure(f"{names}, CPU", f"{ratio:.1f}x", verdict)


def _ignoring(run: Callable[[], object], _place: Path) -> None:
    run()


def shapes_of(teeth: dict[str, trimesh.Trimesh]) -> list[Shape]:
    """Return teeth as parts of a group; what this costs is on the clock."""
    return [
        Shape(
            Part(name, name, "fusion", name, fdi(name), colour_of(name), len(tooth.faces)),
            tooth.vertices.astype("f4"),
            tooth.faces,
        )
        for name, tooth in teeth.items()
    ]


def our_glb(teeth: dict[str, trimesh.Trimesh], draco_bits: int = 0) -> bytes:
    """Write a scene as this project does."""
    return scene_glb(shapes_of(teeth), draco_bits=draco_bits)


def our_ply(teeth: dict[str, trimesh.Trimesh]) -> bytes:
    """Write one mesh as this project does."""
    return merged_ply(shapes_of(teeth))


def scene_way(teeth: dict[str, trimesh.Trimesh]) -> bytes:
    """Have trimesh write a scene with a material a tooth."""
    visual: Any = trimesh.visual  # which has no types
    scene: Any = trimesh.Scene()
    for name, tooth in teeth.items():
        mesh: Any = tooth.copy()
        material = visual.material.PBRMaterial(baseColorFactor=[*colour_of(name)])
        mesh.visual = visual.TextureVisuals(material=material)
        scene.add_geometry(mesh, node_name=name, geom_name=name)
    content: bytes = scene.export(file_type="glb")
    return content


def concatenated_way(teeth: dict[str, trimesh.Trimesh]) -> Any:
    """Have trimesh make one coloured mesh at once."""
    join: Any = trimesh.util.concatenate
    return join(_coloured(teeth))


def sum_way(teeth: dict[str, trimesh.Trimesh]) -> Any:
    """Colour the meshes and add them up one after the other, as the vendor's sample does."""
    return added(_coloured(teeth))


def added(meshes: list[Any]) -> Any:
    """Add up meshes one after the other, each time copying all that went before."""
    first, *others = meshes
    return sum(others, first)


def _coloured(teeth: dict[str, trimesh.Trimesh]) -> list[Any]:
    copies: list[Any] = []
    for name, tooth in teeth.items():
        mesh: Any = tooth.copy()
        mesh.visual.vertex_colors = colour_of(name)
        copies.append(mesh)
    return copies
