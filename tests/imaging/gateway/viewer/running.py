"""The gateway itself on a free port of this machine, and a note of what it was asked."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from imaging.gateway.app import make_app
from imaging.gateway.options import GatewayOptions
from tests.imaging.gateway.viewer.heads import GRIDS, head, structures, write

_OPEN = ("/view", "/health", "/favicon.ico")  # what a browser gets without asking for data
# Of all gateways of this process: a browser asks an origin that it knows for no icon.
_PORTS: set[int] = set()
NAMES = {1: "front left", 2: "back right", 3: "top", 4: "bottom"}
COLORS = {1: "#ff0000", 2: "#00ff00", 3: "#0000ff", 4: "#ffff00"}


class Gateway:
    """A gateway and its data root.

    Attributes:
        options: How it was made.
        address: ``http://127.0.0.1:port``.
        asked: The path and the headers of each request for data, in order.
    """

    def __init__(self, root: Path) -> None:
        self.options = GatewayOptions(root)
        self.address = ""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._app: ASGIApp = make_app(self.options)

    @property
    def root(self) -> Path:
        return self.options.data_root

    def view(self, **parameters: str) -> str:
        """The address of the viewer's page."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"{self.address}/view?{query}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_OPEN):
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            self.asked.append((scope["path"], headers))
        await self._app(scope, receive, send)


def fill(root: Path) -> None:
    """Write a head in every grid: ``plain/ct.nii.gz``, ``plain/structures.nii.gz``, its names."""
    table = ["index\tname\tcolor", *(f"{key}\t{NAMES[key]}\t{COLORS[key]}" for key in NAMES)]
    for name, affine in GRIDS.items():
        write(root / name / "ct.nii.gz", head(affine), affine)
        write(root / name / "structures.nii.gz", structures(affine), affine)
        (root / name / "structures.tsv").write_text("\n".join(table) + "\n")


@contextmanager
def serving(gateway: Gateway) -> Iterator[Gateway]:
    """Run it on loopback, on a port that the system chooses and no gateway had before."""
    server = uvicorn.Server(uvicorn.Config(gateway, log_config=None, access_log=False))
    with _new_listener() as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        gateway.address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield gateway
        finally:
            server.should_exit = True
            thread.join(30)


def _new_listener() -> socket.socket:
    while True:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        if port not in _PORTS:
            _PORTS.add(port)
            return listener
        listener.close()
