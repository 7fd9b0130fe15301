"""GLB: a tree in JSON that says what the bytes behind it are, and how often they are drawn.

Facts of the format: glTF 2.0 Specification, sections 3.6 (buffers and accessors), 3.7 (meshes) and
4.4 (the binary file).
"""

import json
import struct
from typing import Any

import trimesh

from imaging.errors import MeshError
from imaging.fusion.meshes.draco import check_draco
from imaging.fusion.meshes.surface import Surface, check_count, joined, loaded, surface_of

_MAGIC, _JSON, _BIN = b"glTF", b"JSON", b"BIN\0"
_DRACO = "KHR_draco_mesh_compression"
_BYTES = {5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4}  # of a component
_PARTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_LARGEST_FACE = 3 * (12 + 12 + 8 + 16 + 4)  # bytes: corners with normals, textures and colours
_MOST_COPIES = 4  # of each byte
_MOST_ENTRIES = 5_000
_DEEPEST = 16  # of nodes within nodes: trimesh takes minutes for some hundreds, and hours for more
_Tree = dict[str, Any]


def read_glb(content: bytes, most_faces: int) -> Surface:
    """Read the meshes of all nodes, where their nodes place them, as one.

    Raises:
        MeshError: The file is damaged, or draws more faces than allowed, or a part of it could not
            be decompressed.
    """
    tree, data = _chunks(content)
    _check_nodes(tree)
    _check_bytes(tree, len(content), most_faces)
    _check_faces(tree, data, most_faces)
    scene = loaded(content, "glb", skip_materials=True)
    drawn = [scene.graph[node] for node in scene.graph.nodes_geometry]
    meshes = [(place, scene.geometry[name]) for place, name in drawn]
    meshes = [(place, mesh) for place, mesh in meshes if isinstance(mesh, trimesh.Trimesh)]
    check_count(sum(len(mesh.faces) for _, mesh in meshes), most_faces)
    return joined([_placed(mesh, place) for place, mesh in meshes])


def _placed(mesh: Any, place: Any) -> Surface:
    if len(mesh.faces) and not mesh.extents.any():  # trimesh's zeros, where Draco failed
        msg = "a part of the GLB could not be decompressed"
        raise MeshError(msg)
    return surface_of(mesh.vertices @ place[:3, :3].T + place[:3, 3], mesh.faces)


def _chunks(content: bytes) -> tuple[_Tree, bytes]:
    """Return the tree, and the bytes behind it."""
    magic, version, length, size = struct.unpack_from("<4s3I", content)
    if magic != _MAGIC or version != 2:
        msg = "this is no GLB of glTF 2.0"
        raise MeshError(msg)
    if length != len(content) or content[16:20] != _JSON or 20 + size > length:
        msg = "the GLB is not as long as it says"
        raise MeshError(msg)
    rest = content[20 + size :]
    data = rest[8:] if rest[4:8] == _BIN else b""
    return json.loads(content[20 : 20 + size]), data


def _check_nodes(tree: _Tree) -> None:
    """Refuse what is small to write and takes for ever to read.

    Nodes are trees, of which each node has one parent at most (3.5.2).
    """
    lists = [tree.get(key, []) for key in ("nodes", "accessors")]
    lists.append([part for mesh in tree.get("meshes", []) for part in mesh["primitives"]])
    if max(map(len, lists)) > _MOST_ENTRIES:
        msg = f"the GLB has more than {_MOST_ENTRIES:,} nodes, accessors or parts of meshes"
        raise MeshError(msg)
    pairs = [(child, up) for up, node in enumerate(lists[0]) for child in node.get("children", [])]
    parents = dict(pairs)
    above = list(parents)
    for _ in range(_DEEPEST):
        above = [parents[node] for node in above if node in parents]
    if above or len(parents) < len(pairs):
        msg = f"the nodes of the GLB are no trees, or deeper than {_DEEPEST}"
        raise MeshError(msg)


def _check_bytes(tree: _Tree, length: int, most_faces: int) -> None:
    """Add up what the accessors want to have made, before any of it is.

    An accessor without a view is zeros, as many as it likes, and many may look at the same bytes,
    of which each gets a copy.
    """
    empty = copied = 0
    for accessor in tree.get("accessors", []):
        size = _count(accessor) * _PARTS[accessor["type"]] * _BYTES[accessor["componentType"]]
        if "bufferView" in accessor:
            copied += size
        else:
            empty += size
    viewed = sum(view["byteLength"] for view in tree.get("bufferViews", []))
    if max(copied, viewed) > _MOST_COPIES * length:
        msg = "the GLB looks at the same bytes over and over"
        raise MeshError(msg)
    check_count(empty // _LARGEST_FACE, most_faces)


def _check_faces(tree: _Tree, data: bytes, most_faces: int) -> None:
    """Count the faces of all meshes: many may share an accessor, and Draco says its own numbers."""
    accessors = tree.get("accessors", [])
    corners = 0
    for primitive in (each for mesh in tree.get("meshes", []) for each in mesh["primitives"]):
        position = accessors[primitive["attributes"]["POSITION"]]
        indices = accessors[primitive["indices"]] if "indices" in primitive else position
        corners += max(_count(indices), _count(position))
        check_count(corners // 3, most_faces)
        packed = primitive.get("extensions", {}).get(_DRACO)
        if packed is not None:
            check_draco(_view(tree, data, packed["bufferView"]), most_faces)
        elif "bufferView" not in position:
            msg = "the GLB has a mesh without bytes, or compressed in another way than by Draco"
            raise MeshError(msg)


def _count(accessor: _Tree) -> int:
    count = accessor["count"]
    if not isinstance(count, int) or count < 0:
        msg = "the GLB counts what cannot be counted"
        raise MeshError(msg)
    return count


def _view(tree: _Tree, data: bytes, number: int) -> bytes:
    view = tree["bufferViews"][number]
    start = view.get("byteOffset", 0)
    return data[start : start + view["byteLength"]]
