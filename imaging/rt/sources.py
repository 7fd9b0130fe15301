"""A checksum of sources: results and machine code belong to the code that made them."""

import hashlib
from pathlib import Path


def checksum_of(folder: Path, holding: str = "") -> str:
    """Checksum the names and texts of the modules below a folder.

    Args:
        folder: Of a package.
        holding: Modules without this word do not count.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        text = path.read_bytes()
        if holding.encode() in text:
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(text)
    return digest.hexdigest()
