"""Tables of goals in YAML and CSV files, and the published protocols that come with the package."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from imaging.dicom import name_key
from imaging.errors import InputError
from imaging.rt.metrics.goals import Goal, GoalTable

_YAML_SHAPE = """\
A file of goals looks like
  title: Thorax
  goals:
    Heart: ["Dmean[Gy] < 4 | < 5"]"""
_FORMS = (("structure", "goal"), ("structure", "metric", "comparison", "ideal", "acceptable"))
_OPTIONAL = ("patterns", "priority", "comment")


class _Entry(BaseModel):
    """One goal of a structure: just its text, or a mapping that also says priority and comment."""

    model_config = ConfigDict(extra="forbid")

    goal: str
    priority: int | None = Field(None, ge=1)
    comment: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return {"goal": value} if isinstance(value, str) else value


class _File(BaseModel):
    """What a YAML file of goals holds; ``aliases`` are names and patterns by structure."""

    model_config = ConfigDict(extra="forbid")

    title: str
    citation: str = ""
    doi: str = ""
    url: str = ""
    prescription: str = ""
    aliases: dict[str, list[str]] = Field(default_factory=dict)
    goals: dict[str, list[_Entry]] = Field(min_length=1)

    @field_validator("goals", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        """Take one goal of a structure as a list of one."""
        if not isinstance(value, dict):
            return value
        return {name: [one] if isinstance(one, str) else one for name, one in value.items()}


def read_goals(path: Path) -> GoalTable:
    """Read a table of goals.

    YAML holds ``title``, ``goals`` (by structure, as ``Heart: ["Dmean[Gy] < 4 | < 5"]``) and, if
    wanted, ``citation``, ``doi``, ``url``, ``prescription`` and ``aliases`` (lists of names and
    patterns by structure). CSV has a line per goal and the columns ``structure`` and ``goal``, or
    ``structure, metric, comparison, ideal, acceptable``; and, if wanted, ``patterns`` (with ``|``
    between them), ``priority`` and ``comment``. Lines that begin with # are comments.

    Raises:
        InputError: The file is missing or wrong; the message says where, and what would be right.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        msg = f"the goals {path.name} cannot be read: {why}"
        raise InputError(msg) from error
    readers = {".yaml": _from_yaml, ".yml": _from_yaml, ".csv": _from_csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        msg = f"the goals {path.name} are neither YAML (.yaml, .yml) nor CSV (.csv)"
        raise InputError(msg)
    return reader(text, path.name)


def protocol_names() -> list[str]:
    """List the published protocols that come with the package."""
    return sorted(
        found.name.removesuffix(".yaml")
        for found in _protocols().iterdir()
        if found.name.endswith(".yaml")
    )


def protocol(name: str) -> GoalTable:
    """Load a published protocol by its name.

    Raises:
        InputError: There is none of that name; the message lists those there are.
    """
    if name not in protocol_names():
        msg = f"there is no protocol {name!r}. There are: {', '.join(protocol_names())}"
        raise InputError(msg)
    file = f"{name}.yaml"
    return _from_yaml(_protocols().joinpath(file).read_text(encoding="utf-8"), file)


def _protocols() -> Traversable:
    return files("imaging.rt.metrics").joinpath("protocols")


def _from_yaml(text: str, name: str) -> GoalTable:
    try:
        _refuse_repeated_keys(yaml.compose(text, Loader=yaml.SafeLoader), name)
        file = _File.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        msg = f"{name}{line}: no valid YAML: {getattr(error, 'problem', error)}. {_YAML_SHAPE}"
        raise InputError(msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = " > ".join(str(part) for part in first["loc"]) or "the file"
        msg = f"{name}, {where}: {first['msg']}. {_YAML_SHAPE}"
        raise InputError(msg) from error
    unused = file.aliases.keys() - file.goals.keys()
    if unused:
        msg = f"{name}: aliases for {', '.join(sorted(unused))}, which has no goal in this file"
        raise InputError(msg)
    goals = tuple(_yaml_goals(file, name))
    return GoalTable(file.title, goals, file.citation, file.doi, file.url, file.prescription)


def _yaml_goals(file: _File, name: str) -> Iterator[Goal]:
    for structure, entries in file.goals.items():
        for entry in entries:
            where = f"{name}, {structure}"
            goal = _goal(where, structure, entry.goal, file.aliases.get(structure, []))
            yield replace(goal, priority=entry.priority, comment=entry.comment)


def _refuse_repeated_keys(node: yaml.Node | None, name: str) -> None:
    """Refuse a key that is there twice: YAML would drop the goals of the first in silence."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, name)
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        said = name_key(str(key.value))
        if said in seen:
            line = key.start_mark.line + 1
            msg = f"{name}, line {line}: {key.value} is there twice; put all its goals in one list"
            raise InputError(msg)
        seen.add(said)
        _refuse_repeated_keys(value, name)


def _from_csv(text: str, name: str) -> GoalTable:
    # Comments become blank lines, so that the numbers of the lines stay right.
    lines = ["" if line.lstrip().startswith("#") else line for line in text.splitlines()]
    heading = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=max(",;\t", key=heading.count), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        msg = f"{name}: no valid CSV: {error}"
        raise InputError(msg) from error
    columns = [cell.strip().casefold() for cell in rows[0][1]] if rows else []
    _check_columns(columns, name)
    goals = tuple(_csv_goal(columns, row, f"{name}, line {line}") for line, row in rows[1:])
    if not goals:
        msg = f"{name} holds no goal"
        raise InputError(msg)
    return GoalTable(Path(name).stem, goals)


def _check_columns(columns: list[str], name: str) -> None:
    """Refuse columns that nothing reads, and a table that lacks one."""
    fitting = next((needed for needed in _FORMS if set(needed) <= set(columns)), None)
    unknown = sorted(set(columns) - set(fitting or ()) - set(_OPTIONAL))
    if fitting is None or unknown or len(set(columns)) < len(columns):
        msg = (
            f"{name}: the columns are {', '.join(columns) or '(none)'}; they should be"
            f" {' or '.join(', '.join(needed) for needed in _FORMS)}, each once, and may be"
            f" {', '.join(_OPTIONAL)}"
        )
        raise InputError(msg)


def _csv_goal(columns: list[str], row: list[str], where: str) -> Goal:
    """Make a goal of one line of a CSV file."""
    cells = dict(zip(columns, (cell.strip() for cell in row), strict=False))
    if len(row) != len(columns) or not cells["structure"]:
        msg = f"{where}: it names no structure, or has more or fewer columns than the first line"
        raise InputError(msg)
    text = cells.get("goal") or "{metric} {comparison} {ideal}".format_map(cells)
    if cells.get("acceptable"):
        text += f" | {cells['comparison']} {cells['acceptable']}"
    aliases = [alias.strip() for alias in cells.get("patterns", "").split("|") if alias.strip()]
    priority = cells.get("priority", "")
    if priority and not (priority.isdecimal() and int(priority) > 0):
        msg = f"{where}: the priority {priority!r} is no whole number above 0"
        raise InputError(msg)
    goal = _goal(where, cells["structure"], text, aliases)
    return replace(
        goal, priority=int(priority) if priority else None, comment=cells.get("comment", "")
    )


def _goal(where: str, structure: str, text: str, aliases: list[str]) -> Goal:
    """Read one goal, and say where it is when it is wrong."""
    try:
        return Goal.parse(structure, text, aliases)
    except InputError as error:
        msg = f"{where}: {error}"
        raise InputError(msg) from error
