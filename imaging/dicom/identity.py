"""Whom a PatientID means, blanks around it apart (PS3.5, 6.2, LO), and which names are others."""

from collections.abc import Collection, Iterable

_BLANK = " "  # the only character that DICOM pads with


def different_names(first: str, others: Iterable[str]) -> tuple[str, ...]:
    """Return the PatientNames that are not the same name, sorted; "" is none.

    Only the first group, before any "=", tells names apart (PS3.5, 6.2.1): RT systems drop the
    groups in other scripts, and programs decode those differently.

    Args:
        first: The name that stands for all others of its first group.
        others: Further names.
    """
    found: dict[str, str] = {}
    for name in filter(None, (first, *sorted(others))):
        found.setdefault(name.partition("=")[0].rstrip("^ ") or name, name)
    return tuple(sorted(found.values()))


def different_dates(dates: Iterable[str]) -> tuple[str, ...]:
    """Return each date once, sorted; "" is none."""
    return tuple(sorted({*dates} - {""}))


def without_padding(patient_id: str) -> str:
    """Return a PatientID without the blanks around it."""
    return patient_id.strip(_BLANK)


class HeldIds:
    """The PatientIDs that an archive holds, some perhaps with blanks around them.

    Orthanc keeps the blanks before a PatientID, so that " X" and "X" are two patients there. Each
    is found by its own spelling, and the first also as "X" where no patient is spelled so.
    """

    def __init__(self, held: Collection[str]) -> None:
        """Remember the ids.

        Args:
            held: As the archive spells them; quick to look one up in, and not copied.
        """
        self._held = held
        self._padded: dict[str, list[str]] = {}
        for patient_id in held:
            if (bare := without_padding(patient_id)) != patient_id:
                self._padded.setdefault(bare, []).append(patient_id)

    def meant_by(self, asked: str) -> list[str]:
        """Return the ids that a person means: one as a rule, none where the archive lacks it.

        Several come back where they differ in blanks only and none is spelled as asked: which of
        them is meant cannot be told.
        """
        for spelling in (asked, without_padding(asked)):
            if spelling in self._held:
                return [spelling]
        return sorted(self._padded.get(without_padding(asked), []))
