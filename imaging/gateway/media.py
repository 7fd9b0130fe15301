"""What a browser is told of a file: its type, its name, and what its scripts may do."""

import mimetypes
from types import MappingProxyType
from urllib.parse import quote

_BINARY = "application/octet-stream"
_TYPES = MappingProxyType(
    {
        ".csv": "text/csv; charset=utf-8",
        ".dcm": "application/dicom",
        ".glb": "model/gltf-binary",
        ".gltf": "model/gltf+json",
        ".gz": "application/gzip",  # never as Content-Encoding: the file would arrive unpacked
        ".hdr": _BINARY,
        ".htm": "text/html; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".img": _BINARY,
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".jsonl": "application/jsonl",
        ".log": "text/plain; charset=utf-8",
        ".md": "text/markdown; charset=utf-8",
        ".nii": _BINARY,
        ".parquet": "application/vnd.apache.parquet",
        ".stl": "model/stl",
        ".svg": "image/svg+xml",
        ".tsv": "text/tab-separated-values; charset=utf-8",
        ".txt": "text/plain; charset=utf-8",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xml": "application/xml",
    }
)
_SHOWN = ("image/", "text/plain", "text/csv", "text/tab", "text/markdown", "text/html")
_SHOWN_TOO = frozenset({"application/json", "application/jsonl", "application/pdf"})
_ACTIVE = ("text/html", "image/svg", "application/xhtml", "application/xml", "text/xml")

# Of pages of the gateway's own that need no script; the picture is the icon.
PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)

# A report of ours draws with scripts of its own. It gets an origin of its own too: there it reads
# nothing of this server, keeps nothing and sends nothing on.
SANDBOX = (
    "sandbox allow-scripts allow-downloads; default-src 'none'; "
    "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; form-action 'none'; base-uri 'none'"
)


def media_type(name: str) -> str:
    """Return the type of a file by its name."""
    suffix = "." + name.lower().rpartition(".")[2]
    if suffix in _TYPES:
        return _TYPES[suffix]
    guessed, encoding = mimetypes.guess_type(f"name{suffix}", strict=True)
    return guessed if guessed and not encoding else _BINARY


def headers_of(name: str) -> dict[str, str]:
    """Return the headers that say how a browser may treat a file of this name."""
    kind = media_type(name)
    is_shown = kind.startswith(_SHOWN) or kind in _SHOWN_TOO
    headers = {
        "content-type": kind,
        "content-disposition": disposition(name, is_shown=is_shown),
        "cache-control": "private, no-cache",
        "x-content-type-options": "nosniff",
    }
    if kind.startswith(_ACTIVE):
        headers["content-security-policy"] = SANDBOX
    return headers


def disposition(name: str, *, is_shown: bool = False) -> str:
    """Return the Content-Disposition for a file name of any letters, as RFC 6266 writes it."""
    kind = "inline" if is_shown else "attachment"
    if all(letter.isascii() and (letter.isalnum() or letter in " ._-") for letter in name):
        return f'{kind}; filename="{name}"'
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}"
