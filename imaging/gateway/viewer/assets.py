"""What the viewer's page is made of, kept in memory."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from imaging.gateway.viewer.niivue import installed_niivue

_PACKAGE = "imaging.gateway.viewer"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the page loads.

    Attributes:
        content: Its bytes.
        media_type: With the character set.
    """

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    """The page and its files.

    Attributes:
        page: The HTML, which is the same whatever is looked at.
        by_name: The files.
        version: Of page and files; it stands in their addresses, so that they may be kept for ever.
    """

    page: bytes
    by_name: Mapping[str, Asset]
    version: str


@lru_cache
def viewer_assets() -> Assets:
    """Put the page together.

    Raises:
        InputError: NiiVue is missing, or not as expected.
    """
    niivue = installed_niivue()
    texts = {"niivue.js": niivue.module, "niivue-license.txt": niivue.licence}
    for file in files(_PACKAGE).joinpath("page").iterdir():
        if file.name.endswith((".css", ".js")):
            texts[file.name] = file.read_text(encoding="utf-8")
    assets = {name: _asset(name, text) for name, text in sorted(texts.items())}
    whole = hashlib.sha256()
    for name, asset in assets.items():
        whole.update(f"{name} {len(asset.content)}\n".encode() + asset.content)
    templates = Environment(
        loader=PackageLoader(_PACKAGE, "page"), autoescape=True, undefined=StrictUndefined
    )
    template = templates.get_template("view.html.j2")
    whole.update(template.render(assets="").encode())
    version = whole.hexdigest()[:16]
    return Assets(template.render(assets=f"viewer/{version}").encode(), assets, version)


def _asset(name: str, text: str) -> Asset:
    return Asset(text.encode(), _TYPES[name[name.rindex(".") :]])
