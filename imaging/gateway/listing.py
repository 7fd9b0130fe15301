"""A folder of the data root as a page, or as JSON for who asks for that."""

import os
import stat
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from imaging.gateway.media import PAGE_POLICY
from imaging.gateway.places import OpenPlace, is_plain, is_served
from imaging.rt.pages.templates import templates_of

MOST_ENTRIES = 10_000
_TEMPLATE = templates_of("imaging.gateway").get_template("folder.html.j2")


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder.

    Attributes:
        name: As it is on disk.
        url: Where it is served, percent-encoded.
        is_folder: Whether it is one, and then it has no size: that would take a walk.
        bytes: Of a file.
        modified: When it last changed, in UTC.
    """

    name: str
    url: str
    is_folder: bool
    bytes: int | None
    modified: str


def entries_of(root: Path, folder: OpenPlace, path: str) -> list[Entry]:
    """List what is served from a folder: folders first, then by name.

    Args:
        root: The data root.
        folder: The open folder.
        path: Its path as it was asked for, without slashes around it.
    """
    with os.scandir(folder.descriptor) as found:
        entries = [
            entry
            for item in found
            if is_plain(item.name) and (entry := _entry(item, folder, path, root))
        ]
    return sorted(entries, key=lambda entry: (not entry.is_folder, entry.name))


def folder_answer(root: Path, folder: OpenPlace, path: str, request: Request) -> Response:
    """Return a page of a folder, or JSON where ``Accept`` asks for that and not for HTML."""
    entries = entries_of(root, folder, path)
    shown, left_out = entries[:MOST_ENTRIES], max(len(entries) - MOST_ENTRIES, 0)
    headers = {"cache-control": "private, no-cache", "vary": "Accept"}
    accepted = request.headers.get("accept", "")
    if "application/json" in accepted and "text/html" not in accepted:
        body = {"path": path, "entries": [asdict(entry) for entry in shown], "left_out": left_out}
        return JSONResponse(body, headers=headers)
    page = _TEMPLATE.render(
        title=folder.name or "Files", steps=_steps(path), entries=shown, left_out=left_out
    )
    return HTMLResponse(page, headers=headers | {"content-security-policy": PAGE_POLICY})


def url_of(path: str) -> str:
    """Return where a path below the data root is served."""
    return "/files/" + quote(path, safe="/")


def _steps(path: str) -> list[dict[str, str]]:
    """Return the folders above, the data root first."""
    parts = path.split("/")[:-1] if path else []
    above = [
        {"name": name, "url": url_of("/".join(parts[: depth + 1])) + "/"}
        for depth, name in enumerate(parts)
    ]
    return [{"name": "files", "url": url_of("")}, *above]


def _entry(item: os.DirEntry[str], folder: OpenPlace, path: str, root: Path) -> Entry | None:
    try:
        if item.is_symlink() and not is_served(root, folder.path / item.name):
            return None
        status = item.stat()
    except OSError:  # gone by now, or a link to nothing
        return None
    is_folder = stat.S_ISDIR(status.st_mode)
    if not is_folder and not stat.S_ISREG(status.st_mode):
        return None
    modified = datetime.fromtimestamp(int(status.st_mtime), UTC)
    return Entry(
        name=item.name,
        url=url_of(f"{path}/{item.name}" if path else item.name) + ("/" if is_folder else ""),
        is_folder=is_folder,
        bytes=None if is_folder else status.st_size,
        modified=modified.strftime("%Y-%m-%d %H:%M:%S"),
    )
