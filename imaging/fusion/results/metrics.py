"""Measures meshes: a table with a row a mesh, whether it is good or not."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import trimesh

from imaging.files import write_whole
from imaging.fusion.meshes import Tooth

_LEAST_MM, _MOST_MM = 0.5, 500.0  # of a chip of a root, and of a head
_AT_ONCE = 100_000  # faces
_TYPES = {
    "output": "string",
    "name": "string",
    "fdi": "Int64",
    "tooth": "string",
    "faces": "Int64",
    "vertices": "Int64",
    "area_mm2": "Float64",
    "volume_mm3": "Float64",
    "watertight": "boolean",
    "components": "Int64",
    **{f"{axis}_{end}_mm": "Float64" for axis in "xyz" for end in ("min", "max")},
    "note": "string",
}
Row = dict[str, Any]


def metrics_table(rows: list[Row]) -> pd.DataFrame:
    """Return rows as a table whose columns are always the same, with gaps where nothing is known.

    Columns: output and name, as the vendor has them; fdi and tooth, where it is one; faces and
    vertices; area_mm2; volume_mm3, of closed surfaces only; watertight: each edge has two faces;
    components: pieces that share no vertex; the bounds in mm toward the patient's left (x), back
    (y) and head (z); and a note.
    """
    return pd.DataFrame(rows, columns=[*_TYPES]).astype(_TYPES)


def named_row(output: str, name: str, tooth: Tooth | None, note: str = "") -> Row:
    """Return a row that says only which mesh it is."""
    row: Row = {"output": output, "name": name, "note": note}
    return row | {"fdi": tooth.number, "tooth": tooth.name} if tooth else row


def measured(mesh: Any) -> Row:
    """Return the columns of a good mesh's shape; lengths in mm, to the micrometre.

    The volume is left empty unless the surface is closed and its faces agree on which side is out:
    of others it is an accident of where the origin lies.
    """
    # What trimesh remembers of its answers is many times the mesh, and ends with this one.
    mesh = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    closed = bool(mesh.is_watertight and mesh.is_winding_consistent)
    volume = _volume(mesh) if closed else None
    row: Row = {
        "faces": len(mesh.faces),
        "vertices": len(mesh.vertices),
        "area_mm2": _rounded(float(mesh.area)),
        "volume_mm3": None if volume is None else _rounded(abs(volume)),
        "watertight": bool(mesh.is_watertight),
        "components": _components(mesh),
    }
    low, high = mesh.bounds.round(3).tolist()
    row |= {f"{axis}_min_mm": value for axis, value in zip("xyz", low, strict=True)}
    row |= {f"{axis}_max_mm": value for axis, value in zip("xyz", high, strict=True)}
    inward = "its faces look inward" if volume is not None and volume < 0 else ""
    note = "; ".join(filter(None, (odd_size(mesh), inward)))
    return row | {"note": note} if note else row


def odd_size(mesh: Any) -> str:
    """Say that no tooth and no jaw has such a size; empty for one that might."""
    longest_mm = float(mesh.extents.max())
    if _LEAST_MM <= longest_mm <= _MOST_MM:
        return ""
    size = f"{longest_mm:,.0f}" if longest_mm > 1 else f"{longest_mm:.2g}"
    return f"{size} mm long: in another unit than mm?"


def _volume(mesh: Any) -> float:
    """Add up the tetrahedra between the faces and a point in their midst, some faces at a time."""
    around = mesh.vertices - mesh.bounds.mean(axis=0)
    total = 0.0
    for start in range(0, len(mesh.faces), _AT_ONCE):
        one, two, three = (around[ends] for ends in mesh.faces[start : start + _AT_ONCE].T)
        total += float(np.einsum("ij,ij", one, np.cross(two, three)))
    return total / 6


def _rounded(value: float) -> float:
    """Round to three decimals; of what is less than 1 keep four digits, however small it is."""
    return round(value, 3) if abs(value) >= 1 else float(f"{value:.4g}")


def _components(mesh: Any) -> int:
    graph: Any = trimesh.graph
    labels = graph.connected_component_labels(mesh.edges, len(mesh.vertices))
    return len(np.unique(labels[mesh.faces[:, 0]]))  # vertices that no face uses are no pieces


def write_metrics(table: pd.DataFrame, target: Path) -> Path:
    """Write the table as CSV (UTF-8), wholly or not at all, and return ``target``."""
    return write_whole(target, table.to_csv(index=False, lineterminator="\n"))


def metric_rows(table: pd.DataFrame) -> list[Row]:
    """Return the rows as plain values, with None where there is none: neither NaN nor Infinity."""
    rows = table.astype(object).to_dict("records")
    return [{str(column): _plain(value) for column, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
