"""Measures of meshes with known answers, and tables that every program can read."""

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import trimesh

from imaging.fusion.meshes import fdi
from imaging.fusion.results.metrics import (
    measured,
    metric_rows,
    metrics_table,
    named_row,
    write_metrics,
)


def box(**changes):
    mesh = trimesh.creation.box(extents=[2.0, 3.0, 4.0], **changes)
    mesh.apply_translation([10.0, 20.0, 30.0])
    return mesh


def test_a_box_has_the_measures_of_a_box():
    row = measured(box())

    assert (row["faces"], row["vertices"], row["components"]) == (12, 8, 1)
    assert row["area_mm2"] == pytest.approx(52.0)
    assert row["volume_mm3"] == pytest.approx(24.0)
    assert row["watertight"] is True
    assert [row[f"{axis}_min_mm"] for axis in "xyz"] == pytest.approx([9.0, 18.5, 28.0])
    assert [row[f"{axis}_max_mm"] for axis in "xyz"] == pytest.approx([11.0, 21.5, 32.0])
    assert "note" not in row


def test_an_open_surface_has_no_volume():
    whole = box()
    row = measured(trimesh.Trimesh(whole.vertices, whole.faces[1:], process=False))

    assert row["watertight"] is False
    assert row["volume_mm3"] is None
    assert row["area_mm2"] < 52.0


def test_a_surface_that_contradicts_itself_has_no_volume():
    whole = box()
    faces = whole.faces.copy()
    faces[0] = faces[0][::-1]
    row = measured(trimesh.Trimesh(whole.vertices, faces, process=False))

    assert row["watertight"] is True
    assert row["volume_mm3"] is None


def test_a_surface_inside_out_is_measured_and_noted():
    whole = box()
    row = measured(trimesh.Trimesh(whole.vertices, whole.faces[:, ::-1], process=False))

    assert row["volume_mm3"] == pytest.approx(24.0)
    assert row["note"] == "its faces look inward"


def test_pieces_are_counted_without_vertices_that_no_face_uses():
    one, other = box(), box()
    other.apply_translation([50.0, 0.0, 0.0])
    both: Any = trimesh.util.concatenate([one, other])
    more = trimesh.Trimesh([*both.vertices, [0.0, 0.0, 0.0]], both.faces, process=False)

    assert measured(more)["components"] == 2
    assert measured(more)["volume_mm3"] == pytest.approx(48.0)
    assert measured(more)["x_min_mm"] == pytest.approx(9.0)


@pytest.fixture
def table() -> pd.DataFrame:
    good = named_row("fusion", "tooth_11", fdi("11")) | measured(box())
    whole = box()
    leaky = trimesh.Trimesh(whole.vertices, whole.faces[1:], process=False)
    return metrics_table(
        [
            good,
            named_row("fusion", "Zahnfleisch, fünf", None) | measured(leaky),
            named_row("fusion", "21", fdi("21"), "the mesh has no faces"),
        ]
    )


def test_the_columns_are_always_the_same(table):
    assert [*metrics_table([]).columns] == [*table.columns]
    assert metrics_table([]).dtypes.equals(table.dtypes)


def test_rows_are_plain_values_without_nan(table):
    rows = metric_rows(table)

    text = json.dumps(rows, allow_nan=False)
    assert json.loads(text) == rows
    assert {type(value) for row in rows for value in row.values()} <= {
        str,
        int,
        float,
        bool,
        type(None),
    }
    assert (rows[0]["fdi"], rows[0]["tooth"]) == (11, "Upper right central incisor")
    assert rows[0]["watertight"] is True
    assert rows[1]["fdi"] is None
    assert rows[1]["volume_mm3"] is None
    assert rows[2]["faces"] is None
    assert rows[2]["note"] == "the mesh has no faces"


def test_infinity_is_no_value_either():
    rows = metric_rows(metrics_table([{"output": "a", "name": "b", "area_mm2": float("inf")}]))

    assert rows[0]["area_mm2"] is None


def test_the_file_gives_back_the_table(table, tmp_path):
    path = write_metrics(table, tmp_path / "new" / "metrics.csv")

    text = path.read_bytes().decode()
    assert "\r" not in text
    assert "Zahnfleisch, fünf" in text
    read = pd.read_csv(io.StringIO(text))
    assert [*read.columns] == [*table.columns]
    assert read["volume_mm3"].isna().tolist() == [False, True, True]
    assert read["area_mm2"][0] == pytest.approx(52.0)
    assert read["watertight"].tolist()[:2] == [True, False]
    assert np.isnan(read["faces"][2])


@pytest.mark.parametrize(
    ("scale", "note"),
    [
        (1.0, None),
        (1e-3, "0.004 mm long: in another unit than mm?"),
        (1e3, "4,000 mm long: in another unit than mm?"),
    ],
)
def test_a_size_of_no_tooth_and_no_jaw_is_noted_and_not_rounded_away(scale, note):
    mesh = box()
    row = measured(trimesh.Trimesh(mesh.vertices * scale, mesh.faces, process=False))

    assert row.get("note") == note
    assert row["area_mm2"] == pytest.approx(52.0 * scale**2)
    assert row["volume_mm3"] == pytest.approx(24.0 * scale**3)


def test_what_was_only_needed_to_measure_a_mesh_is_forgotten():
    mesh = box()
    measured(mesh)

    assert "edges" not in mesh._cache.cache


def test_a_volume_is_the_same_far_from_the_origin():
    mesh = trimesh.creation.icosphere(subdivisions=6, radius=5.0)
    near = measured(mesh)["volume_mm3"]
    mesh.apply_translation([9e4, -9e4, 9e4])

    assert near == pytest.approx(4 / 3 * np.pi * 125, rel=1e-3)
    assert measured(mesh)["volume_mm3"] == pytest.approx(near, rel=1e-6)
