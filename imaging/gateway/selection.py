"""Which labels a request asks for: ids, ranges of ids, names, patterns and groups."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import InputError
from imaging.gateway.label_maps import OpenLabelMap
from imaging.labels import NamedDictionary, dictionary_for
from imaging.labels.dictionaries import Known
from imaging.labels.dictionaries.finding import MOST_IDS
from imaging.labels.naming import Names, Wanted

_TABLES = (".tsv", ".label", ".ctbl", ".xml")


@dataclass(frozen=True, slots=True)
class LabelSelection:
    """What a request asks for.

    Attributes:
        ids: What each of the things that were asked for means.
    """

    ids: dict[Wanted, tuple[int, ...]]

    @property
    def keep(self) -> list[int]:
        """All ids, in ascending order."""
        return sorted({label for ids in self.ids.values() for label in ids})


def named(source: OpenLabelMap, dictionary: Known | None) -> NamedDictionary:
    """Return the names of a label map's labels: those asked for, or those found with it.

    Raises:
        InputError: A table beside the file is a link that leads out of the data root.
    """
    if not dictionary and any(map(source.leads_out, _tables_beside(source.path))):
        msg = "A table of names beside the label map is a link out of the data root"
        raise InputError(msg)
    return dictionary_for(source.path, dictionary or "")


def selection_of(
    source: OpenLabelMap,
    label_ids: Sequence[str],
    labels: Sequence[str],
    dictionary: Known | None,
) -> LabelSelection:
    """Understand what a request asks for.

    Args:
        source: The label map.
        label_ids: Ids and ranges of ids, with commas between them.
        labels: Names, patterns and groups, with commas between them.
        dictionary: Names that count in place of those found with the label map.

    Raises:
        InputError: Nothing is asked for, it cannot be understood, or a name is unknown.
    """
    ids = ids_of(label_ids)
    if any(_texts(labels)):  # ids alone need no dictionary
        names = named(source, dictionary).dictionary
        ids |= Names(source.path, names).ids_of(names.apart(labels))
    if not ids:
        msg = "Say which labels to keep: label_ids=1,5-8 or labels=liver,ribs"
        raise InputError(msg)
    return LabelSelection(ids)


def lacking(
    source: OpenLabelMap,
    selection: LabelSelection,
    present: Sequence[int],
    dictionary: Known | None,
) -> str | None:
    """Say what of a selection a label map lacks, and what it holds; None where it lacks nothing.

    Args:
        source: The label map.
        selection: What was asked for.
        present: The ids that it holds.
        dictionary: Names that count in place of those found with it.
    """
    there = {0, *present}
    if not any(there.isdisjoint(ids) for ids in selection.ids.values()):
        return None
    names = Names(source.path, named(source, dictionary).dictionary)
    return names.lacking(selection.ids, present)


def ids_of(texts: Sequence[str]) -> dict[Wanted, tuple[int, ...]]:
    """Return the ids that each id or range stands for.

    Raises:
        InputError: One is neither, ends before it begins, or there are too many ids in all.
    """
    found = Names.numbers(_texts(texts))
    if strange := next((text for text, ids in found.items() if not ids), None):
        msg = f"label_ids: {str(strange)[:40]!r} is neither an id nor a range such as 5-8"
        raise InputError(msg)
    if sum(map(len, found.values())) > MOST_IDS:
        msg = f"label_ids: more than {MOST_IDS} ids are asked for"
        raise InputError(msg)
    return found


def _texts(values: Sequence[str]) -> list[str]:
    parts = (part.strip() for value in values for part in value.split(","))
    return [part for part in parts if part]


def _tables_beside(path: Path) -> Iterator[Path]:
    """Give the links among the files that could name a label map's labels."""
    with os.scandir(path.parent) as found:
        for item in found:
            if item.is_symlink() and item.name.endswith(_TABLES):
                yield Path(item.path)
