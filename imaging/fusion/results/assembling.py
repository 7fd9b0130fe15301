"""Puts delivered meshes together: a scene and a merged mesh a group, and a table of all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

from imaging.errors import MeshError
from imaging.files import write_whole
from imaging.fusion.meshes import Colour, Tooth, colour_of, read_mesh, teeth_in
from imaging.fusion.parts import is_unnumbered_tooth
from imaging.fusion.place import FusionFolder
from imaging.fusion.results.groups import Assembly, Group, Part, Shape
from imaging.fusion.results.merged import merged_ply
from imaging.fusion.results.metrics import Row, measured, metrics_table, named_row, odd_size
from imaging.fusion.results.scene import PATIENT, scene_glb
from imaging.fusion.specification import MeshType

_GROUPS = {
    "fusion": "fusion",
    "reconstructions": "reconstructions",
    "cbct_upper_jaw": "upper",
    "cbct_lower_jaw": "lower",
    "teeth": "teeth",
    "root": "root",
}
_KINDS: dict[str, MeshType] = {kind: kind for kind in get_args(MeshType)}
_DRACO_BITS = 14
_UNSHARED = ("stl", "glb")  # formats that repeat a vertex: in each triangle, or for each normal


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A good mesh of a delivery; the mesh is trimesh's, which has no types."""

    output: str
    name: str
    tooth: Tooth | None
    mesh: Any


def assemble(
    delivered: Mapping[str, Mapping[str, Path]],
    kinds: Mapping[str, MeshType],
    folder: FusionFolder,
    *,
    draco: bool = False,
) -> Assembly:
    """Write a GLB and a PLY of each group, and measure every mesh.

    A damaged mesh is noted and left out; the others go on. The order in which meshes come changes
    nothing: the same delivery makes the same bytes.

    Args:
        delivered: By output and name, the file of each mesh.
        kinds: Format of each output's meshes, where the ending of a file is none.
        folder: Where `<group>.glb` and `<group>.ply` are written.
        draco: Write `<group>.draco.glb` too, for sending; not all viewers can decompress it.

    Raises:
        MeshError: There is no mesh, or none that is good.
        OSError: A file cannot be read or written.
    """
    good, rows, notes = _read(delivered, kinds)
    if not good:
        msg = f"none of {len(notes)} delivered meshes is good; {'; '.join(notes[:3])}"
        raise MeshError(msg)
    groups: dict[str, list[_Read]] = {name: [] for name in _GROUPS.values()}
    for each in good:
        groups.setdefault(_GROUPS.get(each.output, each.output), []).append(each)
    made = [_write(name, members, folder, draco) for name, members in groups.items() if members]
    return Assembly(tuple(made), metrics_table(rows), (*notes, *_of_sizes(good)))


def _of_sizes(good: Sequence[_Read]) -> list[str]:
    """Say once how many meshes have a size that is none of a tooth or a jaw."""
    odd = [size for each in good if (size := odd_size(each.mesh))]
    return [f"{len(odd)} of the meshes are of an odd size, the first {odd[0]}"] if odd else []


def _read(
    delivered: Mapping[str, Mapping[str, Path]], kinds: Mapping[str, MeshType]
) -> tuple[list[_Read], list[Row], list[str]]:
    """Read and measure all meshes, by output, and within it teeth first, by number."""
    good, rows, notes = [], [], []
    teeth = {output: teeth_in(meshes, output) for output, meshes in delivered.items()}
    for output, name in _ordered(teeth):
        tooth = teeth[output][name]
        try:
            mesh = _mesh(delivered[output][name], kinds[output])
        except MeshError as error:
            notes.append(f"{output} {name}: {error}")
            rows.append(named_row(output, name, tooth, str(error)))
            continue
        good.append(_Read(output, name, tooth, mesh))
        rows.append(named_row(output, name, tooth) | measured(mesh))
    return good, rows, notes


def _ordered(teeth: Mapping[str, Mapping[str, Tooth | None]]) -> list[tuple[str, str]]:
    known = [*_GROUPS]

    def place(item: tuple[str, str]) -> tuple[Any, ...]:
        output, name = item
        tooth = teeth[output][name]
        first = known.index(output) if output in known else len(known)
        return first, output, tooth.number if tooth else 100, _counted(name), name

    return sorted(((output, name) for output in teeth for name in teeth[output]), key=place)


def _counted(name: str) -> list[int | str]:
    """Split a name at its numbers, so that `part-2` comes before `part-10`."""
    parts = re.split("([0-9]+)", name)
    return [int(part) if at % 2 else part for at, part in enumerate(parts)]


def _mesh(path: Path, asked: MeshType) -> Any:
    """Read a mesh; its triangles share their vertices: a sixth of the size, and can be closed."""
    kind = _KINDS.get(path.suffix[1:].lower(), asked)  # an answer may mix formats
    mesh: Any = read_mesh(path, kind)
    if kind in _UNSHARED:
        mesh.merge_vertices()
    return mesh


def _write(name: str, members: Sequence[_Read], folder: FusionFolder, draco: bool) -> Group:
    shapes = _shapes(name, members)
    glb = write_whole(folder.assembled(name), scene_glb(shapes))
    ply = write_whole(folder.merged(name), merged_ply(shapes))
    compact = None
    if draco:
        packed = scene_glb(shapes, draco_bits=_DRACO_BITS)
        compact = write_whole(glb.with_name(f"{name}.draco.glb"), packed)
    return Group(name, glb, ply, compact, tuple(shape.part for shape in shapes))


def _shapes(group: str, members: Sequence[_Read]) -> list[Shape]:
    taken = {PATIENT}
    shapes = []
    for each in members:
        node = _free(str(each.tooth.number) if each.tooth else each.name, taken)
        taken.add(node)
        title = f"{node} {each.tooth.name}" if each.tooth else node
        colour = _colour(each, group, len(members))
        faces = each.mesh.faces
        part = Part(node, title, each.output, each.name, each.tooth, colour, len(faces))
        shapes.append(Shape(part, each.mesh.vertices.astype(np.float32), faces))
    return shapes


def _colour(each: _Read, group: str, members: int) -> Colour:
    """Return a colour; teeth that a jaw only counts have one each, or none could be told."""
    if each.tooth:
        return colour_of(str(each.tooth.number))
    longest_mm = float(each.mesh.extents.max())
    is_tooth = is_unnumbered_tooth(group, each.name, longest_mm, members)
    return colour_of(each.name, "" if is_tooth else group)


def _free(name: str, taken: set[str]) -> str:
    """Return the name, or the name with the first number that no other has."""
    node, count = name, 1
    while node in taken:
        count += 1
        node = f"{name} ({count})"
    return node
