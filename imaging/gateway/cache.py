"""Results on disk that are costly to make and cheap to keep: each built once, the oldest dropped.

A result is a folder named by its key. It gets that name when all of it is there, so that what is
under a name is whole, for two gateways on one data root too.
"""

import asyncio
import json
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
from secrets import token_hex
from tempfile import mkdtemp

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from imaging.gateway.faults import FULL
from imaging.gateway.places import OpenPlace

Write = Callable[[Path], object]
_SIZES = ".sizes.json"  # of a result's files; it is one of them, and is not counted
_PART, _GONE = ".part-", ".gone-"
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_YOUNG_S = 60.0  # a stray may be one that another gateway has made and not yet locked
_MOST_WAITING = 32
_RETRY_AFTER = {"Retry-After": "5"}


@dataclass(frozen=True, slots=True)
class Build:
    """How a result is made.

    Attributes:
        write: Writes its files into an empty folder.
        close: Called when that is over, or when it never began.
    """

    write: Write
    close: Callable[[], object]


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
            job = self._threads.submit(self._build, key, build.write)
        except RuntimeError:
            build.close()
            raise HTTPException(503, "The gateway is about to end") from None
        job.add_done_callback(lambda _: build.close())
        return job

    def _build(self, key: str, write: Write) -> None:
        """Build a result, on a full disk in place of all others: they can be made again."""
        try:
            self._build_once(key, write)
        except OSError as error:
            if error.errno not in FULL:
                raise
            with self._room:
                self._make_room(self._most_bytes)
            self._build_once(key, write)

    def _build_once(self, key: str, write: Write) -> None:
        if (self._folder / key).exists():  # made since it was looked for; it is looked at again
            return
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # people empty a disk by hand
        part = Path(mkdtemp(prefix=_PART, dir=self._folder))
        lock = os.open(part, os.O_RDONLY | os.O_DIRECTORY)
        try:
            flock(lock, LOCK_EX)  # says that somebody is at work here
            write(part)
            _note_sizes(part)
            self._keep(part, self._folder / key)
        finally:
            os.close(lock)
            shutil.rmtree(part, ignore_errors=True)

    def _keep(self, part: Path, result: Path) -> None:
        """Make room for a result and name it, one at a time, so that all together fit."""
        wanted = _bytes_of(part)
        if wanted > self._most_bytes:
            raise HTTPException(507, "The result is larger than all room for results")
        with self._room:
            self._make_room(wanted)
            try:
                part.rename(result)
            except OSError:
                if not result.exists():  # else another gateway was first, and its is as good
                    raise

    def _open(self, key: str, names: Sequence[str]) -> list[OpenPlace]:
        """Open all files of a result, or none; drop one of which a part is gone or cut off.

        A power cut leaves such, as a name can be on disk before the content is.
        """
        place = self._folder / key
        files: list[OpenPlace] = []
        with suppress(FileNotFoundError):
            os.utime(place)  # here it ends where there is none
            with suppress(FileNotFoundError):
                files.extend(_opened(place / name) for name in names)
            if len(files) == len(names) and _are_whole(place, files):
                return files
            self._drop(place)
        for file in files:
            file.close()
        return []

    def _make_room(self, wanted: int) -> None:
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
        gone = self._folder / f"{_GONE}{token_hex(8)}"
        with suppress(OSError):  # another gateway dropped it
            result.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _clean(self) -> None:
        """Remove what a gateway left that was killed."""
        for path in [*self._folder.glob(f"{_PART}*"), *self._folder.glob(f"{_GONE}*")]:
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _YOUNG_S and not _is_locked(path):
                    shutil.rmtree(path)


def _opened(path: Path) -> OpenPlace:
    descriptor = os.open(path, _FILE)
    return OpenPlace(descriptor, os.fstat(descriptor), path.name, path)


def _note_sizes(folder: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    (folder / _SIZES).write_text(json.dumps(sizes))


def _are_whole(folder: Path, files: Sequence[OpenPlace]) -> bool:
    """Say whether files have the sizes that they were given their name with."""
    try:
        sizes = json.loads((folder / _SIZES).read_bytes())
        return all(file.status.st_size == sizes[file.name] for file in files)
    except (OSError, ValueError, KeyError):
        return False


def _bytes_of(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.name != _SIZES)


def _is_locked(folder: Path) -> bool:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
