"""A label map that is to be converted: what is in it, and its voxels plane by plane."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imaging.errors import InputError, NiftiError
from imaging.labels import LabelStatistics, dictionary_for, measure_labels, read_head
from imaging.labels.coding import Coding
from imaging.labels.dictionaries import Label, LabelDictionary, described, dictionary_of
from imaging.labels.geometry import affine_mm
from imaging.labels.naming import Names
from imaging.labels.source import opened
from imaging.volumes.geometry import Floats

Ints = NDArray[np.integer]


@dataclass(frozen=True, slots=True, eq=False)
class LabelFile:
    """A label map whose labels are chosen and named.

    Attributes:
        path: The file.
        shape: Voxels along x, y and z.
        affine: From voxel indices (x, y, z, 1) to millimetres, right, anterior, superior; (4, 4).
        statistics: Of the labels that were chosen, by id.
        names: Name and colour of each of these.
        named_by: Which dictionary the names are from.
    """

    path: Path
    shape: tuple[int, int, int]
    affine: Floats
    statistics: tuple[LabelStatistics, ...]
    names: LabelDictionary
    named_by: str

    def check_ids(self, most: int, numbers: str) -> None:
        """Refuse labels that an object cannot number.

        Args:
            most: The highest number; the lowest is 1.
            numbers: What they number, for the message.

        Raises:
            InputError: With the ids.
        """
        if outside := [each.id for each in self.statistics if not 0 < each.id <= most]:
            msg = (
                f"{numbers} are 1 to {most}, and there are labels {outside[:20]}: give them other"
                " ids first (filter-labels, remap), or leave them out"
            )
            raise InputError(msg)

    def label(self, label_id: int) -> Label:
        """Return name and colour of a label."""
        return self.names.get(label_id) or described(label_id, str(label_id))


def label_file(path: Path, labels: Sequence[str | int] = (), dictionary: str = "") -> LabelFile:
    """Measure a label map, and choose among its labels.

    Args:
        path: ``.nii`` or ``.nii.gz``, or either file of a pair ``.hdr`` and ``.img``.
        labels: Ids, names, patterns or groups; none for all.
        dictionary: A model's name or a table's path; empty for what ``dictionary_for`` finds.

    Raises:
        InputError: A label that was asked for is unknown or not in the file, or nothing is.
        NiftiError: The file is damaged, no label map, or has several volumes.
        OSError: It cannot be read.
    """
    header, _ = read_head(path)
    if int(np.prod(header.shape[3:])) != 1:
        msg = f"The file holds {int(np.prod(header.shape[3:]))} volumes; convert one at a time"
        raise NiftiError(msg)
    found = dictionary_for(path, dictionary)
    statistics = _chosen(path, measure_labels(path, found.dictionary), labels, found.dictionary)
    names = dictionary_of(
        found.dictionary.get(each.id) or described(each.id, str(each.id)) for each in statistics
    )
    affine = np.vstack([affine_mm(header), [0.0, 0.0, 0.0, 1.0]])
    return LabelFile(path, header.volume_shape, affine, tuple(statistics), names, found.where)


def planes_of(path: Path) -> Iterator[NDArray[np.int64]]:
    """Give the label ids of each plane, shape (y, x), from the first z to the last.

    Raises:
        NiftiError: The file is damaged; what was given before is worth nothing.
    """
    with opened(path) as source:
        for _ in source.before_voxels():
            pass
        coding = Coding(source.header)
        x, y, _ = source.header.volume_shape
        for plane in _cut(source.voxels(), x * y * coding.patterns.itemsize):
            yield coding.labels_of(np.frombuffer(plane, coding.patterns)).reshape(y, x)


def read_labels(source: LabelFile) -> Ints:
    """Read the labels that were chosen, shape (z, y, x); all else is 0.

    The type is the smallest integer that holds every id.
    """
    ids = [each.id for each in source.statistics]
    kept = np.array(sorted(ids), dtype=np.int64)
    labels = np.zeros(source.shape[::-1], dtype=integer_type(ids))
    for index, plane in enumerate(planes_of(source.path)):
        labels[index] = np.where(np.isin(plane, kept), plane, 0)
    return labels


def integer_type(ids: Iterable[int]) -> type[np.integer]:
    """Choose the smallest type for label ids."""
    lowest, highest = min([0, *ids]), max([0, *ids])
    types: tuple[type[np.integer], ...] = (np.uint8, np.uint16, np.int16, np.int32, np.int64)
    fitting = (t for t in types if np.iinfo(t).min <= lowest and highest <= np.iinfo(t).max)
    return next(fitting)


def _chosen(
    path: Path,
    present: list[LabelStatistics],
    labels: Sequence[str | int],
    dictionary: LabelDictionary,
) -> list[LabelStatistics]:
    """Leave the labels that were asked for.

    Raises:
        InputError: One is unknown or not there, or the file holds nothing but background.
    """
    if not present:
        msg = "the label map is empty: it holds nothing but 0, the background"
        raise InputError(msg)
    if not labels:
        return present
    names = Names(path, dictionary)
    wanted = names.ids_of(labels, may_be_unknown=True)
    if lacking := names.lacking(wanted, [each.id for each in present]):
        raise InputError(lacking)
    kept = {label for ids in wanted.values() for label in ids} - {0}
    if not (chosen := [each for each in present if each.id in kept]):
        msg = "only the background was asked for: give ids or names of labels"
        raise InputError(msg)
    return chosen


def _cut(pieces: Iterable[memoryview], size: int) -> Iterator[bytes]:
    """Cut a stream of bytes into parts of one size."""
    buffer = bytearray()
    for piece in pieces:
        buffer += piece
        whole = len(buffer) // size * size
        for start in range(0, whole, size):
            yield bytes(buffer[start : start + size])
        del buffer[:whole]
