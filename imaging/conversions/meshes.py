"""From a label map to surfaces of its labels: GLB for browsers, STL and PLY for programs.

Coordinates. GLB is in metres with y up, as glTF demands: up is toward the head, the viewer looks at
the patient's face, and the patient's left is toward +x. Only the node ``patient`` turns and scales;
below it, each label's node holds its surface in millimetres toward left, back and head (LPS), as
DICOM has it. STL and PLY are in these millimetres too, as 3D Slicer takes them to be.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from imaging.conversions.crops import crops_of
from imaging.conversions.glb import Light, scene_in
from imaging.conversions.label_file import LabelFile, label_file
from imaging.conversions.reports import Conversion, ConvertedLabel
from imaging.conversions.surfaces import Surface, surface_of
from imaging.errors import InputError
from imaging.files import write_whole
from imaging.labels import LabelStatistics
from imaging.labels.dictionaries import Label
from imaging.labels.dictionaries.label import Color
from imaging.volumes.names import file_names

PATIENT = "patient"
_SUFFIXES = (".glb", ".stl", ".ply")
_TO_GLTF = np.array(  # x stays, z becomes y, and -y, toward the face, becomes z; mm become m
    [[1e-3, 0, 0, 0], [0, 0, 1e-3, 0], [0, -1e-3, 0, 0], [0, 0, 0, 1]]
)
_DIFFERS = 0.05  # of the volume: worth a note


def meshes_of_labels(
    source: Path,
    target: Path,
    *,
    labels: Sequence[str | int] = (),
    dictionary: str = "",
    smoothing_voxels: float = 0.8,
) -> Conversion:
    """Write the surfaces of labels, each closed, also where a label reaches the image's end.

    A GLB holds all labels, as named nodes in their colours. STL and PLY hold one surface a file: if
    there are several labels, ``target`` becomes a folder's name without its ending, and the files
    in it are called as the labels are.

    Args:
        source: The label map.
        target: The file to write: ``.glb``, ``.stl`` or ``.ply``.
        labels: Ids, names, patterns or groups; none for all.
        dictionary: A model's name or a table's path; empty for what the label map comes with.
        smoothing_voxels: How far steps of voxels are smoothed, 0 to 5; the volume stays.

    Raises:
        InputError: The ending is no such format, or a label was asked for that is not there.
        NiftiError: The label map is damaged.
        OSError: A file cannot be read or written.
    """
    if target.suffix.lower() not in _SUFFIXES:
        msg = f"a surface is written as one of {', '.join(_SUFFIXES)}, not {target.suffix!r}"
        raise InputError(msg)
    if not 0 <= smoothing_voxels <= 5:
        msg = f"smoothing is from 0 to 5 voxels, not {smoothing_voxels}"
        raise InputError(msg)
    chosen = label_file(source, labels, dictionary)
    surfaces = _surfaces(chosen, smoothing_voxels)
    write = _write_scene if target.suffix.lower() == ".glb" else _write_each
    files, rows = write(target, chosen, surfaces)
    return Conversion(files, tuple(rows), (f"Names: {chosen.named_by}",))


_Made = tuple[LabelStatistics, Label, Surface]


def _surfaces(chosen: LabelFile, smoothing_voxels: float) -> Iterator[_Made]:
    for crop in crops_of(chosen):
        each = crop.statistics
        yield each, chosen.label(each.id), surface_of(crop, chosen.affine, smoothing_voxels)


def _write_scene(
    target: Path, chosen: LabelFile, surfaces: Iterator[_Made]
) -> tuple[tuple[Path, ...], list[ConvertedLabel]]:
    """Write one GLB with a node for each label, one surface after the other."""
    names = _node_names(chosen)
    rows = []
    with scene_in(target, PATIENT, _TO_GLTF) as scene:
        for each, label, surface in surfaces:
            scene.add(names[each.id], _mesh(surface), _light(label.color), {"label": each.id})
            rows.append(_row(each, label, surface))
    return (target,), rows


def _write_each(
    target: Path, chosen: LabelFile, surfaces: Iterator[_Made]
) -> tuple[tuple[Path, ...], list[ConvertedLabel]]:
    """Write a file for each label, of one label under the name that was given."""
    is_one = len(chosen.statistics) == 1
    suffix = target.suffix.lower()
    names = file_names({each.id: chosen.label(each.id).name for each in chosen.statistics})
    files, rows = [], []
    for each, label, surface in surfaces:
        mesh = _mesh(surface)
        if suffix == ".ply":
            mesh.visual.vertex_colors = [*label.color, 255]
        file = target if is_one else target.with_suffix("") / f"{names[each.id]}{suffix}"
        files.append(write_whole(file, mesh.export(file_type=suffix[1:])))
        rows.append(_row(each, label, surface))
    return tuple(files), rows


def _light(color: Color) -> Light:
    """Turn a colour for screens (sRGB, IEC 61966-2-1) into amounts of light, as glTF has it."""
    share = np.array(color) / 255
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    red, green, blue = light.round(4).tolist()
    return red, green, blue


def _mesh(surface: Surface) -> Any:  # trimesh's own types say less than its documentation
    return trimesh.Trimesh(surface.corners_mm, surface.triangles, process=False)


def _node_names(chosen: LabelFile) -> dict[int, str]:
    """Name the nodes as the labels are; a name of several gets their ids."""
    names = {each.id: chosen.label(each.id).name for each in chosen.statistics}
    taken = Counter([*names.values(), PATIENT])
    numbered = {label: f"{name} ({label})" for label, name in names.items()}
    told = {label: name if taken[name] == 1 else numbered[label] for label, name in names.items()}
    return told if len(set(told.values())) == len(told) else numbered  # one may be "rib (1)" itself


def _row(each: LabelStatistics, label: Label, surface: Surface) -> ConvertedLabel:
    share = surface.ml / each.ml - 1
    note = f"{len(surface.triangles)} triangles"
    if abs(share) > _DIFFERS:
        note += f"; the surface holds {share:+.0%} of the voxels' volume"
    return ConvertedLabel(each.id, label.name, each.voxels, each.ml, note)
