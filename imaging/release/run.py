"""One run of a release: where to, by which options, under which key."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from imaging.dicom import InstanceRow
from imaging.dicom.deidentify import Deidentifier, DeidentifyOptions
from imaging.dicom.deidentify.subject import patient_pseudonym
from imaging.dicom.deidentify.table import EDITION
from imaging.errors import InputError
from imaging.files import write_json
from imaging.release.place import ReleaseFolder
from imaging.release.source import ReleasePatient

_VERSION = "1"  # another one makes everything anew
_GROUP = 8


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """What the steps of a run share.

    Attributes:
        place: Where everything goes.
        run_id: Marks the records of this run.
        deidentifier: Makes what leaves.
        unsuspecting: The same, without holding back pixels: for what a person has looked at, and
            for what a person is to look at.
        reviewed: New SeriesInstanceUIDs that a person has found clean.
    """

    place: ReleaseFolder
    run_id: str
    deidentifier: Deidentifier
    unsuspecting: Deidentifier
    reviewed: frozenset[str] = frozenset()

    @property
    def options(self) -> DeidentifyOptions:
        """What is kept beyond the profile."""
        return self.deidentifier.options

    @property
    def basis(self) -> str:
        """What the output rests on beside the originals, as a digest."""
        options = json.dumps(self.options.model_dump(mode="json"), sort_keys=True)
        said = "\n".join([_VERSION, EDITION, _fingerprint(self.deidentifier), options])
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def mark(self, row: InstanceRow, *, is_reviewed: bool) -> str:
        """Return what tells an original from what it was, or may become, without telling it."""
        said = f"{row.size} {row.fingerprint} {is_reviewed}"
        return self.deidentifier.keyed.text("source", said, 16)

    def pseudonym(self, patient_id: str) -> str:
        """Return what a PatientID becomes."""
        return patient_pseudonym(patient_id.strip(" \0"), self.deidentifier.keyed)

    def in_groups(self, patient_ids: Sequence[str]) -> list[list[ReleasePatient]]:
        """Share patients out into groups, each a step of its own.

        PatientIDs that differ by the blanks around them are one patient. A patient who is another's
        pseudonym is left out: the archive holds what was released from it.
        """
        spelled: dict[str, list[str]] = {}
        for id_ in patient_ids:
            spelled.setdefault(self.pseudonym(id_), []).append(id_)
        patients = [
            ReleasePatient(pseudonym, own)
            for pseudonym, ids in sorted(spelled.items())
            if (own := tuple(id_ for id_ in ids if id_ not in spelled))
        ]
        size = min(_GROUP, -(-len(patients) // _GROUP)) or 1
        return [patients[start : start + size] for start in range(0, len(patients), size)]


def open_release(  # noqa: PLR0913 - what a release is, once
    place: ReleaseFolder,
    key: bytes,
    options: DeidentifyOptions,
    run_id: str,
    *,
    made_of: str,
    reviewed: Iterable[str] = (),
) -> Release:
    """Begin a run of a release; the place is held already.

    Args:
        place: Where everything goes.
        key: The secret behind the pseudonyms.
        options: What is kept beyond the profile.
        run_id: Marks the records of this run.
        made_of: What the originals are; a release keeps to it.
        reviewed: New SeriesInstanceUIDs found clean; later runs keep to them.

    Raises:
        InputError: The release was made of something else, or under another key.
    """
    wanted = options.model_dump()
    deidentifier = Deidentifier(key, **wanted)
    unsuspecting = Deidentifier(key, **{**wanted, "hold_back_pixels": False})
    before = _head(place)
    known: dict[str, Any] = {"key": _fingerprint(deidentifier), "made_of": made_of}
    if any(before.get(name, own) != own for name, own in known.items()):
        msg = (
            f"the release {place.name} was made under another key, or of something else than"
            f" {made_of}: take another name"
        )
        raise InputError(msg)
    given = (uid.strip() for uid in reviewed)
    clean = frozenset(before.get("reviewed_series", [])).union(filter(None, given))
    write_json(
        place.head,
        {**known, "options": options.model_dump(mode="json"), "reviewed_series": sorted(clean)},
    )
    return Release(place, run_id, deidentifier, unsuspecting, clean)


def _head(place: ReleaseFolder) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(place.head.read_text()) if place.head.exists() else {}
    return head


def _fingerprint(deidentifier: Deidentifier) -> str:
    return deidentifier.keyed.text("fingerprint", "", 16)
