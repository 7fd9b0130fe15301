"""Checks of scans and CBCTs before anything is paid for, and what is packed to be sent."""

from imaging.fusion.checking.cbct import CbctSource, check_cbct
from imaging.fusion.checking.exporting import export_scan
from imaging.fusion.checking.packing import Packed, pack_cbct
from imaging.fusion.checking.rules import CbctRules
from imaging.fusion.checking.scans import ScanFacts, check_pair, check_scan, hash_scan

__all__ = [
    "CbctRules",
    "CbctSource",
    "Packed",
    "ScanFacts",
    "check_cbct",
    "check_pair",
    "check_scan",
    "export_scan",
    "hash_scan",
    "pack_cbct",
]
