"""The step of a conversion; it calls one function of `imaging`."""

import logging
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from imaging.conversions import Conversion, ConversionRequest, convert, title_of
from imaging.settings import settings
from tasks.progress import TABLE_ROWS, artifact_key

log = logging.getLogger(__name__)


@task(cache_policy=NO_CACHE)
def convert_segmentation(**asked: Any) -> Path:
    """Convert a segmentation, show what became of each label, and return the file."""
    request = ConversionRequest(**asked)
    conversion = convert(request, settings().data_root)
    log.info("%s labels converted, %s files", len(conversion.labels), len(conversion.files))
    _show(conversion, request)
    return conversion.files[0]


def _show(conversion: Conversion, request: ConversionRequest) -> None:
    """Show a row for each label, and where the result lies."""
    rows = [
        {
            "id": row.id,
            "name": row.name,
            "voxels": row.voxels,
            "ml": round(row.ml, 3),
            "note": row.note,
        }
        for row in conversion.labels
    ]
    create_table_artifact(
        rows[:TABLE_ROWS],
        key=artifact_key("conversion", request.to, title_of(request)),
        description=f"{len(rows)} labels as {request.to}, {min(len(rows), TABLE_ROWS)} listed."
        f" {_place(conversion, request)}{''.join(f' {note}.' for note in conversion.notes)}",
    )


def _place(conversion: Conversion, request: ConversionRequest) -> str:
    """Say where the result lies; a path that somebody chose may hold a name, and is not said."""
    if request.output:
        return f"{len(conversion.files)} files where the output was asked for."
    parts = conversion.files[0].relative_to(settings().data_root).parts
    return f"{len(conversion.files)} files in {'/'.join(parts[:2])} below the data root."
