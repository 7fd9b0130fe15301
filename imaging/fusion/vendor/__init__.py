"""The vendor's API over HTTP: upload, submit once, ask, fetch."""

from imaging.fusion.vendor.client import FusionClient
from imaging.fusion.vendor.delivered import delivered_meshes
from imaging.fusion.vendor.payloads import (
    DeliveredMesh,
    MeshInput,
    RunCall,
    RunStatus,
    mesh_input,
    run_call,
)

__all__ = [
    "DeliveredMesh",
    "FusionClient",
    "MeshInput",
    "RunCall",
    "RunStatus",
    "delivered_meshes",
    "mesh_input",
    "run_call",
]
