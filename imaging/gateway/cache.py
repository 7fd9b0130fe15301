"""Results on disk that are costly to make and cheap to keep: each built once, the oldest dropped.

A result is a folder named by its key. It gets that name when all of it is there, so that what is
under a name is whole, for two gateways on one data root too.
"""

import asyncio
import os
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from tempfile import mkdtemp

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from imaging.gateway.places import OpenPlace

Build = Callable[[Path], None]  # writes the files of a result into an empty folder

_PART, _GONE = ".part-", ".gone-"
_YOUNG_S = 60.0  # a stray may be one that another gateway has made and not yet locked
_MOST_WAITING = 32
_RETRY_AFTER = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True)
class _Result:
    path: Path
    bytes: int
    used_ns: int


class ResultCache:
    """Builds results in threads of its own, and keeps those that were asked for last.

    Args:
        folder: Where they are kept; nothing else is in it.
        most_bytes: What they may take together.
        threads: How many are built at a time.
        most_waiting: How many may wait for that; more are told to come again.
    """

    def __init__(
        self, folder: Path, most_bytes: int, threads: int, most_waiting: int = _MOST_WAITING
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_jobs = threads + most_waiting
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="results")
        self._jobs: dict[str, Future[None]] = {}
        self._lock = threading.Lock()  # of the jobs: held for moments, as the event loop waits
        self._room = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._clean()

    async def opened(
        self, key: str, names: Sequence[str], prepare: Callable[[], Build]
    ) -> list[OpenPlace]:
        """Open files of a result, which is built before if it is not there.

        Whoever asks for a result that is being built waits for it. It is built to its end though
        all of these went away. An open file can be read though the result is dropped meanwhile.

        Args:
            key: Letters and digits that stand for all that the result depends on.
            names: Of its files.
            prepare: Called if it must be built, while the caller waits.

        Returns:
            The files, in the order of ``names``, for the caller to close.

        Raises:
            HTTPException: 503, when too many wait; 507, for a result that is larger than the cache.
        """
        for _ in range(3):  # it may be dropped between being built and being opened
            found = await run_in_threadpool(self._open, key, names)
            if found:
                return found
            await asyncio.shield(asyncio.wrap_future(self._job(key, prepare)))
        raise HTTPException(503, "The disk for results is too small for so many", _RETRY_AFTER)

    def close(self) -> None:
        """Wait for what is being built, and forget what waits."""
        self._threads.shutdown(cancel_futures=True)

    def _job(self, key: str, prepare: Callable[[], Build]) -> "Future[None]":
        with self._lock:
            if (job := self._jobs.get(key)) is not None:
                return job
            if len(self._jobs) >= self._most_jobs:
                raise HTTPException(503, "Too many results are being made", _RETRY_AFTER)
            job = self._submitted(key, prepare())
            self._jobs[key] = job
        job.add_done_callback(lambda _: self._jobs.pop(key, None))  # at once, if it is done by now
        return job

    def _submitted(self, key: str, build: Build) -> "Future[None]":
        try:
            return self._threads.submit(self._build, key, build)
        except RuntimeError:
            raise HTTPException(503, "The gateway is about to end") from None

    def _build(self, key: str, build: Build) -> None:
        part = Path(mkdtemp(prefix=_PART, dir=self._folder))
        lock = os.open(part, os.O_RDONLY | os.O_DIRECTORY)
        try:
            flock(lock, LOCK_EX)  # says that somebody is at work here
            build(part)
            self._make_room(_bytes_of(part))
            self._name(part, self._folder / key)
        finally:
            os.close(lock)
            shutil.rmtree(part, ignore_errors=True)

    def _name(self, part: Path, result: Path) -> None:
        try:
            part.rename(result)
        except OSError:
            if not result.exists():  # else another gateway was first, and its result is as good
                raise

    def _open(self, key: str, names: Sequence[str]) -> list[OpenPlace]:
        """Open all files of a result, or none."""
        place = self._folder / key
        files: list[OpenPlace] = []
        try:
            for name in names:
                descriptor = os.open(place / name, os.O_RDONLY | os.O_CLOEXEC)
                files.append(OpenPlace(descriptor, os.fstat(descriptor), name, place / name))
            os.utime(place)
        except FileNotFoundError:
            for file in files:
                file.close()
            return []
        return files

    def _make_room(self, wanted: int) -> None:
        if wanted > self._most_bytes:
            raise HTTPException(507, "The result is larger than all room for results")
        with self._room:
            results = sorted(self._results(), key=lambda result: result.used_ns)
            too_much = sum(result.bytes for result in results) + wanted - self._most_bytes
            for result in results:
                if too_much <= 0:
                    return
                self._drop(result.path)
                too_much -= result.bytes

    def _results(self) -> list[_Result]:
        found = []
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):  # dropped by another gateway
                if not path.name.startswith("."):
                    found.append(_Result(path, _bytes_of(path), path.stat().st_mtime_ns))
        return found

    def _drop(self, result: Path) -> None:
        """Take a result away under its name at once, so that nobody finds half of it."""
        gone = Path(mkdtemp(prefix=_GONE, dir=self._folder))
        with suppress(OSError):  # another gateway dropped it
            result.rename(gone / result.name)
        shutil.rmtree(gone, ignore_errors=True)

    def _clean(self) -> None:
        """Remove what a gateway left that was killed."""
        for path in [*self._folder.glob(f"{_PART}*"), *self._folder.glob(f"{_GONE}*")]:
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _YOUNG_S and not _is_locked(path):
                    shutil.rmtree(path)


def _bytes_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def _is_locked(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
