"""Who became whom, encrypted: the one file by which a pseudonym leads back to a patient.

The rows are encrypted and authenticated by Fernet (AES-128-CBC, HMAC-SHA256) under a key that
scrypt (RFC 7914) makes of a passphrase and a salt. The salt is stored before them, so that the
passphrase alone opens the file.

``python -m imaging.dicom.crosswalk FILE`` prints the rows as CSV.
"""

import argparse
import base64
import csv
import getpass
import io
import json
import os
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from imaging.errors import InputError
from imaging.files import held, write_whole

KEY_VARIABLE = "IMAGING_CROSSWALK_KEY"

_USE = "Print who became whom. The passphrase is asked for, or taken from IMAGING_CROSSWALK_KEY."
_HEAD = b"IMAGING-CROSSWALK-1\n"
_SALT_BYTES = 16
_LEAST_KEY = 16
_MEMORY_COST, _BLOCK, _PASSES = 1 << 15, 8, 3  # 32 MB and a quarter of a second for each guess


class CrosswalkRow(NamedTuple):
    """One identifier and what it became.

    Attributes:
        kind: What it identifies: ``patient``, ``study`` and so on.
        original: As the source has it.
        pseudonym: As the output has it.
    """

    kind: str
    original: str
    pseudonym: str


class Crosswalk:
    """Collects rows, and adds them to a file."""

    def __init__(self, rows: Iterable[tuple[str, str, str]] = ()) -> None:
        """Start with some rows."""
        self._rows = {CrosswalkRow(*row) for row in rows}

    @property
    def rows(self) -> list[CrosswalkRow]:
        """The rows, each once, sorted."""
        return sorted(self._rows)

    def add(self, kind: str, original: str, pseudonym: str) -> None:
        """Note what an identifier became."""
        self._rows.add(CrosswalkRow(kind, original, pseudonym))

    def write(self, path: Path, key: bytes | str, *, beside: Path) -> None:
        """Write the rows, and those that the file holds already; only its owner may read it.

        Args:
            path: The file.
            key: The passphrase, at least 16 characters.
            beside: The folder of the de-identified data, which must not lead to the file.

        Raises:
            InputError: The file would lie with the data, the passphrase is too short or does not
                open the file that is there, or another process writes it. It stays as it is.
            OSError: The file cannot be written.
        """
        secret = _secret(key)
        _check_apart(path, beside)
        with held(path.with_name(f".{path.name}.lock"), InputError("the crosswalk is in use")):
            known = read(path, key) if path.exists() else []
            rows = sorted(self._rows.union(known))
            salt = os.urandom(_SALT_BYTES)
            token = Fernet(_derived(secret, salt)).encrypt(json.dumps(rows).encode())
            write_whole(path, _HEAD + salt + token).chmod(0o600)


def read(path: Path, key: bytes | str) -> list[CrosswalkRow]:
    """Return the rows of a file, sorted.

    Raises:
        InputError: It is no crosswalk, or the passphrase does not open it.
        OSError: It cannot be read.
    """
    secret = _secret(key)
    content = path.read_bytes()
    if not content.startswith(_HEAD):
        msg = "the file is no crosswalk"
        raise InputError(msg)
    start = len(_HEAD) + _SALT_BYTES
    fernet = Fernet(_derived(secret, content[len(_HEAD) : start]))
    try:
        rows = json.loads(fernet.decrypt(content[start:]))
    except InvalidToken:
        msg = "the passphrase does not open the crosswalk, or the file is damaged"
        raise InputError(msg) from None
    return [CrosswalkRow(*row) for row in rows]


def main(arguments: list[str] | None = None) -> int:
    """Ask for the passphrase, print the rows as CSV, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m imaging.dicom.crosswalk", description=_USE)
    parser.add_argument("file", type=Path, help="the crosswalk")
    file = parser.parse_args(arguments).file
    try:
        rows = read(file, os.environ.get(KEY_VARIABLE) or getpass.getpass("Passphrase: "))
    except (InputError, OSError) as error:
        reason = error if isinstance(error, InputError) else error.strerror
        sys.stderr.write(f"error: {reason}\n")
        return 2
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([CrosswalkRow._fields, *rows])
    sys.stdout.write(written.getvalue().encode("utf-8", "backslashreplace").decode())
    return 0


def _secret(key: bytes | str) -> bytes:
    """Return the passphrase as bytes, the same however its accents were typed."""
    secret = unicodedata.normalize("NFKC", key).encode() if isinstance(key, str) else bytes(key)
    if len(secret) < _LEAST_KEY:
        msg = f"the crosswalk's passphrase must have at least {_LEAST_KEY} characters"
        raise InputError(msg)
    return secret


def _derived(secret: bytes, salt: bytes) -> bytes:
    scrypt = Scrypt(salt=salt, length=32, n=_MEMORY_COST, r=_BLOCK, p=_PASSES)
    return base64.urlsafe_b64encode(scrypt.derive(secret))


def _check_apart(path: Path, beside: Path) -> None:
    """Refuse a place that goes along when the data, or the folder that they are in, is copied."""
    folder, data = path.resolve().parent, beside.resolve()
    if folder == data.parent or folder.is_relative_to(data):
        msg = "the crosswalk must not lie in the folder of the data, nor next to it"
        raise InputError(msg)


if __name__ == "__main__":
    sys.exit(main())
