"""What a filtered label map holds, by name: its labels under their new ids."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from imaging.labels import FilterReport, Names
from imaging.labels.dictionaries import Label, LabelDictionary, described, dictionary_of

_MOST_JOINED = 3  # names in the name of a label that several became


@dataclass(frozen=True, slots=True)
class KeptLabel:
    """One label of the source that stayed.

    Attributes:
        label: Its id there.
        name: Its name; empty where the dictionary has none.
        new_label: Its id now.
        new_name: What the new id is called.
        voxels: How many stayed.
        ml: Their volume; None where the header gives its voxels no size.
    """

    label: int
    name: str
    new_label: int
    new_name: str
    voxels: int
    ml: float | None


def kept_labels(
    report: FilterReport, names: Names, remap: Mapping[str, str]
) -> tuple[KeptLabel, ...]:
    """Say what became of each label that stayed, in ascending order of its old id.

    A label that got an id alone keeps its name; several that became one are called by what was
    asked for them (``all ribs``); a new id that was asked for by name has that name.
    """
    meant = names.ids_of(remap)
    new_ids = names.new_ids(remap)
    kept = []
    for label, voxels in report.kept.items():
        known = names.dictionary.get(label)
        name = known.name if known else ""
        new_label, new_name = new_ids.get(label, label), name or str(label)
        key = next((key for key in remap if label in meant[key]), None)
        if key is not None and not _is_number(remap[key]):
            new_name = names.dictionary.name_of(new_label)
        elif key is not None and len(meant[key]) > 1:
            new_name = key.strip()
        ml = report.ml.get(label)
        kept.append(KeptLabel(label, name, new_label, new_name, voxels, ml))
    return tuple(kept)


def outgoing_dictionary(kept: Iterable[KeptLabel], names: LabelDictionary) -> LabelDictionary:
    """Return what the integers of the filtered label map mean."""
    by_id: dict[int, list[KeptLabel]] = {}
    for each in kept:
        by_id.setdefault(each.new_label, []).append(each)
    return dictionary_of(_label(new, olds, names) for new, olds in by_id.items())


def _label(new: int, olds: list[KeptLabel], names: LabelDictionary) -> Label:
    """Describe a new label: as the dictionary does where it is the same structure."""
    called = list(dict.fromkeys(old.new_name for old in olds))
    name = " + ".join(called)
    if len(called) > _MOST_JOINED:
        name = f"{called[0]} + {len(called) - 1} more"
    candidates = [names.get(new), *(names.get(old.label) for old in olds)]
    known = [label for label in candidates if label is not None]
    same = next((label for label in known if label.name == name), None)
    if same is None:
        of_first = names.get(olds[0].label)
        return described(new, name, color=of_first.color if of_first else None)
    return described(
        new,
        name,
        abbreviation=same.abbreviation,
        color=same.color,
        mapping=same.mapping,
        groups=same.groups,
    )


def _is_number(text: str) -> bool:
    return bool(LabelDictionary(()).find(text))
