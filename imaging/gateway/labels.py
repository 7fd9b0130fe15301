"""What is in a label map, as JSON: every label with its name, colour, size and place."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from imaging.files import write_json
from imaging.gateway.cache import Build
from imaging.gateway.conditions import Validators
from imaging.gateway.examples import LABELS, problems
from imaging.gateway.label_maps import OpenLabelMap, anew_if_changed, open_label_map
from imaging.gateway.places import OpenPlace
from imaging.gateway.scans import voxel_candidates
from imaging.gateway.selection import named
from imaging.gateway.serving import Here, Serving
from imaging.labels import NamedDictionary, measure_labels, read_head
from imaging.labels.dictionaries import Known, LabelDictionary, color_of

_FORMAT = 1  # of results; another number makes all of them anew
_STATISTICS = "statistics.json"
_NO_NAMES = LabelDictionary(())  # these may change while the label map does not
_VOXELS = "/output/{patient}/voxels/{scan}/original/{file}/labels"
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"example": LABELS}}},
    304: {"description": "The answer is the one that the client has."},
    412: {"description": "The answer is not the one that was meant."},
    **problems(404, 409, 415, 422, 503, 507),
}

router = APIRouter(tags=["label maps"])

Dictionary = Annotated[
    Known | None, Query(description="Names that count in place of those found with the file.")
]


class LabelRow(BaseModel):
    """One label of one volume; voxels count from 0, millimetres are RAS+."""

    id: int
    name: str
    color: str
    voxels: int
    ml: float
    box: tuple[tuple[int, int, int], tuple[int, int, int]]
    centroid_voxels: tuple[float, float, float]
    centroid_mm: tuple[float, float, float]
    volume: int


class LabelTable(BaseModel):
    """What is in a label map."""

    labels: list[LabelRow]
    voxel_filename: str
    shape: list[int]
    names_from: str


@router.get(
    "/labels/{path:path}",
    summary="List labels",
    response_model=LabelTable,
    responses=_ANSWERS,
)
@router.head("/labels/{path:path}", include_in_schema=False)
async def labels(
    path: str, request: Request, here: Here, dictionary: Dictionary = None
) -> Response:
    """List the labels of any label map."""
    return await _answer([path], dictionary, request, here)


@router.get(
    _VOXELS,
    summary="List the labels of a scan",
    response_model=LabelTable,
    responses=_ANSWERS,
)
@router.head(_VOXELS, include_in_schema=False)
async def voxel_labels(  # noqa: PLR0913, PLR0917 - three names make the path
    patient: str,
    scan: str,
    file: str,
    request: Request,
    here: Here,
    dictionary: Dictionary = None,
) -> Response:
    """List the labels of a label map of one scan."""
    return await _answer(voxel_candidates(patient, scan, file), dictionary, request, here)


async def _answer(
    candidates: Sequence[str], dictionary: Known | None, request: Request, here: Serving
) -> Response:
    return await anew_if_changed(lambda: _labels(candidates, dictionary, request, here))


async def _labels(
    candidates: Sequence[str], dictionary: Known | None, request: Request, here: Serving
) -> Response:
    source = await run_in_threadpool(open_label_map, here.options, candidates)
    try:
        key = hashlib.sha256(f"labels {_FORMAT} {source.version}".encode()).hexdigest()
        (statistics,) = await here.cache.opened(key, [_STATISTICS], lambda: _build_of(source))
        try:
            return await run_in_threadpool(_table, source, statistics, dictionary, request)
        finally:
            statistics.close()
    finally:
        source.close()


def _build_of(source: OpenLabelMap) -> Build:
    files = source.again()  # the request may be gone before its turn comes

    def write(folder: Path) -> None:
        with files.readable() as path:
            rows = [asdict(row) for row in measure_labels(path, _NO_NAMES)]
            shape = read_head(path)[0].shape
        write_json(folder / _STATISTICS, {"rows": rows, "shape": shape})

    return Build(write, files.close)


def _table(
    source: OpenLabelMap, statistics: OpenPlace, dictionary: Known | None, request: Request
) -> Response:
    """Put names and colours to the numbers."""
    measured = json.loads(os.pread(statistics.descriptor, statistics.status.st_size, 0))
    found = named(source, dictionary)
    table = LabelTable(
        labels=[_row(row, found) for row in measured["rows"]],
        voxel_filename=source.name,
        shape=measured["shape"],
        names_from=found.where,
    )
    body = table.model_dump_json().encode()
    etag = f'"{hashlib.sha256(body).hexdigest()}"'
    validators = Validators(etag, int(source.files[0].status.st_mtime))
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    if refusal := validators.refusal(request.headers):
        return Response(status_code=refusal, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _row(measured: dict[str, Any], found: NamedDictionary) -> LabelRow:
    label_id = measured["id"]
    label = found.dictionary.get(label_id)
    red, green, blue = label.color if label else color_of(label_id)
    name = label.name if label else str(label_id)
    return LabelRow(**measured | {"name": name, "color": f"#{red:02x}{green:02x}{blue:02x}"})
