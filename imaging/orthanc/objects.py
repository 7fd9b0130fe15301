"""Reads the objects that a listing must look into, and bears with those that Orthanc cannot give.

Orthanc's simplified tags of an RTSTRUCT cost the server 30 ms; its file costs under 1 ms, and
reading that here 4 ms. A dose is mostly pixels: its tags are cheap, and so are those of an image.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from imaging.dicom.reading import UNREADABLE, reason
from imaging.dicom.references import read_references, references_of
from imaging.dicom.rows import RtReferences
from imaging.errors import DicomError
from imaging.orthanc.answers import NotFoundError, ServerFaultError
from imaging.orthanc.client import OrthancClient

T = TypeVar("T")


class Objects:
    """The objects of one batch; safe to use from several threads."""

    def __init__(self, client: OrthancClient) -> None:
        self._client = client
        self._faults: dict[str, ServerFaultError] = {}
        self._has_given = False

    def judge(self) -> None:
        """Tell one lost file from a lost storage.

        Raises:
            ServerFaultError: Every object asked for ended in a 500.
        """
        if self._faults and not self._has_given:
            raise next(iter(self._faults.values()))

    def has_failed_over(self, orthanc_ids: Iterable[str]) -> bool:
        """Tell whether one of them was asked for and ended in a 500: another time it may not."""
        return not self._faults.keys().isdisjoint(orthanc_ids)

    def all_references(
        self, modality: str, orthanc_ids: Mapping[str, str]
    ) -> tuple[tuple[RtReferences, ...], dict[str, str]]:
        """Read what the RT objects of a series refer to.

        Args:
            modality: RTSTRUCT, RTPLAN or RTDOSE.
            orthanc_ids: Of the objects, by SOPInstanceUID.

        Returns:
            The references of those that can be read, and why the others cannot, by SOPInstanceUID.
        """
        found = {uid: self.references(modality, name) for uid, name in sorted(orthanc_ids.items())}
        readable = tuple(each for each in found.values() if not isinstance(each, str))
        return readable, {uid: each for uid, each in found.items() if isinstance(each, str)}

    def references(self, modality: str, orthanc_id: str) -> RtReferences | str:
        """Read what one RT object refers to, or say why that cannot be told."""
        try:
            found = self._references(modality, orthanc_id)
        except NotFoundError:
            return "gone from the archive since it was listed"
        except ServerFaultError as error:
            self._faults[orthanc_id] = error
            return "the archive fails to give it"
        except DicomError as error:
            found = reason(error)
        except UNREADABLE as error:
            found = f"unreadable ({type(error).__name__})"
        self._has_given = True
        return found

    def tags(self, orthanc_id: str) -> dict[str, Any]:
        """Return the tags of one image, none when Orthanc cannot give it: fetching will tell."""
        try:
            tags = _twice(self._client.tags, orthanc_id)
        except NotFoundError:
            return {}
        except ServerFaultError as error:
            self._faults[orthanc_id] = error
            return {}
        self._has_given = True
        return tags

    def _references(self, modality: str, orthanc_id: str) -> RtReferences | str:
        if modality == "RTDOSE":
            return references_of(_twice(self._client.tags, orthanc_id))
        return read_references(_twice(self._client.file, orthanc_id))


def _twice(ask: Callable[[str], T], orthanc_id: str) -> T:
    """Ask once more when Orthanc fails: some failures are of a moment."""
    try:
        return ask(orthanc_id)
    except ServerFaultError:
        return ask(orthanc_id)
