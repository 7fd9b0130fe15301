"""A vendor of fusions that is not there: the contract over real HTTP, with faults on demand."""

from imaging.phantoms.vendor.options import SimulatorOptions
from imaging.phantoms.vendor.runs import Run
from imaging.phantoms.vendor.serving import VendorSimulator

__all__ = ["Run", "SimulatorOptions", "VendorSimulator"]
