"""A dictionary of labels: which integer of a label map is which structure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from imaging.errors import InputError
from imaging.labels.dictionaries.finding import apart, find, refusal
from imaging.labels.dictionaries.label import Label


@dataclass(frozen=True, slots=True)
class LabelDictionary:
    """Labels by id; never changed.

    Attributes:
        labels: Sorted by id, which is unique. Names need not be: a file may repeat them, and only
            asking for such a name is refused.
    """

    labels: tuple[Label, ...]
    _by_id: dict[int, Label] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the labels.

        Raises:
            InputError: Two have one id.
        """
        by_id: dict[int, Label] = {}
        for label in self.labels:
            if by_id.setdefault(label.id, label) is not label:
                msg = f"two labels have the id {label.id}"
                raise InputError(msg)
        ordered = tuple(sorted(self.labels, key=lambda label: label.id))
        object.__setattr__(self, "labels", ordered)
        object.__setattr__(self, "_by_id", by_id)

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Label]:
        return iter(self.labels)

    def __contains__(self, label_id: object) -> bool:
        return label_id in self._by_id

    def get(self, label_id: int) -> Label | None:
        """Return the label of an id, or None."""
        return self._by_id.get(label_id)

    def name_of(self, label_id: int) -> str:
        """Return the name of an id; the id itself where it has none."""
        label = self._by_id.get(label_id)
        return str(label_id) if label is None else label.name

    def groups(self) -> dict[str, tuple[int, ...]]:
        """Return the ids of each group, by the group's name."""
        names = sorted({group for label in self.labels for group in label.groups})
        return {
            name: tuple(label.id for label in self.labels if name in label.groups) for name in names
        }

    def only(self, ids: Collection[int]) -> "LabelDictionary":
        """Leave the labels of these ids, as those an image holds; unknown ids do not matter."""
        return LabelDictionary(tuple(label for label in self.labels if label.id in ids))

    def find(self, wanted: str | int) -> tuple[int, ...]:
        """Return the ids that one id, name, pattern or group means; none where it is unknown.

        An integer means itself, whether the dictionary has it or not. Of what a text can mean, the
        first counts: an integer, or a range of them (``5-7``); a name or an abbreviation, letter
        for letter; the same in another spelling (``Kidney_L`` for ``left kidney``); a shell pattern
        (``rib_left_*``); a group (``ribs``, ``all ribs``, ``left ribs``, ``left``); the singular or
        plural of these; both sides of a structure (``femur``).

        Raises:
            InputError: Several labels have that name, or it is no text or integer.
        """
        return find(self.labels, wanted)

    def apart(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """Cut lists of ids and names at their commas, but not a name that has commas itself."""
        return apart(self.labels, wanted)

    def resolve(self, keep: Sequence[str | int]) -> tuple[int, ...]:
        """Return the ids that all of these mean, each once, in the order asked for.

        Args:
            keep: As for ``find``.

        Raises:
            InputError: Some are unknown, and all of these are named, with the labels there are,
                the most alike first; or a name is that of several labels.
        """
        if isinstance(keep, str):
            msg = f"a list of labels is needed, not the text {keep[:80]!r}"
            raise InputError(msg)
        found = [(wanted, self.find(wanted)) for wanted in keep]
        unknown = [str(wanted) for wanted, ids in found if not ids]
        if unknown:
            raise InputError(refusal(self.labels, unknown))
        return tuple(dict.fromkeys(label_id for _, ids in found for label_id in ids))


def dictionary_of(labels: Iterable[Label]) -> LabelDictionary:
    """Make a dictionary of any labels."""
    return LabelDictionary(tuple(labels))
