"""One label map measured, and a record kept: what has not changed is not measured again."""

import hashlib
import json
import logging
import math
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from imaging.errors import ImagingError
from imaging.files import write_json
from imaging.labels import (
    LabelStatistics,
    NamedDictionary,
    dictionary_for,
    measure_labels,
    read_head,
)
from imaging.labels.dictionaries import LabelDictionary
from imaging.labels.source import pair_of
from imaging.segmentations.images import refuse_image
from imaging.segmentations.sources import LabelMapFile

log = logging.getLogger(__name__)

_FORMAT = 1  # of a record; another number has every label map measured anew


@dataclass(frozen=True, slots=True)
class MeasuredFile:
    """What became of one label map.

    Attributes:
        record: The file that holds its statistics.
        reused: They are those of an earlier run.
        failure: Why there are none, or empty.
        has_file: Whether there is a label map, which a case of a cohort may lack.
    """

    case_id: str
    record: Path
    reused: bool = False
    failure: str = ""
    has_file: bool = True

    @property
    def is_measured(self) -> bool:
        """Whether the record is there."""
        return self.has_file and not self.failure


def measure_file(
    file: LabelMapFile, dictionary: NamedDictionary | None, folder: Path
) -> MeasuredFile:
    """Measure the labels of one label map, or find that nothing has changed since the last time.

    Args:
        file: The label map.
        dictionary: What its ids mean; None where its own says it.
        folder: Of all results of the run.

    Returns:
        Where its record is; or why there is none, as that concerns this file alone.
    """
    record = folder / "cases" / f"{file.case_id}.json"
    if not file.is_expected and not file.path.exists():
        record.unlink(missing_ok=True)
        return MeasuredFile(file.case_id, record, has_file=False)
    try:
        found = dictionary or dictionary_for(file.path)
        key = _key(file, found)
        if _is_of(record, key):
            return MeasuredFile(file.case_id, record, reused=True)
        record.unlink(missing_ok=True)
        write_json(record, _measured(file, found, key))
    except ImagingError as error:
        reason = str(error)
    except OSError as error:
        reason = error.strerror or type(error).__name__  # the whole error names the file
    else:
        return MeasuredFile(file.case_id, record)
    log.warning("%s: its labels could not be measured", file.case_id)
    with suppress(OSError):  # which is why it failed
        record.unlink(missing_ok=True)
    return MeasuredFile(file.case_id, record, failure=reason)


def _key(file: LabelMapFile, found: NamedDictionary) -> str:
    """Fingerprint what the record depends on."""
    paths = pair_of(file.path) or (file.path,)
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    named = [[each.id, each.name, each.abbreviation, each.groups] for each in found.dictionary]
    said = json.dumps([_FORMAT, str(file.path), states, named])
    return hashlib.sha256(said.encode()).hexdigest()


def _is_of(record: Path, key: str) -> bool:
    try:
        return bool(json.loads(record.read_text())["key"] == key)
    except (OSError, ValueError, KeyError, TypeError):  # none yet, or no record of ours
        return False


def _measured(file: LabelMapFile, found: NamedDictionary, key: str) -> dict[str, Any]:
    """Measure a label map.

    Raises:
        InputError: It has so many labels that it is an image.
    """
    header, _ = read_head(file.path)
    labels = measure_labels(file.path, found.dictionary)
    refuse_image(label.id for label in labels)
    return {
        "key": key,
        "case_id": file.case_id,
        "file": file.relative.as_posix(),
        "named_by": found.where,
        "volumes": math.prod(header.shape[3:]),
        "labels": [_described(each, header.volume_shape, found.dictionary) for each in labels],
    }


def _described(
    label: LabelStatistics, shape: tuple[int, int, int], dictionary: LabelDictionary
) -> dict[str, Any]:
    """Add to a label's statistics what it is asked for by, and whether the image cuts it off."""
    known = dictionary.get(label.id)
    first, last = label.box
    ends = zip(first, last, shape, strict=True)
    return asdict(label) | {
        "name": label.name or f"label {label.id}",
        "abbreviation": "" if known is None else known.abbreviation,
        "groups": () if known is None else known.groups,
        # an image of one slice has no inside
        "touches_edge": any(n > 1 and (low == 0 or high == n - 1) for low, high, n in ends),
    }
