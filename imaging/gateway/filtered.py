"""Label maps with some labels only: filtered once, checked to the last byte, then served."""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from imaging.errors import InputError
from imaging.files import write_json
from imaging.gateway.cache import Build
from imaging.gateway.conditions import Validators
from imaging.gateway.examples import problems
from imaging.gateway.files import FILE_ANSWERS, FileAnswer
from imaging.gateway.label_maps import OpenLabelMap, anew_if_changed, open_label_map
from imaging.gateway.media import headers_of
from imaging.gateway.places import OpenPlace
from imaging.gateway.scans import scan_candidates, voxel_candidates
from imaging.gateway.selection import LabelSelection, lacking, selection_of
from imaging.gateway.serving import Here, Serving
from imaging.labels import filter_labels
from imaging.labels.dictionaries import Known

_FORMAT = 1  # of results; another number makes all of them anew
_REPORT = "report.json"
_VOXELS = "/filtered-scans/{patient}/voxels/{scan}/original/{file}"
_ANSWERS = {**FILE_ANSWERS, **problems(404, 409, 415, 422, 503, 507)}

router = APIRouter(tags=["label maps"])


class FilterQuery(BaseModel):
    """Which labels a request asks for."""

    label_ids: list[str] = Field([], max_length=100, description="Ids and ranges: `1,5-8`.")
    labels: list[str] = Field(
        [], max_length=100, description="Names, patterns, groups: `liver,rib_left_*,all ribs`."
    )
    dictionary: Known | None = Field(None, description="Names in place of the file's own.")
    missing: Literal["refuse", "ignore"] = Field(
        "refuse", description="What to do where the file has nothing of something asked for."
    )


Asked = Annotated[FilterQuery, Query()]


@router.get(
    "/filtered/{path:path}",
    summary="Filter a label map",
    response_class=Response,
    responses=_ANSWERS,
)
@router.head("/filtered/{path:path}", include_in_schema=False)
async def filtered(path: str, query: Asked, request: Request, here: Here) -> Response:
    """Send any label map with some of its labels only; every other voxel is 0."""
    return await _answer([path], query, request, here)


@router.get(
    "/filtered-scans/{patient}/{file}",
    summary="Filter a label map of a patient",
    response_class=Response,
    responses=_ANSWERS,
)
@router.head("/filtered-scans/{patient}/{file}", include_in_schema=False)
async def filtered_scan(
    patient: str, file: str, query: Asked, request: Request, here: Here
) -> Response:
    """Send a segmentation of a patient with some of its labels only."""
    return await _answer(scan_candidates(patient, file), query, request, here)


@router.get(
    _VOXELS,
    summary="Filter a label map of a scan",
    response_class=Response,
    responses=_ANSWERS,
)
@router.head(_VOXELS, include_in_schema=False)
async def filtered_voxels(  # noqa: PLR0913, PLR0917 - three names make the path
    patient: str, scan: str, file: str, query: Asked, request: Request, here: Here
) -> Response:
    """Send a label map of one scan with some of its labels only."""
    return await _answer(voxel_candidates(patient, scan, file), query, request, here)


async def _answer(
    candidates: Sequence[str], query: FilterQuery, request: Request, here: Serving
) -> Response:
    return await anew_if_changed(lambda: _filtered(candidates, query, request.method, here))


async def _filtered(
    candidates: Sequence[str], query: FilterQuery, method: str, here: Serving
) -> Response:
    source = await run_in_threadpool(open_label_map, here.options, candidates)
    try:
        selection = await run_in_threadpool(
            selection_of, source, query.label_ids, query.labels, query.dictionary
        )
        keep = selection.keep
        key = _key(source, keep)
        names = (f"labels{source.suffix}", _REPORT)
        result, report = await here.cache.opened(key, names, lambda: _build_of(source, keep))
    finally:
        source.close()
    try:
        await run_in_threadpool(_refuse_missing, source, selection, query, report)
        validators = Validators(f'"{key}"', int(source.files[0].status.st_mtime))
        return FileAnswer(result, validators, headers_of(f"filtered-{source.name}"), method)
    except BaseException:
        result.close()
        raise


def _key(source: OpenLabelMap, keep: list[int]) -> str:
    """Return what stands for a result: the same bytes whoever asks, by id or by name."""
    wish = json.dumps(["filtered", _FORMAT, source.version, source.suffix, keep])
    return hashlib.sha256(wish.encode()).hexdigest()


def _build_of(source: OpenLabelMap, keep: list[int]) -> Build:
    files = source.again()  # the request may be gone before its turn comes

    def write(folder: Path) -> None:
        with files.readable() as path:
            report = filter_labels(path, folder / f"labels{source.suffix}", keep)
        write_json(folder / _REPORT, {"present": list(report.present)})

    return Build(write, files.close)


def _refuse_missing(
    source: OpenLabelMap, selection: LabelSelection, query: FilterQuery, report: OpenPlace
) -> None:
    """Refuse a request for what the file does not hold, unless that was allowed.

    Raises:
        InputError: With what the file holds.
    """
    with os.fdopen(report.descriptor, "rb") as file:
        present = json.load(file)["present"]
    if query.missing == "ignore":
        return
    if said := lacking(source, selection, present, query.dictionary):
        raise InputError(said)
