"""What a caller means by names of labels: which dictionary a file has, and which ids it gives."""

import operator
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from imaging.errors import InputError
from imaging.labels.dictionaries import (
    Known,
    LabelDictionary,
    described,
    dictionary_of,
    embedded_dictionary,
    known,
    read_dictionary,
)
from imaging.labels.dictionaries.finding import MOST_IDS, refusal

Wanted = int | str  # a label's id; or an id, a range, a name, a pattern or a group as text
Remap = Mapping[Any, Wanted]  # by Wanted, too; but a mapping of int alone would be none of these

_ASSUMED: Known = "vista3d"
_NUMBERS = LabelDictionary(())  # of all texts it knows only integers
_IMAGES = tuple(kind + gz for kind in (".nii", ".hdr", ".img") for gz in (".gz", ""))
_BESIDE = "beside the file"
_OF_IMAGE = (".tsv", "_dseg.tsv", ".label", ".ctbl", ".xml")
_OF_FOLDER = ("labels.tsv", "dseg.tsv")


@dataclass(frozen=True, slots=True)
class NamedDictionary:
    """A dictionary, and how it was found.

    Attributes:
        where: ``given``, ``embedded``, ``beside the file``, a model's name, or one that was
            assumed. It never holds a file's name.
    """

    dictionary: LabelDictionary
    where: str


def dictionary_for(source: Path, given: str = "") -> NamedDictionary:
    """Find the names of a label map's labels.

    By this order: those that are given; a table beside it that is called as the image is (``.tsv``,
    ``_dseg.tsv``, ``.label``, ``.ctbl``, ``.xml``), since it was written for this very image; those
    in the image's own header, which a filter copies as it is; a table of the folder
    (``labels.tsv``, as a cohort has it, or ``dseg.tsv``); VISTA-3D's.

    Args:
        source: The label map.
        given: The name of a model (``vista3d``, ``totalsegmentator``), or the path of a table or of
            an image with names in its header; empty where nobody gave one.

    Raises:
        InputError: The dictionary cannot be read.
        NiftiError: The label map's header is damaged.
        OSError: There is no label map.
    """
    if given:
        return _given(given)
    stem = stem_of(source)
    if table := _first(source, [stem + ending for ending in _OF_IMAGE]):
        return _beside(table)
    if (embedded := embedded_dictionary(source)) is not None:
        return NamedDictionary(embedded, "embedded")
    if table := _first(source, _OF_FOLDER):
        return _beside(table)
    return NamedDictionary(known(_ASSUMED), f"{_ASSUMED} (assumed)")


def stem_of(source: Path) -> str:
    """Return an image's name without what tells its format: ``.nii.gz`` and the like."""
    name = source.name
    ending = next((end for end in _IMAGES if name.lower().endswith(end)), "")
    return name[: len(name) - len(ending)]


class Names:
    """The names of one file's labels; a dictionary is only looked for when a name is asked for.

    Args:
        source: The label map.
        dictionary: Its names; those that ``dictionary_for`` finds where it is None.
    """

    def __init__(self, source: Path, dictionary: LabelDictionary | None) -> None:
        self._source = source
        self._dictionary = dictionary

    @property
    def dictionary(self) -> LabelDictionary:
        """The dictionary; reading it raises what ``dictionary_for`` does."""
        if self._dictionary is None:
            self._dictionary = dictionary_for(self._source).dictionary
        return self._dictionary

    def ids_of(
        self, wanted: Iterable[Wanted], *, may_be_unknown: bool = False
    ) -> dict[Wanted, tuple[int, ...]]:
        """Return the ids that each of some ids, names, patterns and groups means.

        Args:
            wanted: What is asked for.
            may_be_unknown: Whether an unknown name means no id, for a caller who is to say what a
                file holds instead (``lacking``).

        Raises:
            InputError: Some are unknown, and all of these are named with what there is; ranges
                hold too many ids in all; or something is neither text nor integer.
        """
        if isinstance(wanted, str):
            msg = f"a list of labels is needed, not the text {wanted[:80]!r}"
            raise InputError(msg)
        ids = self.numbers(wanted)
        if names := [each for each, found in ids.items() if not found]:
            if not may_be_unknown:
                self.dictionary.resolve(names)  # refuses all that are unknown in one go
            ids |= {name: self.dictionary.find(name) for name in names}
        return ids

    def new_ids(self, remap: Remap) -> dict[int, int]:
        """Return the new id of each id that is to get one.

        Raises:
            InputError: A name is unknown, an id is to become two, or a new one is none or several.
        """
        new: dict[int, int] = {}
        values = self.ids_of(remap.values())
        keys = self.ids_of(remap)
        for key, given in remap.items():
            value = self._one(given, values)
            for label in keys[key]:
                if (other := new.setdefault(label, value)) != value:
                    msg = f"label {label} cannot become both {other} and {value}"
                    raise InputError(msg)
        return new

    def lacking(
        self, wanted: Mapping[Wanted, Collection[int]], present: Collection[int]
    ) -> str | None:
        """Say what of that which was asked for a file lacks, and what it holds; None for nothing.

        A pattern or a group is there as soon as one of its labels is.
        """
        there = {0, *present}
        absent = [each for each, ids in wanted.items() if there.isdisjoint(ids)]
        if not absent:
            return None
        names = self.dictionary
        held = dictionary_of(
            names.get(each) or described(each, str(each)) for each in present if each
        )
        said = refusal(held.labels, [str(each) for each in absent])
        return f"The file lacks some of what is to be kept: {said}"

    @staticmethod
    def numbers(wanted: Iterable[Wanted]) -> dict[Wanted, tuple[int, ...]]:
        """Take ids and ranges as they are; names mean none yet. No dictionary is needed.

        Raises:
            InputError: A range ends before it begins, or they hold too many ids.
        """
        ids: dict[Wanted, tuple[int, ...]] = {}
        room = MOST_IDS  # many ranges together could fill the memory
        for each in wanted:
            ids[each] = _number(each)
            room -= max(0, len(ids[each]) - 1)
            if room < 0:
                msg = f"the ranges hold more than {MOST_IDS} ids"
                raise InputError(msg)
        return ids

    def _one(self, value: Wanted, found: Mapping[Wanted, tuple[int, ...]]) -> int:
        ids = found[value]
        if len(ids) > 1:
            msg = f"a new id is that of one label, and {value!r} means {len(ids)}"
            raise InputError(msg)
        return ids[0]


def _number(wanted: Wanted) -> tuple[int, ...]:
    """Take an id as it is, so that ids alone need no dictionary."""
    if not isinstance(wanted, str | bool):
        with suppress(TypeError):
            return (operator.index(wanted),)  # numpy's integers too, but no fractions
    return _NUMBERS.find(wanted)  # which refuses what is neither text nor integer


def _given(given: str) -> NamedDictionary:
    for model in get_args(Known):
        if given.strip().casefold() == model:
            return NamedDictionary(known(model), model)
    try:
        return NamedDictionary(read_dictionary(Path(given)), "given")
    except OSError as error:
        models = ", ".join(get_args(Known))
        msg = f"the dictionary is neither one of {models} nor a file that can be read"
        raise InputError(msg) from error


def _beside(table: Path) -> NamedDictionary:
    try:
        return NamedDictionary(read_dictionary(table), _BESIDE)
    except InputError as error:
        msg = f"the table of names beside the label map, {table.suffix}, cannot be read: {error}"
        raise InputError(msg) from error


def _first(source: Path, names: Iterable[str]) -> Path | None:
    """Return the first of some files that lies beside another."""
    tables = (source.with_name(name) for name in names)
    return next((table for table in tables if table.is_file()), None)


def given_dictionary(data_root: Path, given: str) -> NamedDictionary | None:
    """Read the dictionary of a run's label maps; None where each file's own counts.

    Args:
        data_root: Where a path counts from.
        given: The name of a model, or a path.

    Raises:
        InputError: It cannot be read.
    """
    if not (asked := given.strip()):
        return None
    path = data_root / asked
    return dictionary_for(path, str(path) if path.is_file() else asked)
