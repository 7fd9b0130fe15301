"""`GET /docs`: the description of the gateway as a page, with a command to copy for each operation.

Made here rather than by Swagger UI, which FastAPI loads from the internet: this page needs none, no
script, and shows what the description holds.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from mimetypes import guess_extension
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from imaging.gateway.media import PAGE_POLICY
from imaging.rt.pages.templates import templates_of

_TEMPLATE = templates_of("imaging.gateway").get_template("docs.html.j2")
_METHODS = ("get", "post", "put", "patch", "delete")
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a form."""

    name: str
    kind: str
    is_required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """What a page shows of an operation.

    Attributes:
        command: How to ask for it with curl.
        answers: Status, meaning, and an example where there is one.
    """

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    command: str
    fields: tuple[Field, ...]
    answers: tuple[tuple[str, str, str], ...]


def docs_router() -> APIRouter:
    """Return the route; it describes the application that it is included in."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    @router.head("/docs")
    def docs(request: Request) -> HTMLResponse:
        """Show what can be asked, and how."""
        schema = request.app.openapi()
        page = _TEMPLATE.render(
            title=schema["info"]["title"],
            version=schema["info"]["version"],
            introduction=schema["info"].get("description", "").strip().split("\n\n"),
            groups=operations_of(schema, str(request.base_url).rstrip("/")),
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": PAGE_POLICY})

    return router


def operations_of(schema: Mapping[str, Any], base_url: str) -> dict[str, list[Operation]]:
    """Gather the operations of a description by their tag.

    Args:
        schema: OpenAPI 3.
        base_url: What the commands ask.
    """
    groups: dict[str, list[Operation]] = {}
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                tag = next(iter(operation.get("tags", ())), "other")
                found = _operation(schema, method, path, operation, base_url)
                groups.setdefault(tag, []).append(found)
    return groups


def _operation(
    schema: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any], base_url: str
) -> Operation:
    answers = sorted(operation["responses"].items(), key=lambda answer: str(answer[0]))
    return Operation(
        anchor=f"{method}-{path.strip('/').replace('/', '-') or 'root'}",
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        command=_command(schema, method, path, operation, base_url),
        fields=tuple(_fields(operation)),
        answers=tuple(
            (status, answer.get("description", ""), _example(answer)) for status, answer in answers
        ),
    )


def _command(
    schema: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any], base_url: str
) -> str:
    """Write the command that asks for an operation, with its examples as values."""
    words = ["curl"] if method == "get" else ["curl", "-X", method.upper()]
    access = operation.get("security", schema.get("security", []))
    if access and {} not in access:
        words += ["-H", "Authorization: Bearer $TOKEN"]
    query = []
    for parameter in operation.get("parameters", ()):
        value = parameter.get("example")
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", quote(str(value or parameter["name"])))
        elif value is not None:
            values = value if isinstance(value, list) else [value]
            query += [f"{parameter['name']}={quote(str(each), safe=',')}" for each in values]
    words += _body_words(operation.get("requestBody", {}).get("content", {}))
    words += _output_words(method, operation)
    words.append(base_url + path + ("?" + "&".join(query) if query else ""))
    return " ".join(_quoted(word) for word in words)


def _body_words(content: Mapping[str, Any]) -> list[str]:
    if form := content.get("multipart/form-data", {}):
        return [word for field in _filled(form) for word in ("-F", field)]
    if _JSON in content:
        return ["-H", f"Content-Type: {_JSON}", "-d", json.dumps(content[_JSON].get("example"))]
    return []


def _filled(form: Mapping[str, Any]) -> Iterator[str]:
    """Give the fields of a form as its example fills them in; curl reads files behind an @."""
    properties = form["schema"]["properties"]
    for name, example in form["examples"]["form"]["value"].items():
        values = example if isinstance(example, list) else [example]
        texts = [value if isinstance(value, str) else json.dumps(value) for value in values]
        if _kind(properties[name]).endswith("file"):
            yield from (f"{name}=@{text}" for text in texts)
        else:
            yield f"{name}={','.join(texts)}"


def _quoted(word: str) -> str:
    """Quote a word for a shell, which fills in the token."""
    return f'"{word}"' if word.endswith("$TOKEN") else shlex.quote(word)


def _fields(operation: Mapping[str, Any]) -> Iterator[Field]:
    for parameter in operation.get("parameters", ()):
        said = parameter.get("description", "")
        kind = f"{_kind(parameter['schema'])}, {parameter['in']}"
        yield Field(parameter["name"], kind, bool(parameter.get("required")), said)
    content = operation.get("requestBody", {}).get("content", {})
    form = content.get("multipart/form-data", {}).get("schema", {})
    for name, schema in form.get("properties", {}).items():
        is_required = name in form.get("required", ())
        yield Field(name, f"{_kind(schema)}, form", is_required, schema.get("description", ""))


def _kind(schema: Mapping[str, Any]) -> str:
    """Say in a few words what a value is."""
    if choices := schema.get("enum"):
        return "one of " + ", ".join(map(str, choices))
    if "anyOf" in schema:
        return _kind(next(each for each in schema["anyOf"] if each.get("type") != "null"))
    if schema.get("type") == "array":
        return f"several: {_kind(schema.get('items', {}))}"
    return "file" if schema.get("format") == "binary" else str(schema.get("type", "any"))


def _example(answer: Mapping[str, Any]) -> str:
    """Return an answer's example as text, "" where it has none."""
    example = answer.get("content", {}).get(_JSON, {}).get("example")
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)


def _output_words(method: str, operation: Mapping[str, Any]) -> list[str]:
    """Say where an answer goes that is nothing for a terminal."""
    kind = next(iter(operation["responses"].get("200", {}).get("content", {_JSON: {}})), _JSON)
    if kind == _JSON or kind.startswith("text/"):
        return []
    return ["-OJ"] if method == "get" else ["-o", f"answer{guess_extension(kind) or ''}"]
