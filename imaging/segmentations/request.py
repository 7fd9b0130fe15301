"""What is asked of every label map of a filter's run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imaging.errors import InputError
from imaging.labels import NamedDictionary, given_dictionary
from imaging.labels.filtering import Missing

_BLANK = " \t\r\n,"


@dataclass(frozen=True, slots=True)
class FilterRequest:
    """What is done to every label map of a run.

    Attributes:
        keep: Ids and ranges of them, names, patterns and groups, or lists of these with commas.
        remap: By the same: new ids, or names of labels whose ids they get.
        names: What names mean; None where each file's own dictionary says it.
        missing: Whether a file is refused that has not one voxel of something in ``keep``.
        compress_level: 0 to 3.
        has_pictures: Whether a picture is drawn of each.
    """

    keep: tuple[str, ...]
    remap: Mapping[str, str] = field(default_factory=dict)
    names: NamedDictionary | None = None
    missing: Missing = "refuse"
    compress_level: int = 1
    has_pictures: bool = True

    def __post_init__(self) -> None:
        """Refuse a request of nothing.

        Raises:
            InputError: Nothing is to be kept, or a text is empty.
        """
        if not self.keep or not all(text.strip(_BLANK) for text in self.keep):
            msg = (
                "keep is empty: say which labels to keep, by id (5, 5-7), name (liver),"
                " pattern (rib_left_*) or group (all ribs)"
            )
            raise InputError(msg)


def request_of(  # noqa: PLR0913 - each is a field of the form
    data_root: Path,
    *,
    keep: Sequence[str],
    remap: Mapping[str, str],
    dictionary: str,
    missing: Missing,
    compress_level: int,
    has_pictures: bool,
) -> FilterRequest:
    """Turn the fields of a form into a request, and read the dictionary if one was given.

    Args:
        data_root: Where the path of a dictionary counts from.
        keep: As in ``FilterRequest``.
        remap: Likewise.
        dictionary: The name of a model, or a path; empty for each file's own.
        missing: As in ``FilterRequest``.
        compress_level: Likewise.
        has_pictures: Likewise.

    Raises:
        InputError: Nothing is to be kept, or the dictionary cannot be read.
    """
    names = given_dictionary(data_root, dictionary)
    asked = tuple(text for text in keep if text.strip(_BLANK))  # a form may have empty lines
    return FilterRequest(asked, dict(remap), names, missing, compress_level, has_pictures)
