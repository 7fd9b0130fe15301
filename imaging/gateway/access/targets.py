"""Which file a request is about: what a signed link for that file has to cover."""

import re

from starlette.exceptions import HTTPException

from imaging.gateway.options import GatewayOptions
from imaging.gateway.places import parts_of
from imaging.gateway.scans import first_there, scan_candidates, voxel_candidates

_OF_A_FILE = {"files", "filtered", "labels"}  # /files/P, /filtered/P and /labels/P are about P
_SCAN = re.compile(r"filtered-scans/([^/]+)/([^/]+)")
_VOXELS = re.compile(r"filtered-scans/([^/]+)/voxels/([^/]+)/original/([^/]+)")
_LABELS = re.compile(r"output/([^/]+)/voxels/([^/]+)/original/([^/]+)/labels")


def file_meant(options: GatewayOptions, path: str) -> str | None:
    """Return the one file below the data root that a GET of this path reads; None when unsure.

    The routes look for it by the same functions, so that no request is judged by one file and
    answered with another.

    Args:
        options: Of the gateway.
        path: Of the request, decoded once, as the routes see it: a second decoding would let a
            link for one file open another.
    """
    root, _, whole = path.partition("/")
    try:
        parts = parts_of(whole)
    except HTTPException:  # empty names, dots, backslashes: nothing that is served
        return None
    if root or not parts:
        return None
    if parts[0] in _OF_A_FILE:
        return "/".join(parts[1:]) or None
    if scan := _SCAN.fullmatch(whole):
        return first_there(options, scan_candidates(*scan.groups()))
    if voxels := (_VOXELS.fullmatch(whole) or _LABELS.fullmatch(whole)):
        return first_there(options, voxel_candidates(*voxels.groups()))
    return whole
