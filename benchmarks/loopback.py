"""The limit: as many bytes as fast as Python gets them from loopback TCP into files.

Run as a program it is the sender: `python -m benchmarks.loopback`, file sizes as JSON on its stdin.
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_BUFFER_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Sender:
    """A process that sends the same bytes to everyone who connects."""

    pid: int
    port: int
    sizes: tuple[int, ...]

    def receive(self, folder: Path) -> None:
        """Take all bytes, and write them to files of their sizes."""
        view = memoryview(bytearray(_BUFFER_BYTES))
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            for number, size in enumerate(self.sizes):
                with (folder / f"{number}.dcm").open("wb", buffering=0) as file:
                    _copy(connection, file.fileno(), size, view)


def _copy(connection: socket.socket, target: int, size: int, view: memoryview) -> None:
    while size:
        got = connection.recv_into(view, min(size, len(view)))
        if not got:
            msg = "the sender went away"
            raise ConnectionError(msg)
        os.write(target, view[:got])
        size -= got


@contextmanager
def sending(sizes: Sequence[int]) -> Iterator[Sender]:
    """Run a sender of files of these sizes, in bytes."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        try:
            assert process.stdin is not None  # noqa: S101 - for the type checker
            assert process.stdout is not None  # noqa: S101 - as above
            process.stdin.write(json.dumps(list(sizes)).encode() + b"\n")
            process.stdin.flush()
            yield Sender(process.pid, int(process.stdout.readline()), tuple(sizes))
        finally:
            process.kill()


def main() -> None:
    """Send the files to one receiver after the other, until killed."""
    sizes: list[int] = json.loads(sys.stdin.readline())
    content = memoryview(os.urandom(max(sizes)))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                for size in sizes:
                    connection.sendall(content[:size])


if __name__ == "__main__":
    main()
