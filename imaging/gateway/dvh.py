"""`POST /dvh` and `POST /dvh/plot`: what the flow compute-dvh calculates, of files in a request."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import AfterValidator, ConfigDict, Field, Json, ValidationError

from imaging.errors import InputError
from imaging.gateway.curves import Answer, Picture, answer_of
from imaging.gateway.examples import (
    DVH_ANSWER,
    FILES_OF_A_CASE,
    PICTURE_TO_DRAW,
    form_of,
    problems,
)
from imaging.gateway.forms import properties_of, read_form, said
from imaging.gateway.inflation import check_inflation
from imaging.gateway.options import GatewayOptions
from imaging.gateway.parts import Received
from imaging.gateway.refusals import refusals
from imaging.gateway.uploads import Accepted, Uploads
from imaging.rt import (
    DEFAULT_METRICS,
    DoseChoice,
    DvhCase,
    DvhOptions,
    MethodChoice,
    StoredCase,
    dvhs_of_case,
    options_of,
    plot_dvhs,
    protocol_names,
    write_png,
)
from imaging.rt.cases.draw import plot_case

_RTSTRUCT, _RTDOSE, _RTPLAN = ("rtstruct", "file_struct"), ("rtdose", "file_dose"), ("rtplan",)
_MOST_DRAWN = 100
_MOST_JSON = 32 << 20
_TITLE = "DVH"
_BINARY = {"type": "string", "format": "binary"}


def _known_protocol(name: str) -> str:
    """Refuse a path: goals of the flow may be a file, those of a request may not."""
    if name not in protocol_names():
        msg = f"there are the protocols {', '.join(protocol_names())}"
        raise ValueError(msg)
    return name


class DvhForm(MethodChoice, DoseChoice):
    """What is asked of a calculation."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    rois: tuple[str, ...] = Field(
        (), max_length=500, description="Names of ROIs, * and ? as wildcards; none means all."
    )
    metrics: tuple[str, ...] = Field(
        DEFAULT_METRICS, max_length=100, description="TG-263 names, such as D95%[Gy]."
    )
    goals: Annotated[str, AfterValidator(_known_protocol)] | None = Field(
        None,
        description="Name of a published protocol to judge by.",
        json_schema_extra={"enum": [*protocol_names()]},
    )
    aliases: Json[dict[str, list[str]]] = Field(
        {}, description='Names of ROIs by structure of the goals: {"Lung_Ipsi": ["Lung_L"]}.'
    )
    alpha_beta: Json[dict[str, float]] = Field(
        {}, description='alpha/beta in Gy by name of ROI, for BED and EQD2: {"SpinalCord": 2}.'
    )

    def options(self, data_root: Path) -> DvhOptions:
        """Return what to calculate; raises as ``options_of`` does."""
        return options_of(
            data_root,
            rois=self.rois,
            metrics=self.metrics,
            goals=self.goals,
            aliases=self.aliases,
            method=self,
            dose=self,
            alpha_beta=self.alpha_beta,
            write_dvhs=False,
        )


_FILES = (*_RTSTRUCT, *_RTDOSE, *_RTPLAN)
_ACCEPTED = Accepted(_FILES, tuple(DvhForm.model_fields))
_DRAWN = Accepted(_FILES, tuple(DvhForm.model_fields), {"application/json": "json"})


def dvh_router(options: GatewayOptions) -> APIRouter:
    """Return the routes.

    Args:
        options: How large bodies may be, and how many cases are calculated at a time.
    """
    router = APIRouter(tags=["DVH"])
    uploads = Uploads(options)

    @router.post(
        "/dvh",
        summary="Calculate DVHs",
        response_model=Answer,
        responses={200: _DVHS, **problems(422, 415, 503, 507)},
        openapi_extra={"requestBody": {"required": True, "content": _form()}},
    )
    async def dvh(request: Request) -> Response:
        """Calculate the DVHs of an RTSTRUCT in an RTDOSE, or in several that make up one.

        The same as the flow `compute-dvh`. Nothing of the request is kept.
        """
        async with uploads.received(request, _ACCEPTED) as received:
            content = await uploads.work(_calculate, received, options.data_root)
        return Response(content, media_type="application/json")

    @router.post(
        "/dvh/plot",
        summary="Draw DVHs",
        response_class=Response,
        responses={200: _PNG, **problems(415, 422, 503, 507)},
        openapi_extra={"requestBody": {"required": True, "content": {**_form(), **_curves()}}},
    )
    async def plot(request: Request) -> Response:
        """Draw DVHs: of the files that `POST /dvh` takes, or curves as JSON, such as its answer."""
        async with uploads.received(request, _DRAWN) as received:
            content = await uploads.work(_draw, received, options.data_root)
        return Response(content, media_type="image/png")

    return router


_DVHS = {
    "description": "The DVHs.",
    "content": {"application/json": {"example": DVH_ANSWER}},
}
_PNG = {"description": "A picture.", "content": {"image/png": {"schema": _BINARY}}}


def _calculate(received: Received, data_root: Path) -> bytes:
    with refusals(received):
        stored, wanted = _stored(received, data_root)
        return answer_of(stored, wanted).model_dump_json().encode()


def _draw(received: Received, data_root: Path) -> bytes:
    with refusals(received):
        if "json" in received.files:
            picture = _read_picture(received.files["json"][0])
            dvhs = [curve.dvh(number) for number, curve in enumerate(picture.dvhs, start=1)]
            figure = plot_dvhs(dvhs, title=picture.title)
        else:
            stored, wanted = _stored(received, data_root)
            if len(stored.case.dvhs) > _MOST_DRAWN:
                msg = f"a plot shows at most {_MOST_DRAWN} ROIs: name some in rois"
                raise InputError(msg)
            figure = plot_case(stored, wanted)
        return write_png(figure, received.folder / "dvh.png").read_bytes()


def _read_picture(path: Path) -> Picture:
    if path.stat().st_size > _MOST_JSON:
        raise HTTPException(413, f"curves as JSON have at most {_MOST_JSON} bytes")
    try:
        return Picture.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise HTTPException(422, said(error)) from None


def _stored(received: Received, data_root: Path) -> tuple[StoredCase, DvhOptions]:
    """Calculate the case that the files of a request make up."""
    wanted = read_form(DvhForm, received.fields).options(data_root)
    rtstructs, rtdoses, rtplans = (_of(received, names) for names in (_RTSTRUCT, _RTDOSE, _RTPLAN))
    if len(rtstructs) != 1 or not rtdoses:
        msg = f"give one rtstruct and at least one rtdose, not {len(rtstructs)} and {len(rtdoses)}"
        raise InputError(msg)
    for path in (*rtstructs, *rtdoses, *rtplans):
        check_inflation(path)
    case = DvhCase(_TITLE, rtstructs[0], rtdoses, rtplans)
    return dvhs_of_case(case, wanted, received.folder), wanted


def _of(received: Received, names: Sequence[str]) -> tuple[Path, ...]:
    return tuple(path for name in names for path in received.files.get(name, ()))


def _form() -> dict[str, Any]:
    """Describe the multipart body."""
    files = {
        "rtstruct": {**_BINARY, "description": "The RTSTRUCT; `file_struct` is understood, too."},
        "rtdose": {
            "type": "array",
            "minItems": 1,
            "items": _BINARY,
            "description": "The RTDOSE, or those that make up one dose; or `file_dose`.",
        },
        "rtplan": {
            "type": "array",
            "items": _BINARY,
            "description": "RTPLANs: prescription, fractions, approval.",
        },
    }
    schema = {
        "type": "object",
        "title": "DVH request",
        "properties": {**files, **properties_of(DvhForm)},
        "required": ["rtstruct", "rtdose"],
    }
    return form_of(schema, FILES_OF_A_CASE)


def _curves() -> dict[str, Any]:
    """Describe the JSON body; what its schema refers to is put in its place."""
    schema = Picture.model_json_schema()
    schema["properties"]["dvhs"]["items"] = schema.pop("$defs")["Curve"]
    return {"application/json": {"schema": schema, "example": PICTURE_TO_DRAW}}
