"""The volumes of all organs of all patients, as one table."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import pandas as pd

from imaging.errors import InputError
from imaging.labels.dictionaries import Label, LabelDictionary, described, dictionary_of
from imaging.labels.dictionaries.finding import refusal
from imaging.labels.dictionaries.words import wording
from imaging.segmentations.measured import MeasuredFile

_AXES = "xyz"
_NUMBERS = LabelDictionary(())  # of all texts it knows only integers and ranges of them
_TYPES = {
    "case_id": "str",
    "file": "str",
    "volume": "int64",
    "id": "int64",
    "name": "str",
    "organ": "str",
    "voxels": "int64",
    "ml": "float64",
    **{f"{axis}_mm": "float64" for axis in _AXES},
    **{f"{end}_{axis}": "int64" for end in ("first", "last") for axis in _AXES},
    "touches_edge": "bool",
}


@dataclass(frozen=True, slots=True, eq=False)
class CohortVolumes:
    """The labels of all label maps that could be measured.

    Attributes:
        table: One row a label: ``case_id, file, volume, id, name, organ, voxels, ml, x_mm, y_mm,
            z_mm`` (its centre, to the patient's right, front and head), ``first_x`` to ``last_z``
            (the voxels of its bounding box) and ``touches_edge``: the image ends where it does.
            ``organ`` is the name in the spelling that most label maps use.
        units: Case id and volume of all that was measured, labels or not.
    """

    table: pd.DataFrame
    units: tuple[tuple[str, int], ...]


def volumes_of(measured: Sequence[MeasuredFile], organs: Sequence[str] = ()) -> CohortVolumes:
    """Gather the records of label maps.

    Args:
        measured: Those that failed, or that are not there, are passed over.
        organs: Ids, names, patterns and groups to tell of; empty for all.

    Raises:
        InputError: No label map has an organ that was asked for.
        OSError: A record has vanished.
    """
    records = [json.loads(each.record.read_text()) for each in measured if each.is_measured]
    units = [(each["case_id"], volume) for each in records for volume in range(each["volumes"])]
    is_asked_for = _chosen([label for each in records for label in each["labels"]], organs)
    rows = [
        _row(record, label)
        for record in records
        for label in record["labels"]
        if is_asked_for(label)
    ]
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        spellings[organ_key(row["name"])][row["name"]] += 1
    for row in rows:
        row["organ"] = spellings[organ_key(row["name"])].most_common(1)[0][0]
    table = pd.DataFrame(rows, columns=list(_TYPES)).astype(_TYPES)
    return CohortVolumes(table, tuple(units))


def organ_key(name: str) -> str:
    """Return what all spellings of a name have in common."""
    read = wording(name)
    return " ".join((*read.base, read.side)).strip() or name


def _row(record: dict[str, Any], label: dict[str, Any]) -> dict[str, Any]:
    first, last = label["box"]
    return {
        "case_id": record["case_id"],
        "file": record["file"],
        **{name: label[name] for name in ("volume", "id", "name", "voxels", "ml", "touches_edge")},
        **{f"{axis}_mm": mm for axis, mm in zip(_AXES, label["centroid_mm"], strict=True)},
        **{f"first_{axis}": at for axis, at in zip(_AXES, first, strict=True)},
        **{f"last_{axis}": at for axis, at in zip(_AXES, last, strict=True)},
    }


def _chosen(
    labels: Sequence[dict[str, Any]], organs: Sequence[str]
) -> Callable[[dict[str, Any]], bool]:
    """Return what tells whether a label was asked for.

    Label maps may have several dictionaries, in which one id means this and that, and one organ is
    spelt this way and that: all their organs are asked as one dictionary.
    """
    first = {organ_key(each["name"]): each for each in reversed(labels)}
    keys = sorted(first)
    dictionary = dictionary_of(
        _as_label(number, first[key]) for number, key in enumerate(keys, start=1)
    )
    asked = dictionary.apart(organs)
    if not asked:
        return lambda _: True
    ids = _ids(asked, {each["id"] for each in labels})
    found = {text: dictionary.find(text) for text in asked if text not in ids}
    if unknown := [text for text, numbers in found.items() if not numbers]:
        there = sorted((_as_label(each["id"], each) for each in first.values()), key=lambda x: x.id)
        raise InputError(refusal(there, unknown))
    wanted = {keys[number - 1] for numbers in found.values() for number in numbers}
    wanted_ids = {label_id for each in ids.values() for label_id in each}
    return lambda label: organ_key(label["name"]) in wanted or label["id"] in wanted_ids


def _ids(asked: Sequence[str], there: Set[int]) -> dict[str, tuple[int, ...]]:
    """Return what ids and ranges of ids stand for; names are passed over.

    Raises:
        InputError: No label map has an id, or any of a range.
    """
    ids = {text: found for text in asked if (found := _NUMBERS.find(text))}
    if unknown := [text for text, found in ids.items() if there.isdisjoint(found)]:
        msg = f"no label map has the labels {', '.join(unknown)}"
        raise InputError(msg)
    return ids


def _as_label(label_id: int, label: Mapping[str, Any]) -> Label:
    abbreviation, groups = label["abbreviation"], label["groups"]
    return described(label_id, label["name"], abbreviation=abbreviation, groups=groups)
