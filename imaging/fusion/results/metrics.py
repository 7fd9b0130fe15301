"""Measures meshes: a table with a row a mesh, whether it is good or not."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import trimesh

from imaging.files import write_whole
from imaging.fusion.meshes import Tooth

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
    closed = bool(mesh.is_watertight and mesh.is_winding_consistent)
    row: Row = {
        "faces": len(mesh.faces),
        "vertices": len(mesh.vertices),
        "area_mm2": round(float(mesh.area), 3),
        "volume_mm3": round(abs(float(mesh.volume)), 3) if closed else None,
        "watertight": bool(mesh.is_watertight),
        "components": _components(mesh),
    }
    low, high = mesh.bounds.round(3).tolist()
    row |= {f"{axis}_min_mm": value for axis, value in zip("xyz", low, strict=True)}
    row |= {f"{axis}_max_mm": value for axis, value in zip("xyz", high, strict=True)}
    if closed and mesh.volume < 0:
        row["note"] = "its faces look inward"
    return row


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
