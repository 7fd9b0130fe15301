"""What a person means by a text: an id, a name, a pattern or a group of labels."""

import difflib
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import SupportsIndex

from imaging.errors import InputError
from imaging.labels.dictionaries.label import HIGHEST, LOWEST, Label
from imaging.labels.dictionaries.words import Wording, forms_of, wording

_ID = re.compile(r"[+-]?[0-9]{1,20}")
_RANGE = re.compile(r"(-?[0-9]{1,20})\s*-\s*(-?[0-9]{1,20})")
MOST_IDS = 65_536  # of a range: no image holds more labels
_PATTERN = re.compile(r"[*?[]")
_FILLERS = frozenset({"all", "both", "the"})
_LONGEST = 200  # characters: longer than any name of a structure
_NEAREST = 5
_MOST_LISTED = 200

_Labels = Sequence[Label]
_Ids = tuple[int, ...]


def find(labels: _Labels, wanted: str | int) -> _Ids:
    """Return the ids of the labels meant, in their order; none where nothing is.

    Raises:
        InputError: Several labels have the name, or ``wanted`` is neither text nor integer.
    """
    if not isinstance(wanted, str):
        return (_integer(wanted),)
    text = wanted.strip()
    if _ID.fullmatch(text):
        return (_in_range(int(text)),)
    if ends := _RANGE.fullmatch(text):
        return _between(int(ends[1]), int(ends[2]), text)
    if not text or len(text) > _LONGEST:
        msg = f"a name has 1 to {_LONGEST} characters, not {len(text)}"
        raise InputError(msg)
    return next((ids for way in _WAYS if (ids := way(labels, text))), ())


def apart(labels: _Labels, wanted: Iterable[str]) -> tuple[str, ...]:
    """Cut texts at commas, but for names with a comma in them; leave out empty ones."""
    called = {
        name.strip().casefold() for label in labels for name in (label.name, label.abbreviation)
    }
    parts = ([text] if text.strip().casefold() in called else text.split(",") for text in wanted)
    return tuple(part.strip() for each in parts for part in each if part.strip())


def refusal(labels: _Labels, unknown: Sequence[str]) -> str:
    """Say that names are unknown, and which there are, the most alike first."""
    near = list(dict.fromkeys(label for name in unknown for label in _nearest(labels, name)))
    others = [label for label in labels if label not in near]
    listed = [f"{label.name} ({label.id})" for label in (near + others)[:_MOST_LISTED]]
    more = len(labels) - len(listed)
    groups = sorted({group for label in labels for group in label.groups})
    parts = [f"no label is called {' or '.join(repr(name[:80]) for name in unknown)}"]
    parts.append(f"there are {', '.join(listed)}" if listed else "there are no names at all")
    parts += [f"and {more} more"] if more > 0 else []
    parts += [f"groups are {', '.join(groups)}"] if groups else []
    return "; ".join(parts)


def _integer(wanted: SupportsIndex) -> int:
    """Take Python's and NumPy's integers, but no truth value."""
    if not isinstance(wanted, bool):
        try:
            return _in_range(operator.index(wanted))
        except TypeError:
            pass
    msg = f"a label is asked for by its id or name, not by {type(wanted).__name__}"
    raise InputError(msg)


def _in_range(label_id: int) -> int:
    if LOWEST <= label_id <= HIGHEST:
        return label_id
    msg = f"{label_id} is larger than any id in an image"
    raise InputError(msg)


def _between(first: int, last: int, text: str) -> _Ids:
    if not 0 <= last - first < MOST_IDS:
        msg = f"{text} ends before it begins, or is more than {MOST_IDS} ids"
        raise InputError(msg)
    return tuple(range(_in_range(first), _in_range(last) + 1))


def _as_written(labels: _Labels, text: str) -> _Ids:
    return _called(labels, text, str)


def _as_name(labels: _Labels, text: str) -> _Ids:
    """Find a name in another spelling; a side alone is none."""
    return _called(labels, text, _meaning)


def _as_name_without_blanks(labels: _Labels, text: str) -> _Ids:
    """Find ``spinal cord`` by ``spinalcord``."""
    return _called(labels, text, _squeezed)


def _called(labels: _Labels, text: str, key: Callable[[str], object]) -> _Ids:
    """Find the label whose name has the same key, else the one whose abbreviation has."""
    wanted = key(text)
    if not wanted:
        return ()
    named = [label for label in labels if key(label.name) == wanted]
    return _one(named or [label for label in labels if key(label.abbreviation) == wanted], text)


def _as_pattern(labels: _Labels, text: str) -> _Ids:
    """Match a pattern to names and abbreviations."""
    if not _PATTERN.search(text):
        return ()
    pattern = "_".join(text.casefold().split())
    return tuple(
        label.id
        for label in labels
        if any(
            fnmatchcase(form, pattern)
            for form in forms_of(label.name) | forms_of(label.abbreviation)
        )
    )


def _as_group(labels: _Labels, text: str) -> _Ids:
    return _of_group(labels, text, lambda read: read.words)


def _as_name_in_another_number(labels: _Labels, text: str) -> _Ids:
    read = wording(text)
    if not read.words:
        return ()
    return _one(
        [
            label
            for label in labels
            if (has := wording(label.name)).base == read.base and has.side == read.side
        ],
        text,
    )


def _as_group_in_another_number(labels: _Labels, text: str) -> _Ids:
    return _of_group(labels, text, lambda read: read.base)


def _as_both_sides(labels: _Labels, text: str) -> _Ids:
    """Take a name without its side for both: ``femur``, ``both iliac arteries``."""
    read = wording(text).without(_FILLERS)
    if read.side or not read.words:
        return ()
    return tuple(
        label.id for label in labels if (has := wording(label.name)).side and has.base == read.base
    )


_WAYS: tuple[Callable[[_Labels, str], _Ids], ...] = (
    _as_written,
    _as_name,
    _as_pattern,
    _as_name_without_blanks,
    _as_group,
    _as_name_in_another_number,
    _as_group_in_another_number,
    _as_both_sides,
)


def _of_group(labels: _Labels, text: str, words: Callable[[Wording], tuple[str, ...]]) -> _Ids:
    """Find the members of a group, on one side where the text has a side."""
    read = wording(text).without(_FILLERS)
    return tuple(
        label.id
        for label in labels
        if read.side in {"", wording(label.name).side}
        and _belongs(label.groups, words(read), words, alone=bool(read.side))
    )


def _belongs(
    groups: Iterable[str],
    asked: tuple[str, ...],
    words: Callable[[Wording], tuple[str, ...]],
    *,
    alone: bool,
) -> bool:
    """Say whether one of the groups is asked for; a side alone is one (``left``)."""
    if not asked:
        return alone
    return any(words(wording(group)) == asked for group in groups)


def _one(labels: Sequence[Label], text: str) -> _Ids:
    """Return the id of the one label, or none.

    Raises:
        InputError: There are several.
    """
    if len(labels) > 1:
        ids = ", ".join(str(label.id) for label in labels)
        msg = f"{text!r} is the name of the labels {ids}: ask for one by its id"
        raise InputError(msg)
    return tuple(label.id for label in labels)


def _nearest(labels: _Labels, name: str) -> list[Label]:
    """Return labels whose names are much like one, the most alike first."""
    spelled = {_spelled(label.name): label for label in labels}
    near = difflib.get_close_matches(_spelled(name), spelled, n=_NEAREST, cutoff=0.6)
    return [spelled[key] for key in near]


def _meaning(name: str) -> Wording | None:
    read = wording(name)
    return read if read.words else None


def _squeezed(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _spelled(name: str) -> str:
    read = wording(name)
    return " ".join((*read.base, read.side))
