"""CT series, masks and doses as images with geometry, in NIfTI."""

from imaging.volumes.findings import Finding, FindingKind
from imaging.volumes.products import write_products
from imaging.volumes.record import PICTURES
from imaging.volumes.request import CaseFiles, DoseSource, Products, Resampling, Wanted

__all__ = [
    "PICTURES",
    "CaseFiles",
    "DoseSource",
    "Finding",
    "FindingKind",
    "Products",
    "Resampling",
    "Wanted",
    "write_products",
]
