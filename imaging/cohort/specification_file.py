"""A specification out of a file: YAML in our own fields, or a PDCP configuration, translated."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from imaging.cohort.pdcp import Translation, is_pdcp, translate, wrong_fields
from imaging.cohort.specification import CohortSpecification
from imaging.errors import InputError
from imaging.files import write_whole


def read_specification(path: Path, keep_in: Path | None = None) -> Translation:
    """Read a specification; JSON is YAML, so a PDCP configuration is read the same way.

    Args:
        path: The file.
        keep_in: Folder where the report of a translation is kept, as `translation.md`.

    Raises:
        InputError: It is missing, no YAML, or says what no specification says.
    """
    value = _mapping(path)
    if is_pdcp(value):
        translation = translate(value)
        if keep_in is not None:
            write_whole(keep_in / "translation.md", translation.report)
        return translation
    try:
        return Translation(CohortSpecification.model_validate(value))
    except ValidationError as error:
        msg = f"{path.name} is no specification: {wrong_fields(error)}"
        raise InputError(msg) from None  # it repeats what was given, a password perhaps


def write_specification(specification: CohortSpecification, path: Path) -> Path:
    """Write a specification as YAML, every field: what a run went by."""
    value = specification.model_dump(mode="json")
    return write_whole(path, yaml.safe_dump(value, sort_keys=False, allow_unicode=True))


def _mapping(path: Path) -> dict[str, Any]:
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        msg = f"{path.name} cannot be read: {why}"
        raise InputError(msg) from error
    if not isinstance(value, dict):
        msg = f"{path.name} holds no fields of a specification"
        raise InputError(msg)
    return value
