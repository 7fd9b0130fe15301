"""One run of a release: where to, by which options, under which key."""

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from imaging.dicom import InstanceRow
from imaging.dicom.deidentify import Deidentifier, DeidentifyOptions
from imaging.dicom.deidentify.keyed import ALPHABET
from imaging.dicom.deidentify.subject import patient_pseudonym
from imaging.dicom.deidentify.table import EDITION
from imaging.errors import InputError
from imaging.files import write_json
from imaging.release.place import ReleaseFolder
from imaging.release.reviews import reviewed_instances
from imaging.release.source import ReleasePatient

log = logging.getLogger(__name__)

_VERSION = "2"  # another one makes everything anew
_GROUP = 8
_PSEUDONYM = re.compile(f"P[{ALPHABET}]{{16}}")


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """What the steps of a run share.

    Attributes:
        place: Where everything goes.
        run_id: Marks the records of this run.
        deidentifier: Makes what leaves.
        unsuspecting: The same, without holding back pixels: for what a person has looked at, and
            for what a person is to look at.
        reviewed: Instances that a person has found clean, as `reviews.instance_key` names them.
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

    def mark(self, row: InstanceRow) -> str:
        """Return what tells an original from what it was, or may become, without telling it."""
        said = f"{row.size} {row.fingerprint}"
        return self.deidentifier.keyed.text("source", said, 16)

    def pseudonym(self, patient_id: str) -> str:
        """Return what a PatientID becomes."""
        return patient_pseudonym(patient_id.strip(" \0"), self.deidentifier.keyed)

    def in_groups(self, patient_ids: Sequence[str]) -> list[list[ReleasePatient]]:
        """Share patients out into groups, each a step of its own.

        PatientIDs that differ by the blanks around them are one patient. A patient who is another's
        pseudonym, in this run or in the release, is left out: the archive holds what was released
        from it.
        """
        spelled: dict[str, list[str]] = {}
        for id_ in patient_ids:
            spelled.setdefault(self.pseudonym(id_), []).append(id_)
        known = spelled.keys() | _pseudonyms(self.place)
        patients = [
            ReleasePatient(pseudonym, own)
            for pseudonym, ids in sorted(spelled.items())
            if (own := tuple(id_ for id_ in ids if id_.strip(" \0") not in known))
        ]
        if left_out := len(spelled) - len(patients):
            log.warning("%s patients are left out: they came out of a release", left_out)
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
        reviewed: New SeriesInstanceUIDs found clean: what is held back of them now is released, by
            this and later runs.

    Raises:
        InputError: The release was made of something else, or under another key, or a UID names no
            series of which anything was held back.
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
    clean = reviewed_instances(place, reviewed, before.get("reviewed_instances", []), run_id)
    run = Release(place, run_id, deidentifier, unsuspecting, clean)
    stated = options.model_dump(mode="json")
    write_json(
        place.head,
        {
            **known,
            "options_by_basis": {**before.get("options_by_basis", {}), run.basis: stated},
            "reviewed_instances": sorted(clean),
        },
    )
    return run


def options_of(place: ReleaseFolder) -> dict[str, DeidentifyOptions]:
    """Return by which options the runs of a release worked, by the basis that records state."""
    stated = _head(place).get("options_by_basis", {}).items()
    return {basis: DeidentifyOptions.model_validate(options) for basis, options in stated}


def _pseudonyms(place: ReleaseFolder) -> set[str]:
    """Return whose objects the release holds, or held."""
    names = {path.stem for path in place.all_records()}
    if place.data.is_dir():  # objects without a PatientID have pseudonyms of their own
        names |= {path.name for path in place.data.iterdir()}
    return set(filter(_PSEUDONYM.fullmatch, names))


def _head(place: ReleaseFolder) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(place.head.read_text()) if place.head.exists() else {}
    return head


def _fingerprint(deidentifier: Deidentifier) -> str:
    return deidentifier.keyed.text("fingerprint", "", 16)
