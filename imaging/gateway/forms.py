"""Fields of a form, which are texts and may come several times, as a model; and described."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_origin

from fastapi import HTTPException
from pydantic import BaseModel, ValidationError

_Model = TypeVar("_Model", bound=BaseModel)


def read_form(model: type[_Model], fields: Mapping[str, Sequence[str]]) -> _Model:
    """Read a form.

    A field of several values comes several times, or once with commas between them; an empty one
    is none.

    Args:
        model: What is asked for.
        fields: Texts by name.

    Raises:
        HTTPException: A value is wrong, or a field that has one value came several times.
    """
    values: dict[str, Any] = {}
    for name, texts in fields.items():
        given = [text for text in texts if text]
        if name in model.model_fields and _has_several(model, name):
            parts = (part.strip() for text in given for part in text.split(","))
            values[name] = [part for part in parts if part]
        elif len(given) > 1:
            raise HTTPException(422, f"{name} came {len(given)} times, and has one value")
        elif given:
            values[name] = _as_said(model, name, given[0])
    return checked(model, values)


def checked(model: type[_Model], values: Mapping[str, Any]) -> _Model:
    """Make a model of values.

    Raises:
        HTTPException: One is wrong; the message says which, and does not quote it.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise HTTPException(422, said(error)) from None


def said(error: ValidationError) -> str:
    """Say what is wrong with a model's values, without the values."""
    first = error.errors(include_input=False, include_url=False)[0]
    kind = first["type"]
    if kind == "extra_forbidden":
        return "there is a field of another name"
    said_of_it = str(first["msg"]).removeprefix("Value error, ")
    return ": ".join(filter(None, [".".join(map(str, first["loc"])), said_of_it]))


def properties_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the fields of a model for the description of a form, which knows no null."""
    properties: dict[str, Any] = model.model_json_schema()["properties"]
    return {name: _without_null(schema) for name, schema in properties.items()}


def parameters_of(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the fields of a model as query parameters of a description."""
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.pop("description", ""),
            "schema": schema,
        }
        for name, schema in properties_of(model).items()
    ]


def _as_said(model: type[BaseModel], name: str, text: str) -> str:
    """Refuse what pydantic would take for true or false: a "y" is more likely a mistake."""
    is_choice = name in model.model_fields and model.model_fields[name].annotation is bool
    if is_choice and text.lower() not in {"true", "false"}:
        raise HTTPException(422, f"{name} is true or false")
    return text


def _has_several(model: type[BaseModel], name: str) -> bool:
    return get_origin(model.model_fields[name].annotation) in {list, tuple}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    left = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
    for choice in schema.get("anyOf", ()):
        if choice.get("type") != "null":
            left |= choice
    if schema.get("default") is not None and "contentMediaType" not in schema:
        left["default"] = schema["default"]
    return left
