"""What an archive's change feed tells of: read once, and handed on as JSON."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Changes:
    """What has changed in an archive since a cursor.

    Attributes:
        ids: The archive's own ids of what changed. None where that cannot be told: then everything
            counts as touched.
    """

    ids: frozenset[str] | None = None

    def any_of(self, ids: Iterable[str]) -> bool:
        """Tell whether one of them is among these."""
        return self.ids is None or not self.ids.isdisjoint(ids)

    def to_json(self) -> list[str] | None:
        """Return what `from_json` makes the same changes of."""
        return None if self.ids is None else sorted(self.ids)

    @classmethod
    def from_json(cls, value: list[str] | None) -> "Changes":
        """Return the changes that `to_json` told of."""
        return cls(None if value is None else frozenset(value))
