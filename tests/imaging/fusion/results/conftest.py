"""A delivery of a few teeth and jaws, as files."""

from pathlib import Path

import pytest
import trimesh

from imaging.fusion.meshes import write_mesh
from imaging.fusion.place import FusionFolder
from imaging.fusion.specification import MeshType
from imaging.phantoms.teeth import dentition, jaw

Delivered = dict[str, dict[str, Path]]


@pytest.fixture
def teeth() -> dict[str, trimesh.Trimesh]:
    return dentition(faces_per_tooth=80, teeth=("11", "21", "36"))


@pytest.fixture
def folder(tmp_path) -> FusionFolder:
    return FusionFolder(tmp_path / "fusions" / "case")


@pytest.fixture
def deliver(tmp_path):
    """Writes meshes as a vendor's outputs."""

    def write(output: str, meshes: dict[str, trimesh.Trimesh], kind: MeshType = "ply"):
        place = tmp_path / "delivered" / output
        return {
            name: write_mesh(mesh, place / f"{name}.{kind}", kind) for name, mesh in meshes.items()
        }

    return write


@pytest.fixture
def delivered(teeth, deliver) -> Delivered:
    """Three outputs in three groups: teeth, and a mesh of each jaw in a list."""
    return {
        "fusion": deliver("fusion", teeth),
        "cbct_upper_jaw": deliver("cbct_upper_jaw", {"part-1": jaw(True, steps=12, around=6)}),
        "cbct_lower_jaw": deliver("cbct_lower_jaw", {"11": jaw(False, steps=12, around=6)}),
    }
