"""Which PatientID of an archive a person means: blanks around one do not count (PS3.5, 6.2, LO)."""

from collections.abc import Collection

_BLANK = " "  # the only character that DICOM pads with


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
