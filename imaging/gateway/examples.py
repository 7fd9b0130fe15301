"""The description of the gateway (OpenAPI): what its answers look like, with examples."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from imaging.gateway.options import GatewayOptions

Example = dict[str, Any]

HEALTH: Example = {"status": "ok", "name": "imaging-flows", "version": "0.1.0"}
LABELS: Example = {
    "labels": [
        {
            "id": 6,
            "name": "aorta",
            "voxels": 41_230,
            "ml": 139.15,
            "box": [[210, 180, 95], [262, 241, 310]],
            "centroid_mm": [-12.4, -160.2, 311.0],
            "color": "#e85050",
            "volume": 0,
        }
    ],
    "voxel_filename": "ct_seg.nii.gz",
    "shape": [512, 512, 600],
    "names_from": "the dictionary vista3d",
}
PICTURE_TO_DRAW: Example = {
    "title": "DVH",
    "dvhs": [
        {
            "name": "PTV",
            "doses": [0, 47.5, 50, 52],
            "volumes": [120.5, 120.5, 70, 0],
            "dose_units": "Gy",
            "volume_units": "cm3",
        }
    ],
}
DVH_ANSWER: Example = {
    "dvhs": [
        {
            "name": "PTV",
            "doses": [0.0, 47.5, 50.0, 52.0],
            "volumes": [120.5, 120.5, 70.0, 0.0],
            "dose_units": "Gy",
            "volume_units": "cm3",
            "number": 1,
            "colour": "#ff0000",
            "volume_cc": 120.5,
            "outside_cc": 0.0,
            "min_gy": 47.5,
            "mean_gy": 50.1,
            "median_gy": 50.4,
            "max_gy": 52.0,
            "metrics": [{"metric": "D95%[Gy]", "value": 47.8, "unit": "Gy", "flags": []}],
            "flags": [],
            "remarks": [],
            "method": "exact, end caps half, prism, dose linear",
        }
    ],
    "goals": [],
    "prescription_gy": 50.0,
    "prescribed_by": "TargetPrescriptionDose (300A,0026)",
    "fractions": 25,
    "remarks": ["Dose: PLAN."],
}

FILES_OF_A_CASE: Example = {
    "rtstruct": "rs.dcm",
    "rtdose": ["rd.dcm"],
    "rtplan": ["rp.dcm"],
    "metrics": ["D95%[Gy]", "Dmean[Gy]", "V20Gy[%]"],
}
FILE_TO_RELEASE: Example = {"file": "ct.dcm", "retain_longitudinal_intervals": False}

CALLBACK: Example = {
    "workflow_id": "3f0c1e52-run",
    "success": True,
    "reason": None,
    "metadata": {"case": "P0001"},
}

_PROBLEMS: dict[int, tuple[str, str]] = {
    400: ("The request is malformed.", "the body ended early"),
    401: (
        "A token is needed, and this is none that counts.",
        "A valid token or link is needed: Authorization: Bearer <token>",
    ),
    403: (
        "Not with this token, or not from this web page.",
        "This token does not have the scope run",
    ),
    404: ("There is no such thing.", "There is no such file"),
    408: ("The body came too slowly.", "The body did not arrive in time"),
    409: (
        "It contradicts what is there by now.",
        "The label map is being written: ask again when it is whole",
    ),
    413: ("The body is too large.", "a body has at most 536870912 bytes"),
    414: ("The address is too long.", "An address has 8192 bytes at most"),
    415: ("The body is of another type than is understood.", "the body is multipart/form-data"),
    422: ("What was asked or sent is wrong: see the detail.", "rtdose: the file is empty"),
    431: ("The headers are too long.", "The request has too many headers, or too long ones"),
    500: ("The gateway failed.", "The gateway failed; its log says where"),
    503: (
        "Too busy, or not set up: the detail says which.",
        "too many requests are being worked on",
    ),
    507: ("There is no room left for the result.", "The gateway's disk is full"),
}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "properties": {
        "detail": {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "object"}}],
            "description": "What is wrong, and what to do.",
        },
        "held_back": {
            "type": "array",
            "description": "Why a person must look at an object first.",
            "items": {
                "type": "object",
                "properties": {"code": {"type": "string"}, "reason": {"type": "string"}},
                "required": ["code", "reason"],
            },
        },
    },
    "required": ["detail"],
}
_PARAMETERS: dict[str, Any] = {
    "path": "output/P0001/scans/ct_seg.nii.gz",
    "patient": "P0001",
    "scan": "CT",
    "file": "ct_seg.nii.gz",
    "label_ids": ["1,5-7"],
    "key": "0" * 64,
    "token": "0" * 64,
}
_EVERYWHERE = (400, 401, 403, 408, 413, 414, 431, 500)
_INTRODUCTION = """\
Files of the data root, label maps filtered to what you name, dose-volume histograms and
de-identification, for whoever speaks HTTP. What the flows do, by the same code.

With a token: `Authorization: Bearer <token>`; `python -m imaging.gateway token add NAME` makes one.
The scope `read` is for GET and HEAD, `run` for POST.
"""


def form_of(schema: Mapping[str, Any], example: Example) -> dict[str, Any]:
    """Describe a multipart body, for ``requestBody=`` of a route.

    Args:
        schema: Of its fields.
        example: Some fields; the name of a file stands for what is in it.
    """
    note = "The name of a file stands for what is in it."
    examples = {"form": {"summary": "A filled form", "description": note, "value": example}}
    return {"multipart/form-data": {"schema": schema, "examples": examples}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of an operation that are no success, for ``responses=`` of a route."""
    return {
        status: {
            "description": _PROBLEMS[status][0],
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": {"detail": _PROBLEMS[status][1]},
                }
            },
        }
        for status in statuses
    }


def document(app: FastAPI, options: GatewayOptions) -> None:
    """Make a gateway describe itself: call it when every route is there.

    Args:
        app: The gateway.
        options: Where it listens decides whether a token is needed.
    """

    def described() -> dict[str, Any]:
        if not app.openapi_schema:
            app.openapi_schema = _described(app, options)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _described(app: FastAPI, options: GatewayOptions) -> dict[str, Any]:
    schema = get_openapi(
        title=app.title, version=app.version, routes=app.routes, description=_INTRODUCTION
    )
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    schema["security"] = [{"token": []}] if not options.is_local else [{}, {"token": []}]
    common = {str(status): answer for status, answer in problems(*_EVERYWHERE).items()}
    for path in schema["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in _PARAMETERS:
                    parameter.setdefault("example", _PARAMETERS[parameter["name"]])
            operation["responses"] = {**common, **operation["responses"]}
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                operation["responses"]["422"] = problems(422)[422]
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    return schema
