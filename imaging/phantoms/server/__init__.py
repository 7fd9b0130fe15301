"""An Orthanc that is not there: thousands of synthetic patients, answered for out of one."""

from imaging.phantoms.server.serving import SimulatedOrthanc

__all__ = ["SimulatedOrthanc"]
