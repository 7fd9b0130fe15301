"""Contact sheets, small enough to be shown inside Prefect's UI."""

from base64 import b64encode
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from PIL import Image

from imaging.volumes import PICTURES

_WIDTH = 560
_QUALITY = 60
_BYTES = 80_000  # of all pictures: the UI's list page loads every artifact whole


def sheets_as_markdown(folders: Iterable[Path]) -> str:
    """Return contact sheets as pictures in markdown, as many as fit; "" where there are none.

    Args:
        folders: Of cases, in the order wanted; their names are shown.
    """
    lines: list[str] = []
    room = _BYTES
    for folder in folders:
        sheet = folder / PICTURES
        if not sheet.exists():
            continue
        picture = b64encode(_small(sheet)).decode()
        if len(picture) > room:
            break
        room -= len(picture)
        lines += [f"**{folder.name}**", "", f"![ROIs](data:image/jpeg;base64,{picture})", ""]
    return "\n".join(lines)


def _small(sheet: Path) -> bytes:
    with Image.open(sheet) as image:
        small = image.convert("RGB")
        small.thumbnail((_WIDTH, _WIDTH * 10))
    content = BytesIO()
    small.save(content, "JPEG", quality=_QUALITY)
    return content.getvalue()
