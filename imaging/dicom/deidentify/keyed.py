"""New identifiers out of old ones, by a secret key: repeatable, and without it not to be undone.

Everything here is HMAC-SHA256 (RFC 2104, FIPS 198-1) of a value under the key, so that processes,
runs and machines agree without a table. Each kind of value has a word of its own in the message: a
PatientID and an AccessionNumber that are spelled alike get nothing in common.
"""

import hmac
import re
import string
from functools import lru_cache
from typing import NoReturn

from imaging.errors import InputError

_LEAST_KEY_BYTES = 32  # as long as the hash is: NIST SP 800-107, 5.3.4
# DICOM's own UIDs name no instance; their numbers are short, and a date would not be.
_OF_STANDARD = re.compile(r"1\.2\.840\.10008(?:\.\d{1,4}){1,10}", re.ASCII)
ALPHABET = "".join(sorted(set(string.digits + string.ascii_uppercase) - set("ILOU")))
_NEAREST_DAY, _FARTHEST_DAY = 30, 3650
_REMEMBERED = 100_000


class Keyed:
    """Maps values under one key.

    Raises:
        InputError: The key is shorter than 32 bytes.
    """

    def __init__(self, key: bytes | str) -> None:
        """Take the key; text is its UTF-8.

        Args:
            key: At least 32 bytes that nobody can guess.
        """
        # Of a number, bytes() would make that many zeros.
        self._key = key.encode() if isinstance(key, str) else b"" + key
        if len(self._key) < _LEAST_KEY_BYTES:
            msg = f"a key of {len(self._key)} bytes can be guessed; {_LEAST_KEY_BYTES} are needed"
            raise InputError(msg)
        self.uid = lru_cache(_REMEMBERED)(self._uid)

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: what holds the key must not end in a file."""
        msg = "it holds the project's key, and is made anew where it is needed"
        raise TypeError(msg)

    def digest(self, kind: str, value: str) -> bytes:
        """Return the 32 bytes that stand for a value of a kind."""
        return hmac.digest(self._key, f"{kind}:{value}".encode("utf-8", "surrogatepass"), "sha256")

    def text(self, kind: str, value: str, length: int) -> str:
        """Return letters and digits that stand for a value, 5 bits each; at most 32 of them."""
        digest = self.digest(kind, value)
        return "".join(ALPHABET[byte & 31] for byte in digest[:length])

    def days(self, patient: str) -> int:
        """Return by how many days the dates of a patient move: 30 to 3650, into the past."""
        number = int.from_bytes(self.digest("days", patient)[:8], "big")
        return -(_NEAREST_DAY + number % (_FARTHEST_DAY - _NEAREST_DAY + 1))

    def _uid(self, uid: str) -> str:
        """Return the UID that stands for a UID: ``2.25.`` and a UUID as a number (PS3.5, B.2).

        UIDs of the standard itself (SOP classes, transfer syntaxes) and "" stay as they are.
        """
        bare = uid.strip("\0 ")
        if not bare or is_of_standard(bare):
            return bare
        number = int.from_bytes(self.digest("uid", bare)[:16], "big")
        number = number & ~(0xF << 76) | 4 << 76  # version and variant of a UUID (RFC 9562, 5.4)
        number = number & ~(3 << 62) | 2 << 62
        return f"2.25.{number}"


def is_of_standard(uid: str) -> bool:
    """Whether a UID is one of DICOM's own, as those of SOP classes are."""
    return _OF_STANDARD.fullmatch(uid) is not None
