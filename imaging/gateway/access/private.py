"""Files of the gateway's own that only its owner may read."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

_KEY_BYTES = 32


def private_folder(folder: Path) -> Path:
    """Make a folder for its owner only; one that is open to others is closed to them."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    return folder


def write_private(target: Path, content: bytes) -> None:
    """Write a file that at no moment another may read, wholly or not at all."""
    private_folder(target.parent)
    with NamedTemporaryFile(dir=target.parent, prefix=".", suffix=".part", delete=False) as handle:
        part = Path(handle.name)  # made 0600
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())  # what was revoked stays so after a power cut
    try:
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def kept_key(path: Path) -> bytes:
    """Return the random key that a file keeps; it is made at first use.

    Two processes that start together agree on it: a key is linked into place whole, and the second
    link is refused.
    """
    if not path.exists():
        fresh = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
        write_private(fresh, secrets.token_bytes(_KEY_BYTES))
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_bytes()
