"""A GLB (glTF 2.0) that grows surface by surface, so that memory never holds them all.

What a file costs is what glTF needs without extensions, which some viewers lack: a vertex takes 24
bytes, half of them for its normal, since without normals viewers must show every triangle flat. A
triangle, of which there are two a vertex, takes 6 bytes more, or 12 in a surface of so many
vertices that two bytes cannot number them. All in all a triangle takes 18 bytes, or 24.
"""

import json
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError
from imaging.files import whole_file
from imaging.volumes.geometry import Floats

_MAGIC, _VERSION = b"glTF", 2
_JSON, _BIN = b"JSON", b"BIN\0"
_UNIT = 4  # parts of a file begin at multiples of it
_MOST_BYTES = 2**32 - 1
_MOST_IN_TWO_BYTES = 2**16 - 1  # vertices, since the highest number is none of them
_VERTICES, _INDICES = 34962, 34963  # what a part of the buffer is for, in numbers of OpenGL
_FLOAT, _TWO_BYTES, _FOUR_BYTES = 5126, 5123, 5125

Light = tuple[float, float, float]


class Scene:
    """Surfaces below one node.

    Args:
        buffer: Where vertices and triangles are gathered.
        root: The name of the node.
        matrix: What turns and scales all that is below it, shape (4, 4).
    """

    def __init__(self, buffer: BinaryIO, root: str, matrix: Floats) -> None:
        self._buffer = buffer
        self._root: dict[str, Any] = {"name": root, "matrix": matrix.T.ravel().tolist()}
        self._root["children"] = []
        self._tree: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "imaging"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [self._root],
            **{name: [] for name in ("meshes", "materials", "accessors", "bufferViews")},
        }

    def add(self, name: str, mesh: Any, light: Light, extras: dict[str, int]) -> None:
        """Add a surface.

        Args:
            name: Of its node, its mesh and its material.
            mesh: A ``trimesh.Trimesh``.
            light: How much red, green and blue it reflects, 0 to 1.
            extras: Of its mesh, for programs.
        """
        corners = np.asarray(mesh.vertices, dtype="<f4")
        attributes = {
            "POSITION": self._accessor(corners, "VEC3", _VERTICES, bounds=True),
            "NORMAL": self._accessor(_unit(mesh.vertex_normals), "VEC3", _VERTICES),
        }
        width = "<u2" if len(corners) <= _MOST_IN_TWO_BYTES else "<u4"
        indices = np.asarray(mesh.faces, dtype=width).reshape(-1, 1)
        primitive = {
            "attributes": attributes,
            "indices": self._accessor(indices, "SCALAR", _INDICES),
            "material": self._put("materials", _material(name, light)),
        }
        mesh_index = self._put(
            "meshes", {"name": name, "primitives": [primitive], "extras": extras}
        )
        self._root["children"].append(self._put("nodes", {"name": name, "mesh": mesh_index}))

    def write(self, file: BinaryIO) -> None:
        """Write the whole file.

        Raises:
            InputError: It would be larger than a GLB can be.
        """
        size = self._buffer.tell()
        self._tree["buffers"] = [{"byteLength": size}]
        tree = json.dumps(self._tree, separators=(",", ":"), allow_nan=False).encode()
        tree += b" " * (-len(tree) % _UNIT)
        total = 12 + 8 + len(tree) + 8 + size
        if total > _MOST_BYTES:
            msg = "the surfaces take more than the 4 GiB that a GLB can hold: choose fewer labels"
            raise InputError(msg)
        file.write(struct.pack("<4sII", _MAGIC, _VERSION, total))
        file.write(struct.pack("<I4s", len(tree), _JSON) + tree)
        file.write(struct.pack("<I4s", size, _BIN))
        self._buffer.seek(0)
        shutil.copyfileobj(self._buffer, file)

    def _accessor(
        self, rows: NDArray[Any], kind: str, purpose: int, *, bounds: bool = False
    ) -> int:
        """Put rows into the buffer, and say what they are."""
        content = rows.tobytes()
        view = {
            "buffer": 0,
            "byteOffset": self._buffer.tell(),
            "byteLength": len(content),
            "target": purpose,
        }
        self._buffer.write(content + bytes(-len(content) % _UNIT))
        types = {"<f4": _FLOAT, "<u2": _TWO_BYTES, "<u4": _FOUR_BYTES}
        accessor: dict[str, Any] = {
            "bufferView": self._put("bufferViews", view),
            "componentType": types[rows.dtype.str],
            "count": len(rows),
            "type": kind,
        }
        if bounds:
            accessor |= {"min": rows.min(axis=0).tolist(), "max": rows.max(axis=0).tolist()}
        return self._put("accessors", accessor)

    def _put(self, name: str, value: dict[str, Any]) -> int:
        values: list[dict[str, Any]] = self._tree[name]
        values.append(value)
        return len(values) - 1


@contextmanager
def scene_in(target: Path, root: str, matrix: Floats) -> Iterator[Scene]:
    """Give a scene to add surfaces to, and write it when the block succeeds; else nothing is there.

    Args:
        target: The file.
        root: As of ``Scene``.
        matrix: Likewise.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=target.parent) as buffer:  # where there is room for the result, too
        scene = Scene(buffer, root, matrix)
        yield scene
        with whole_file(target) as part, part.open("wb") as file:
            scene.write(file)


def _material(name: str, light: Light) -> dict[str, Any]:
    surface = {"baseColorFactor": [*light, 1.0], "metallicFactor": 0.0, "roughnessFactor": 0.7}
    return {"name": name, "pbrMetallicRoughness": surface}


def _unit(normals: Floats) -> NDArray[np.float32]:
    """Make normals of length 1; of a corner of triangles without an area, any direction will do."""
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    is_none = lengths[:, 0] < np.finfo(np.float32).tiny
    units = normals / np.where(is_none[:, None], 1.0, lengths)
    units[is_none] = 0.0, 0.0, 1.0
    return units.astype("<f4")
