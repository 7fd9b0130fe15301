"""CT series, masks and doses as images with geometry, in NIfTI."""

from imaging.volumes.findings import Finding, FindingKind
from imaging.volumes.loading import CaseVolumes, load_volumes
from imaging.volumes.products import write_products
from imaging.volumes.record import PICTURES, remove_products
from imaging.volumes.request import CaseFiles, DoseSource, Products, Resampling, Wanted

__all__ = [
    "PICTURES",
    "CaseFiles",
    "CaseVolumes",
    "DoseSource",
    "Finding",
    "FindingKind",
    "Products",
    "Resampling",
    "Wanted",
    "load_volumes",
    "remove_products",
    "write_products",
]
