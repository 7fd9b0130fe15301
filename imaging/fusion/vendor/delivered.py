"""Which meshes an answer holds, though its shape changed under one version more than once.

An output was one mesh (a node of `type` and `data`), then a list, and is a dict by tooth elsewhere.
Some workflows answer flat, others below `result`.
"""

import logging
import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, get_args

from imaging.errors import RemoteRejectedError
from imaging.fusion.specification import MeshType
from imaging.fusion.vendor.payloads import DeliveredMesh, is_address

log = logging.getLogger(__name__)

_MOST_MESHES = 1000
_DEEPEST = 2  # a group, and one group within it
_LONGEST_NAME = 64
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # on Windows
_TYPES: dict[str, MeshType] = {kind: kind for kind in get_args(MeshType)}


def delivered_meshes(
    data: Mapping[str, Any], outputs: Mapping[str, MeshType]
) -> list[DeliveredMesh]:
    """List the meshes of an answer.

    Args:
        data: As `FusionClient.data` returned it: flat, or below `result`.
        outputs: Which outputs were asked for, and in which format; others are left alone. One that
            is not in the answer gives no mesh.

    Returns:
        The meshes, by output in the order asked for. Those of a list are named `part-1`, `part-2`,
        since a plain number would read as a tooth.

    Raises:
        RemoteRejectedError: An output holds a mesh of a format that is none, or without content.
    """
    inner = data.get("result")
    answer = inner if isinstance(inner, dict) and not set(outputs) & set(data) else data
    return [mesh for output in outputs for mesh in _of_output(output, answer, outputs[output])]


def _of_output(output: str, answer: Mapping[str, Any], asked: MeshType) -> list[DeliveredMesh]:
    found = list(islice(_leaves(output, answer.get(output), depth=0), _MOST_MESHES + 1))
    if len(found) > _MOST_MESHES:
        msg = f"the output {output} holds more than {_MOST_MESHES} meshes"
        raise RemoteRejectedError(msg)
    nodes = [(told, node) for told, node in found if _is_node(node)]
    if strange := len(found) - len(nodes):
        log.warning("%s values of the output %s are no meshes and left out", strange, output)
    taken: set[str] = set()
    return [_mesh(output, _unused(_safe(told), taken), node, asked) for told, node in nodes]


def _mesh(output: str, name: str, node: dict[str, Any], asked: MeshType) -> DeliveredMesh:
    told, content = node.get("type", asked), node["data"]
    kind = _TYPES.get(told.lower()) if isinstance(told, str) else None
    if kind is None:
        msg = f"the mesh {name} of the output {output} has a format that is none of {list(_TYPES)}"
        raise RemoteRejectedError(msg)
    if not isinstance(content, str) or not content:
        msg = f"the mesh {name} of the output {output} has no content"
        raise RemoteRejectedError(msg)
    return DeliveredMesh(output, name, kind, content)


def _leaves(name: str, value: object, depth: int) -> Iterator[tuple[str, Any]]:
    """Find what is in a value, each with its name: nodes of meshes, and what is something else."""
    members = None if _is_node(value) or depth > _DEEPEST else _members(value)
    if members is not None:
        for member, inner in members:
            yield from _leaves(f"{name}-{member}" if depth else member, inner, depth + 1)
    elif value is not None:
        yield name, value


def _is_node(value: object) -> bool:
    return isinstance(value, dict) and "data" in value


def _members(value: object) -> list[tuple[str, object]] | None:
    if isinstance(value, dict):
        return [(str(key), inner) for key, inner in value.items()]
    if isinstance(value, list):
        return [(f"part-{number}", inner) for number, inner in enumerate(value, start=1)]
    return None


def _safe(told: str) -> str:
    """Return a name that is one in any file system, as near to the vendor's as it goes."""
    if is_address(told):  # a name is shown everywhere, and an address may be signed
        return "mesh"
    plain = unicodedata.normalize("NFKC", told[: 4 * _LONGEST_NAME])
    name = _UNSAFE.sub("_", plain).strip("._-")[:_LONGEST_NAME].rstrip("._-") or "mesh"
    return f"mesh-{name}" if _RESERVED.fullmatch(name) else name


def _unused(name: str, taken: set[str]) -> str:
    """Return the name, or with a number where it is taken already, whatever its case."""
    unused, number = name, 1
    while unused.lower() in taken:
        number += 1
        unused = f"{name}-{number}"
    taken.add(unused.lower())
    return unused
