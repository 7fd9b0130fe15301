"""three.js, out of the installed package that carries it."""

import hashlib
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from imaging.errors import InputError

_PACKAGE = "trimesh"
_ARCHIVE, _PAGE = "trimesh/resources/templates/viewer.zip", "viewer.html.template"
_SHA256 = (
    "b8abf9252163bc9b1a22e7c465bd01cbc795983394c8bb84525926f79e26a91c"  # pragma: allowlist secret
)
_START, _END = "<script>", "THREE.GLTFLoader=GLTFLoader;})();"  # after it, trimesh's own viewer
_OTHER = f"The three.js of {_PACKAGE} is not the expected one: install what requirements.lock lists"


@dataclass(frozen=True, slots=True)
class Three:
    """What a page needs of three.js.

    Attributes:
        script: It defines ``THREE``, with ``TrackballControls`` and ``GLTFLoader``.
        licence: The text that goes with it.
    """

    script: str
    licence: str


@lru_cache
def installed_three() -> Three:
    """Read three.js (release 140) from the package that the lock pins; nothing is written.

    Raises:
        InputError: The package is missing, or carries another.
    """
    try:
        package = distribution(_PACKAGE)
    except PackageNotFoundError:
        msg = f"{_PACKAGE} is not installed: install what requirements.lock lists"
        raise InputError(msg) from None
    try:
        with zipfile.ZipFile(Path(str(package.locate_file(_ARCHIVE)))) as archive:
            page = archive.read(_PAGE)
    except (OSError, KeyError, zipfile.BadZipFile):
        raise InputError(_OTHER) from None
    licences = [file for file in package.files or () if file.name.startswith("LICENSE")]
    return Three(script_of(page), "\n".join(file.read_text() for file in licences))


def script_of(page: bytes, expected: str = _SHA256) -> str:
    """Take the library out of trimesh's page, and leave what trimesh does with it.

    Args:
        page: The page.
        expected: Its SHA-256.

    Raises:
        InputError: It is another page.
    """
    if hashlib.sha256(page).hexdigest() != expected:
        raise InputError(_OTHER)
    text = page.decode()
    if text.count(_START) != 1 or text.count(_END) != 1:
        raise InputError(_OTHER)
    return text[text.index(_START) + len(_START) : text.index(_END) + len(_END)]
