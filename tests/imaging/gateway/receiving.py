"""A route that only receives, and what is sent to it."""

from fastapi import APIRouter, Request

from imaging.gateway.uploads import Accepted, Uploads
from tests.imaging.gateway.bodies import MULTIPART, multipart

ACCEPTED = Accepted(("file", "other"), ("words",), {"application/dicom": "file"})


def router_of(options, seen=None, fault=None) -> APIRouter:
    """A route that says what it received."""
    router = APIRouter()
    uploads = Uploads(options)

    @router.post("/")
    async def receive(request: Request):
        async with uploads.received(request, ACCEPTED) as received:
            if seen is not None:
                seen.append(received.folder)
            if fault is not None:
                raise fault
            return {
                "files": {
                    name: [path.read_bytes().decode("latin-1") for path in paths]
                    for name, paths in received.files.items()
                },
                "fields": received.fields,
                "names": [path.name for paths in received.files.values() for path in paths],
                "mode": oct(received.folder.stat().st_mode & 0o777),
                "inside": sorted(path.name for path in received.folder.iterdir()),
            }

    return router


def send(client, *parts, content_type=MULTIPART, body=None):
    content = multipart(*parts) if body is None else body
    return client.post("/", content=content, headers={"Content-Type": content_type})
