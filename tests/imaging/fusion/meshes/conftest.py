"""A small mesh, and how it is kept as a file of each kind."""

import pytest
import trimesh


@pytest.fixture
def ball() -> trimesh.Trimesh:
    """A ball of 320 faces whose sides all differ."""
    mesh: trimesh.Trimesh = trimesh.creation.icosphere(2, radius=4.0)
    mesh.apply_scale([1.0, 1.5, 2.0])
    mesh.apply_translation([10.0, -70.0, 40.0])
    return mesh
