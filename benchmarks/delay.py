"""A long way to a server: passes TCP on, every byte some milliseconds later.

Run as a program it is the way: `python -m benchmarks.delay PORT MILLISECONDS` of the server, and of
the delay in each direction. Bandwidth is not limited, and a connection does not begin slowly, as a
real one would.
"""

import asyncio
import contextlib
import subprocess
import sys
from asyncio import Queue, StreamReader, StreamWriter
from collections.abc import Iterator

_CHUNK_BYTES = 1 << 18
_CHUNKS_ON_THE_WAY = 1 << 8

Chunk = tuple[float, bytes]
"""When it is due, by the clock of the loop, and what; nothing at the end."""


@contextlib.contextmanager
def delayed(port: int, delay_ms: float) -> Iterator[int]:
    """Run a way to a loopback port, in a process of its own; yields the port where it begins."""
    command = [sys.executable, "-m", __name__, str(port), str(delay_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker
            yield int(process.stdout.readline())
        finally:
            process.kill()


class _Way:
    """Passes every connection on to a port."""

    def __init__(self, port: int, delay_s: float) -> None:
        self._port, self._delay_s = port, delay_s

    async def run(self) -> None:
        """Print the port where it begins, and pass on until killed."""
        way = await asyncio.start_server(self._pass_on, "127.0.0.1", 0, limit=_CHUNK_BYTES)
        async with way:
            print(way.sockets[0].getsockname()[1], flush=True)
            await way.serve_forever()

    async def _pass_on(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry one connection, both ways; its opening takes a round trip before any data."""
        await asyncio.sleep(2 * self._delay_s)
        there = await asyncio.open_connection("127.0.0.1", self._port, limit=_CHUNK_BYTES)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, there[1]))
                both.create_task(self._carry(there[0], writer))
        except* ConnectionError:
            pass  # an end that went away, as ends do; the other is closed as well

    async def _carry(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Carry one direction to its end."""
        on_the_way: Queue[Chunk] = Queue(_CHUNKS_ON_THE_WAY)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._take(reader, on_the_way))
                both.create_task(self._give(on_the_way, writer))
        finally:
            writer.close()

    async def _take(self, reader: StreamReader, on_the_way: Queue[Chunk]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            content = await reader.read(_CHUNK_BYTES)
            await on_the_way.put((loop.time() + self._delay_s, content))
            if not content:
                return

    async def _give(self, on_the_way: Queue[Chunk], writer: StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, content = await on_the_way.get()
            await asyncio.sleep(due - loop.time())
            if not content:
                return
            writer.write(content)
            await writer.drain()


if __name__ == "__main__":
    asyncio.run(_Way(int(sys.argv[1]), float(sys.argv[2]) / 1000).run())
