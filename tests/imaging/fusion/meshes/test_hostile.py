"""Damaged, lying and hostile files: refused in words of ours, and never with much memory."""

import json
import logging
import resource
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import DracoPy
import numpy as np
import pytest
import trimesh
from hypothesis import event, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from imaging.errors import MeshError
from imaging.fusion.meshes import read_mesh, reading, text
from imaging.fusion.specification import MeshType

BALL = trimesh.creation.icosphere(1, radius=4.0)  # 80 faces
NAME = "DOE^JANE"
GIGABYTE = 2**30


def draco(**options):
    points, faces = BALL.vertices.astype("f4"), BALL.faces.astype("u4")
    return DracoPy.encode(points, faces, quantization_bits=14, **options)


def exported(file_type, **options):
    content = BALL.export(file_type=file_type, **options)
    return content if isinstance(content, bytes) else content.encode()


FILES: dict[str, tuple[MeshType, Any]] = {
    "ply": ("ply", exported("ply")),
    "ply text": ("ply", exported("ply", encoding="ascii")),
    "stl": ("stl", exported("stl")),
    "stl text": ("stl", exported("stl_ascii")),
    "obj": ("obj", exported("obj", include_normals=True)),
    "off": ("off", exported("off")),
    "glb": ("glb", exported("glb")),
    "glb draco": ("glb", trimesh.Scene(BALL).export(file_type="glb", extension_draco=True)),
    "drc": ("drc", draco()),
    "drc in sequence": ("drc", draco(preserve_order=True)),
    "drc with metadata": ("drc", draco(create_metadata=True)),
}


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Let the process grow by one gigabyte at most: what wants more fails, by a MemoryError."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + GIGABYTE, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def refused(kind, content, tmp_path, **options):
    """Return why a file is refused."""
    (tmp_path / NAME).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(MeshError) as found:
        read_mesh(tmp_path / NAME, kind, **options)
    assert found.value.__cause__ is None
    assert NAME not in str(found.value)
    return str(found.value)


@pytest.mark.parametrize("file", FILES)
def test_every_file_is_good_before_it_is_damaged(file, tmp_path):
    kind, content = FILES[file]
    (tmp_path / "m").write_bytes(content)

    assert len(read_mesh(tmp_path / "m", kind).faces) == 80


@st.composite
def damaged(draw, content):
    """Cut, flip, put in and take out bytes, as often in the header as anywhere."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, min(len(content), draw(st.sampled_from([120, 10**9])))))
        way = draw(st.sampled_from(["cut", "flip", "set", "put", "take"]))
        if way == "cut":
            content = content[:at]
        elif way == "put":
            content = content[:at] + draw(st.binary(min_size=1, max_size=8)) + content[at:]
        elif way == "take":
            content = content[:at] + content[at + draw(st.integers(1, 8)) :]
        else:
            byte = content[at : at + 1]
            new = bytes([byte[0] ^ (1 << draw(st.integers(0, 7)))]) if byte else b""
            new = draw(st.sampled_from([b"\0", b"\xff", b"9", b"-"])) if way == "set" else new
            content = content[:at] + new + content[at + 1 :]
    return content


@pytest.mark.parametrize("file", FILES)
@hypothesis_settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_is_refused_or_gives_a_sound_mesh(file, data, tmp_path_factory):
    kind, content = FILES[file]
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data.draw(damaged(content)))
    try:
        mesh = read_mesh(path, kind)
    except MeshError as error:
        event(str(error))
    else:
        assert 0 < len(mesh.faces) < 1000
        assert np.isfinite(mesh.vertices).all()
        assert mesh.faces.min() >= 0
        assert mesh.faces.max() < len(mesh.vertices)


@pytest.mark.parametrize("kind", ["ply", "stl", "obj", "off", "glb", "drc"])
@pytest.mark.parametrize("content", [b"", b"\0" * 200, b"<html>404</html>", NAME.encode() * 50])
def test_garbage_is_refused(kind, content, tmp_path):
    assert refused(kind, content, tmp_path)


@pytest.mark.parametrize("file", FILES)
def test_another_format_is_refused(file, tmp_path):
    kind, content = FILES[file]
    for other in {"ply", "stl", "obj", "off", "glb", "drc"} - {kind}:
        assert refused(other, content, tmp_path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize(
    "file", [name for name in FILES if name != "obj"]
)  # has neither end nor count
def test_a_file_that_is_cut_short_is_refused(file, share, tmp_path):
    kind, content = FILES[file]

    assert refused(kind, content[: int(len(content) * share)], tmp_path)


def test_a_mesh_without_faces_is_refused(tmp_path):
    header = "ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nend_header\n"
    empty = {
        "stl": bytes(84),
        "obj": "# nothing\n",
        "off": "OFF\n0 0 0\n",
        "ply": header,
        "glb": glb(triangle(nodes=[], scenes=[{"nodes": []}]), CORNERS),
    }

    for kind, content in empty.items():
        assert "no faces" in refused(kind, content, tmp_path), kind
    assert "no faces" in refused("stl", "solid nothing\nendsolid nothing\n", tmp_path)
    assert "points" in refused("drc", DracoPy.encode(BALL.vertices.astype("f4")), tmp_path)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_vertices_that_are_not_finite_are_refused(value, tmp_path):
    corners = f"0 0 0\n1 {value} 0\n0 1 0\n"
    binary = np.frombuffer(bytearray(FILES["stl"][1]), np.uint8).copy()
    binary[96:100] = np.frombuffer(np.float32(value).tobytes(), np.uint8)

    assert "not finite" in refused("off", f"OFF\n3 1 0\n{corners}3 0 1 2\n", tmp_path)
    assert "not finite" in refused("stl", binary.tobytes(), tmp_path)


def test_vertices_out_of_this_world_are_refused(tmp_path):
    for far in ("1e6", "-1e30", "1e300"):
        text = f"OFF\n4 1 0\n0 0 0\n1 0 0\n0 1 0\n{far} 0 0\n3 0 1 2\n"
        assert "farther than 100,000 mm" in refused("off", text, tmp_path)


def test_a_line_is_no_surface(tmp_path):
    text = "OFF\n3 1 0\n0 0 0\n1 0 0\n2 0 0\n3 0 1 2\n"

    assert "on one line" in refused("off", text, tmp_path)


@pytest.mark.parametrize("index", ["3", "-1", "0 # counted from 0", "99999999999999999999"])
def test_faces_of_vertices_that_are_not_there_are_refused(index, tmp_path):
    corners = "0 0 0\n1 0 0\n0 1 0\n"
    head = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
    head += "property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
    one_based = "4" if index == "3" else index

    assert refused("obj", f"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 {one_based}\n", tmp_path)
    if not index.startswith("0"):
        assert refused("off", f"OFF\n3 1 0\n{corners}3 0 1 {index}\n", tmp_path)
        assert refused("ply", f"{head}{corners}3 0 1 {index}\n", tmp_path)


@pytest.mark.parametrize(
    "damage", ["v 2 0", "v 2 0\nv 1 1 0 7", "v ", "v a b c", "v 2 0 0x"], ids=repr
)
def test_numbers_of_an_obj_never_move_to_another_vertex(damage, tmp_path):
    content = f"v 0 0 0\n{damage}\nv 2 2 0\nv 0 2 0\nf 1 2 3\n"

    assert refused("obj", content, tmp_path)


def test_it_is_said_what_the_beginning_of_a_file_lacks(tmp_path):
    assert "begin with its counts" in refused("off", "OFF\nof teeth\n", tmp_path)
    assert "has no header" in refused("ply", b"x" + FILES["ply"][1], tmp_path)
    assert "neither text nor" in refused("stl", b"x" + FILES["stl text"][1], tmp_path)


def test_counts_that_lie_take_no_memory(tmp_path):
    huge = struct.pack("<I", 2**32 - 1)
    stl = FILES["stl"][1]
    assert refused("stl", stl[:80] + huge + stl[84:], tmp_path)
    for kind in ("ply", "ply text"):
        for element, count in ((b"vertex 42", b"vertex "), (b"face 80", b"face ")):
            lie = FILES[kind][1].replace(element, count + b"4000000000", 1)
            assert lie != FILES[kind][1]
            assert refused("ply", lie, tmp_path)
    assert refused("off", b"OFF\n4000000000 1 0\n" + FILES["off"][1][4:], tmp_path)


@pytest.mark.parametrize("gap", [" ", "\t", " \t"], ids=["space", "tab", "both"])
def test_faces_of_one_polygon_are_counted_before_they_are_made(gap, tmp_path, monkeypatch):
    monkeypatch.setattr(text, "loaded", None)  # making them would fail
    polygon = "v 0 0 0\nv 1 0 0\nv 0 1 0\nf" + f"{gap}1{gap}2{gap}3" * 100

    assert "more than 200 faces" in refused("obj", polygon.encode(), tmp_path, most_faces=200)


def varint(value):
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


@pytest.mark.parametrize("options", [{}, {"preserve_order": True}, {"create_metadata": True}])
def test_a_draco_header_that_lies_takes_no_memory(options, tmp_path):
    packed = draco(**options)
    for number in (80, 42):  # faces and vertices
        lie = packed.replace(varint(number), varint(2**31), 1)
        if options == {}:
            lie = packed[:11] + packed[11:].replace(varint(number), varint(2**31), 1)
        assert "more than" in refused("drc", lie, tmp_path)


def glb(tree, data=b""):
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    data += bytes(-len(data) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(data), b"BIN\0") + data if data else b""
    return struct.pack("<4s2I", b"glTF", 2, 12 + len(chunks)) + chunks


def triangle(**changes):
    """The tree of a GLB of one triangle, its three vertices given one after the other."""
    position = {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [position],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "buffers": [{"byteLength": 36}],
    } | changes


CORNERS = np.array([[0, 0, 0], [2, 0, 0], [0, 3, 0]], dtype="<f4").tobytes()


def test_a_glb_of_one_triangle_is_read(tmp_path):
    (tmp_path / "m").write_bytes(glb(triangle(), CORNERS))

    assert read_mesh(tmp_path / "m", "glb").area == pytest.approx(3.0)


def accessor(**changes):
    return {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"} | changes


MUCH = 1_200_000  # bytes
ZEROS = {"componentType": 5126, "count": 3_000_000_000, "type": "VEC3"}
LIES = {
    "accessor of zeros": triangle(accessors=[accessor(), ZEROS]),
    "negative count": triangle(accessors=[accessor(), ZEROS, ZEROS | {"count": -(10**10)}]),
    "count of more than there is": triangle(accessors=[accessor(count=2**31)]),
    "mesh of zeros": triangle(accessors=[{**ZEROS, "count": 3}]),
    "one view many times": triangle(bufferViews=[{"buffer": 0, "byteLength": MUCH}] * 4000),
    "one accessor many times": triangle(
        bufferViews=[{"buffer": 0, "byteLength": MUCH}],
        accessors=[accessor(), *[accessor(count=MUCH // 12)] * 4000],
    ),
    "many accessors": triangle(accessors=[accessor(count=0)] * 6000),
    "many nodes": triangle(nodes=[{"mesh": 0}] * 6000, scenes=[{"nodes": [*range(6000)]}]),
    "many nodes of a large mesh": triangle(
        nodes=[{"mesh": 0}] * 4000,
        scenes=[{"nodes": [*range(4000)]}],
        bufferViews=[{"buffer": 0, "byteLength": MUCH}],
        accessors=[accessor(count=MUCH // 36 * 3)],
    ),
    "deep tree": triangle(extras=[]) | {"nodes": json.loads("[" * 400 + "]" * 400)},
    "other compression": triangle(
        accessors=[{"componentType": 5126, "count": 3, "type": "VEC3"}],
        meshes=[{"primitives": [{"attributes": {"POSITION": 0}, "extensions": {NAME: {}}}]}],
    ),
    "file beside it": triangle(buffers=[{"byteLength": 36, "uri": "/etc/passwd"}]),
    "matrix of NaN": triangle(nodes=[{"mesh": 0, "matrix": [float("nan")] * 16}]),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_glb_that_lies_is_refused_and_takes_no_memory(lie, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    assert refused("glb", glb(LIES[lie], CORNERS.ljust(MUCH, b"\0")), tmp_path)
    assert NAME not in caplog.text


def test_faces_of_a_glb_count_as_often_as_they_are_drawn(tmp_path):
    often = triangle(nodes=[{"mesh": 0}] * 100, scenes=[{"nodes": [*range(100)]}])
    shared = triangle(meshes=[{"primitives": [{"attributes": {"POSITION": 0}}] * 100}])
    for tree in (often, shared):
        (tmp_path / "m").write_bytes(glb(tree, CORNERS))
        assert len(read_mesh(tmp_path / "m", "glb", most_faces=100).faces) == 100
        assert "more than 99 faces" in refused("glb", glb(tree, CORNERS), tmp_path, most_faces=99)


def chain(depth):
    """Nodes of which each holds the next, and the mesh."""
    nodes = [{"mesh": 0, "children": [number]} for number in range(1, depth)]
    return triangle(nodes=[*nodes, {"mesh": 0}])


@pytest.mark.parametrize(
    "tree",
    [
        chain(1500),
        chain(17),
        triangle(nodes=[{"mesh": 0, "children": [1]}, {"children": [0]}]),
        triangle(nodes=[{"mesh": 0, "children": [0]}]),
        triangle(nodes=[{"children": [1, 1]}, {"mesh": 0}]),
    ],
    ids=["a long chain", "one too long", "a circle", "itself", "two parents"],
)
def test_nodes_that_would_keep_a_reader_busy_for_hours_are_refused(tree, tmp_path):
    assert "no trees, or deeper" in refused("glb", glb(tree, CORNERS), tmp_path)


def test_nodes_within_nodes_are_read(tmp_path):
    (tmp_path / "m").write_bytes(glb(chain(16), CORNERS))

    assert len(read_mesh(tmp_path / "m", "glb").faces) == 16


def test_more_parts_of_meshes_than_any_scan_has_are_refused(tmp_path):
    part = {"attributes": {"POSITION": 0}}
    tree = triangle(meshes=[{"primitives": [part] * 5001}])

    assert "more than 5,000" in refused("glb", glb(tree, CORNERS), tmp_path)


def test_draco_within_a_glb_is_checked_too(tmp_path):
    content = bytearray(FILES["glb draco"][1])
    start = content.index(b"DRACO") + 11

    def changed(number):
        packed = content[start:].replace(varint(80), number, 1)
        return bytes((content[:start] + packed)[: len(content)])

    assert "decompressed" in refused("glb", changed(varint(16_000)), tmp_path)
    assert "more than" in refused("glb", changed(varint(2**31)), tmp_path)


def test_a_file_larger_than_any_mesh_is_not_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(2**30 + 2)

    with pytest.raises(MeshError, match="larger than 1024 MiB"):
        read_mesh(path, "stl")


def test_what_a_parser_stumbles_over_is_recorded_by_its_kind_alone(monkeypatch, tmp_path, caplog):
    def stumble(*_: object) -> None:
        text = "Featherstonehaugh"
        raise KeyError(text)

    caplog.set_level("INFO")
    monkeypatch.setitem(reading._READERS, "stl", stumble)
    path = tmp_path / "a.stl"
    path.write_bytes(b"garbage")

    with pytest.raises(MeshError, match="damaged"):
        read_mesh(path, "stl")

    assert "STL file that was not understood: KeyError" in caplog.text
    assert "Featherstonehaugh" not in caplog.text
