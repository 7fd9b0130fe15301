"""Instances from Orthanc to disk: each file whole or absent, and none of them held in memory."""

import errno
import os
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol
from urllib.parse import quote

from imaging.dicom.arrival import Outcome, arriving, instance_uid, names_a_file
from imaging.dicom.rows import InstanceRow, SeriesRow
from imaging.errors import DicomError, InstanceGoneError, RemoteUnavailableError
from imaging.orthanc.answers import NotFoundError, ServerFaultError
from imaging.orthanc.client import OrthancClient
from imaging.orthanc.multipart import boundary_of, read_parts

_BUFFER_BYTES = 1 << 20  # a CT slice in one piece
_CONNECTIONS = 2  # more never helped: by then the server and the disk are busy
# Any transfer syntax, that is, the bytes as stored; by default the server would decompress them.
_WADO_ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class Source(Protocol):
    """Bytes on their way: the body of an answer, or one part of it."""

    def readinto(self, view: memoryview) -> int:
        """Fill ``view``; less than its length only at the end."""
        ...


def stream_series(
    client: OrthancClient, series: SeriesRow, folder: Path, rows: Sequence[InstanceRow]
) -> Generator[Outcome, None, None]:
    """Write instances out of one stream of their whole series (WADO-RS: DICOM PS3.18, 10.4).

    A part that is not as listed is passed over: asking for that instance alone tells what is wrong.

    Yields:
        Each row and its file, once the file has its name. A row that comes again was found twice:
        the same UIDs in two patients, and only its Orthanc id tells which is meant.

    Raises:
        BrokenMultipartError: The stream ended early, or is none.
        RemoteUnavailableError: The connection broke.
        RemoteRejectedError: The server has no WADO-RS, or not for this series.
    """
    wanted = {row.sop_instance_uid: row for row in rows if names_a_file(row.sop_instance_uid)}
    known = {row.sop_instance_uid for row in series.instances}
    study, name = quote(series.study_instance_uid), quote(series.series_instance_uid)
    path = f"/dicom-web/studies/{study}/series/{name}"
    buffer = memoryview(bytearray(_BUFFER_BYTES))
    with client.stream(path, _WADO_ACCEPT) as body:
        for part in read_parts(body, boundary_of(body.content_type)):
            head = buffer[: part.readinto(buffer)]
            row = wanted.get(instance_uid(head, known))
            if row is not None and row.size == part.size:
                yield row, _write(part, head, buffer, row, folder)


def fetch_each(
    client: OrthancClient, folder: Path, rows: Sequence[InstanceRow]
) -> Generator[Outcome, None, None]:
    """Write instances one request each, over a few connections, in the order of ``rows``.

    Yields:
        Each row with its file, or with what is wrong with it: InstanceGoneError, DicomError when it
        is not what was listed, ServerFaultError when Orthanc failed over it alone.

    Raises:
        RemoteUnavailableError, RemoteRejectedError, SettingError: No use to go on.
    """
    buffers: SimpleQueue[memoryview] = SimpleQueue()
    for _ in range(_CONNECTIONS):
        buffers.put(memoryview(bytearray(_BUFFER_BYTES)))
    if len(rows) <= 1:  # most RT objects: threads would cost more than the request
        yield from (_fetch(client, row, folder, buffers) for row in rows)
        return
    with ThreadPoolExecutor(_CONNECTIONS, "orthanc-fetch") as pool:
        pending = [pool.submit(_fetch, client, row, folder, buffers) for row in rows]
        try:
            for future in pending:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _fetch(
    client: OrthancClient, row: InstanceRow, folder: Path, buffers: SimpleQueue[memoryview]
) -> Outcome:
    buffer = buffers.get()
    try:
        with client.stream_file(row.locator) as body:
            head = buffer[: body.readinto(buffer)]
            _check(row, head, body.length)
            return row, _write(body, head, buffer, row, folder)
    except NotFoundError:
        return row, InstanceGoneError([row.sop_instance_uid])
    except (DicomError, ServerFaultError) as error:
        return row, error
    finally:
        buffers.put(buffer)


def _check(row: InstanceRow, head: memoryview, length: int | None) -> None:
    """Compare what is announced and what its first bytes say with what was listed."""
    uid = row.sop_instance_uid
    if length not in {None, row.size}:
        msg = f"listed with {row.size} bytes, now it has {length}"
        raise DicomError(uid, msg)
    if instance_uid(head, {uid}) != uid:
        msg = "another instance, or no DICOM file, came in its place"
        raise DicomError(uid, msg)


def _write(
    source: Source, head: memoryview, buffer: memoryview, row: InstanceRow, folder: Path
) -> Path:
    """Write ``head`` and what follows it; the file has its name only when its size is right.

    Args:
        source: The rest of the bytes.
        head: The bytes read already; may lie in ``buffer``.
        buffer: Reused for every piece.
        row: What was listed.
        folder: Where the file goes.
    """
    size = len(head)
    with arriving(row, folder) as (part, target):
        with part.open("wb", buffering=0) as file:
            file.write(head)
            while got := source.readinto(buffer):
                size += got
                file.write(buffer[:got])
            if file.tell() != size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(part))
        if size != row.size:
            msg = f"{row.sop_instance_uid}: {size} of {row.size} bytes came"
            raise RemoteUnavailableError(msg)
    return target
