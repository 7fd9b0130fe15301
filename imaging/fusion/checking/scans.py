"""An oral scan, checked before anything is paid for."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import trimesh

from imaging.errors import InputError, MeshError
from imaging.fusion.checking.formats import sniffed
from imaging.fusion.checking.nameless import nameless
from imaging.fusion.meshes import read_mesh
from imaging.fusion.specification import MeshType

_MOST_BYTES = 500 << 20
_LEAST_MM, _MOST_MM = 20.0, 200.0  # of the largest extent: from a few teeth to a whole model
_LEAST_DEPTH_MM = 1.0
_METRES, _CENTIMETRES = 1.0, 20.0  # a largest extent below these is probably in that unit
_FEW_FACES = 1000
_LEAST_AREA_MM2 = 1e-8


@dataclass(frozen=True, slots=True)
class ScanFacts:
    """A scan that is worth submitting.

    Attributes:
        kind: Its format.
        faces: How many triangles.
        vertices: How many, as the file has them.
        extents_mm: Along x, y and z.
        bytes: Of its file.
        sha256: Of its file.
        notes: What is odd about it and no reason to refuse it.
    """

    kind: MeshType
    faces: int
    vertices: int
    extents_mm: tuple[float, float, float]
    bytes: int
    sha256: str = field(repr=False)
    notes: tuple[str, ...] = ()


@nameless("a scan")
def check_scan(path: Path, *, label: str) -> ScanFacts:
    """Check a scan of one jaw.

    Args:
        path: A mesh in a format that the vendor takes: ply, stl, obj, off, glb or drc. An archive
            with a mesh in it, which the vendor takes too, is refused: what is in it is to be seen.
        label: How an error names it, such as `upper scan`: its path may hold a patient's name.

    Raises:
        InputError: It is of another format, or no mesh of a jaw in millimetres.
        MeshError: It is damaged or empty.
    """
    path = Path(path)
    kind = sniffed(path, label)
    size = path.stat().st_size
    if size > _MOST_BYTES:
        msg = f"{label}: {size >> 20} MB, more than the {_MOST_BYTES >> 20} MB of any scan"
        raise InputError(msg)
    try:
        mesh = read_mesh(path, kind)
    except MeshError as error:
        msg = f"{label}: {error}"
        raise MeshError(msg) from None
    extents_mm = mesh.extents
    if fault := _size_fault(extents_mm):
        msg = f"{label}: {fault}"
        raise InputError(msg)
    x, y, z = (round(float(mm), 3) for mm in extents_mm)
    return ScanFacts(
        kind=kind,
        faces=len(mesh.faces),
        vertices=len(mesh.vertices),
        extents_mm=(x, y, z),
        bytes=size,
        sha256=hash_scan(path),
        notes=tuple(_notes(mesh)),
    )


def check_pair(upper: ScanFacts, lower: ScanFacts) -> None:
    """Refuse one scan that was handed in as both.

    Raises:
        InputError: They are the same file.
    """
    if upper.sha256 == lower.sha256:
        msg = "upper scan and lower scan are the same file"
        raise InputError(msg)


@nameless("a scan")
def hash_scan(path: Path) -> str:
    """Return SHA-256 of a scan's file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _size_fault(extents_mm: np.ndarray) -> str:
    """Say what speaks against a jaw of this size in millimetres; "" when nothing does."""
    largest, least = float(extents_mm.max()), float(extents_mm.min())
    size = " x ".join(f"{mm:.4g}" for mm in extents_mm)
    if largest > _MOST_MM:
        return f"{size} mm is larger than any jaw: is it in another unit, or not a scan of a jaw?"
    if largest < _METRES:
        return f"{size} mm is smaller than a tooth: is it in metres?"
    if largest < _CENTIMETRES:
        return (
            f"{size} mm is smaller than a jaw: is it in centimetres or inches, or a single tooth?"
        )
    if least < _LEAST_DEPTH_MM:
        return f"{size} mm is flat"
    return ""


def _notes(mesh: trimesh.Trimesh) -> list[str]:
    degenerate = int((mesh.area_faces <= _LEAST_AREA_MM2).sum())
    notes = [f"{degenerate} faces have no area"] if degenerate else []
    if len(mesh.faces) < _FEW_FACES:
        notes.append(f"only {len(mesh.faces)} faces")
    return notes
