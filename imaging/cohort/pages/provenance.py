"""What a cohort rests on: the fields of its specification, and versions of software."""

import platform
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel

from imaging.cohort.specification import CohortSpecification

_PACKAGES = {
    "imaging-flows": "imaging-flows",
    "pydicom": "pydicom",
    "SimpleITK": "simpleitk",
    "NumPy": "numpy",
}


def versions() -> dict[str, str]:
    """Return versions by the names that a paper would use."""
    found = {name: version(package) for name, package in _PACKAGES.items()}
    return {**found, "Python": platform.python_version()}


def settings_rows(specification: CohortSpecification) -> list[dict[str, Any]]:
    """Return a row for each field: its name, value and default as text, and what it means."""
    return list(_rows(specification, ""))


def _rows(model: BaseModel, prefix: str) -> Iterator[dict[str, Any]]:
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _rows(value, f"{prefix}{name}.")
            continue
        default = field.get_default(call_default_factory=True)
        yield {
            "setting": f"{prefix}{name}",
            "value": _text(value),
            "default": _text(default),
            "description": field.description or "",
        }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
