"""Where a patient's scans lie: the addresses that image servers before this one were asked by."""

from contextlib import suppress

from starlette.exceptions import HTTPException

from imaging.gateway.options import GatewayOptions
from imaging.gateway.places import open_file


def scan_candidates(patient: str, file: str) -> tuple[str, ...]:
    """Return where ``/filtered-scans/{patient}/{file}`` may lie below the data root, best first."""
    return tuple(
        f"{patient_folder}/{file}"
        for folder in (f"output/{patient}", patient)
        for patient_folder in (f"{folder}/scans", folder)
    )


def voxel_candidates(patient: str, scan: str, file: str) -> tuple[str, ...]:
    """Return where ``.../{patient}/voxels/{scan}/original/{file}`` may lie, best first."""
    inside = f"{patient}/voxels/{scan}/original/{file}"
    return (f"output/{inside}", inside)


def first_there(options: GatewayOptions, candidates: tuple[str, ...]) -> str | None:
    """Return the first of these paths below the data root that is a file and served."""
    for candidate in candidates:
        with suppress(HTTPException):
            open_file(options.data_root, candidate).close()
            return candidate
    return None
