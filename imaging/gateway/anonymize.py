"""`POST /anonymize`: what the flow deidentify-dicom makes of an object, for one in a request."""

import os
import re
from collections.abc import AsyncIterator
from typing import Any, BinaryIO

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from imaging.dicom.deidentify import Deidentifier, DeidentifyOptions, FileOutcome, Suspicion
from imaging.errors import InputError, SettingError
from imaging.gateway.examples import FILE_TO_RELEASE, form_of, problems
from imaging.gateway.forms import parameters_of, properties_of, read_form
from imaging.gateway.inflation import check_inflation
from imaging.gateway.options import GatewayOptions
from imaging.gateway.parts import Received
from imaging.gateway.refusals import refusals
from imaging.gateway.uploads import Accepted, Uploads
from imaging.settings import release_key, settings

_MEDIA_TYPE = "application/dicom"
_FIELDS = tuple(DeidentifyOptions.model_fields)
_ACCEPTED = Accepted(("file",), _FIELDS, {_MEDIA_TYPE: "file"})
_NAME = re.compile(r"[0-9.]{1,64}", re.ASCII)
_CHUNK = 1 << 20
_HELD_BACK = (
    "its pixels may show who it is of: a person looks at it first, and sends it again with"
    " hold_back_pixels=false"
)
_NEVER_LEAVES = "objects of this kind are not released"
_NOT_OF_PIXELS = {Suspicion.DIRECTORY, Suspicion.NO_CT_VOLUME}


def anonymize_router(options: GatewayOptions) -> APIRouter:
    """Return the route.

    Args:
        options: How large objects may be, how many at a time, and whose key pseudonyms are of.
    """
    router = APIRouter(tags=["De-identification"])
    uploads = Uploads(options)

    @router.post(
        "/anonymize",
        summary="De-identify a DICOM object",
        response_class=Response,
        responses={200: _OBJECT, **problems(415, 422, 503, 507)},
        openapi_extra={
            "parameters": parameters_of(DeidentifyOptions),
            "requestBody": {"required": True, "content": _body()},
        },
    )
    async def anonymize(request: Request) -> Response:
        """Return an object without the identity in it, as releases of this project have it.

        Pseudonyms, UIDs and shifts of dates are those of the flow `deidentify-dicom`: objects sent
        one by one still belong together. It is pseudonymous, not anonymous: faces and teeth stay.
        Options are fields of the form, or of the query.
        """
        async with uploads.received(request, _ACCEPTED) as received:
            for name, text in request.query_params.multi_items():
                received.fields.setdefault(name, []).append(text)
            outcome, file = await uploads.work(_deidentify, received, options)
        if file is None:
            return _held_back(outcome)
        name = outcome.sop_instance_uid if _NAME.fullmatch(outcome.sop_instance_uid) else "object"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.dcm"',
            "Content-Length": str(os.fstat(file.fileno()).st_size),
        }
        return StreamingResponse(_content(file), media_type=_MEDIA_TYPE, headers=headers)

    return router


_OBJECT = {
    "description": "The object.",
    "content": {_MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
}


def _body() -> dict[str, Any]:
    """Describe the body."""
    file = {"type": "string", "format": "binary"}
    schema = {
        "type": "object",
        "title": "De-identification request",
        "properties": {"file": file, **properties_of(DeidentifyOptions)},
        "required": ["file"],
    }
    return {**form_of(schema, FILE_TO_RELEASE), _MEDIA_TYPE: {"schema": file}}


def _deidentify(received: Received, options: GatewayOptions) -> tuple[FileOutcome, BinaryIO | None]:
    """De-identify what was received; the result is open, as its folder goes before it is sent."""
    with refusals(received):
        wanted = read_form(DeidentifyOptions, received.fields)
        paths = received.files.get("file", [])
        if len(paths) != 1:
            msg = f"give one file, not {len(paths)}"
            raise InputError(msg)
        check_inflation(paths[0])
        target = received.folder / "deidentified"
        outcome = Deidentifier(_key(options), **wanted.model_dump()).file(paths[0], target)
        return outcome, target.open("rb") if outcome.is_written else None


def _key(options: GatewayOptions) -> bytes:
    """Return the key of the releases in this data root.

    Raises:
        SettingError: There is none that will do.
    """
    try:
        return release_key(settings().model_copy(update={"data_root": options.data_root}))
    except (OSError, UnicodeDecodeError) as error:
        name, msg = "IMAGING_PROJECT_KEY", "the secret kept in the data root cannot be read"
        raise SettingError(name, msg) from error


def _held_back(outcome: FileOutcome) -> JSONResponse:
    reasons = [{"code": found.name, "reason": str(found)} for found in outcome.held_back]
    is_kind = not _NOT_OF_PIXELS.isdisjoint(outcome.held_back)
    detail = _NEVER_LEAVES if is_kind else _HELD_BACK
    return JSONResponse({"detail": detail, "held_back": reasons}, status_code=422)


async def _content(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while chunk := await to_thread.run_sync(file.read, _CHUNK):
            yield chunk
