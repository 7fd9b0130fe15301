"""Images that pass for label maps, since all their values are integers, as those of a CT are."""

from collections.abc import Iterable

from imaging.errors import InputError

_MOST_LABELS = 1500  # the finest atlases have 1100, and a CT has some 3000 values
_MOST_NEGATIVE = 100  # ids below 0 are rare; of a CT's values most are fat and air, below 0


def refuse_image(label_ids: Iterable[int]) -> None:
    """Refuse a file by the ids that are in it.

    Raises:
        InputError: There are so many, or so many below 0, that it is an image.
    """
    ids = set(label_ids)
    if len(ids) > _MOST_LABELS or sum(label < 0 for label in ids) > _MOST_NEGATIVE:
        msg = f"it holds {len(ids)} labels: an image, not a label map; choose files by a pattern"
        raise InputError(msg)
