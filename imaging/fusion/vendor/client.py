"""The vendor's calls: what may be repeated is repeated, and the one that costs money never."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from imaging.errors import InputError, RemoteRejectedError
from imaging.fusion.connection import VendorConnection
from imaging.fusion.specification import FusionSpecification
from imaging.fusion.vendor.answers import MOST_DATA_BYTES, MOST_STATUS_BYTES, read_json
from imaging.fusion.vendor.downloads import body_of, decoded, save
from imaging.fusion.vendor.payloads import (
    URN,
    DeliveredMesh,
    RunStatus,
    as_body,
    is_run_id,
    is_urn,
    is_word,
    run_call,
    status_of,
)
from imaging.fusion.vendor.submission import submit_once
from imaging.fusion.vendor.transport import Transport
from imaging.fusion.vendor.uploads import ExpiredError, FileBody, postfix_of, upload_once
from imaging.orthanc.retries import Sleep

log = logging.getLogger(__name__)

MOST_MESH_BYTES = 1 << 30


class FusionClient:
    """One account at the vendor; safe to use from several threads, and to be closed at the end.

    Every call raises RemoteUnavailableError when the vendor is away or busy, after it was asked a
    few times, and RemoteRejectedError when it refuses or answers nonsense. No error and no log line
    holds the token, an address or a urn.
    """

    def __init__(
        self,
        connection: VendorConnection,
        http: httpx.Client | None = None,
        *,
        sleep: Sleep = time.sleep,
    ) -> None:
        """Take an account; nothing is sent yet.

        Args:
            connection: The account.
            http: What to send with, and to leave open at the end; by default a client of its own.
            sleep: Waits some seconds before something is tried again.

        Raises:
            SettingError: The token cannot be sent.
        """
        self._connection = connection
        self._transport = Transport(connection, http, sleep)
        self._longest_s = self._transport.longest_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def upload(self, path: Path, progress: Callable[[int], None] = lambda _: None) -> str:
        """Send a file to the vendor's storage; done again, it is stored twice and costs nothing.

        Args:
            path: The file, whose suffix tells its format. It is read in blocks.
            progress: Called with how many bytes were sent; a new attempt begins at none.

        Returns:
            Its urn.

        Raises:
            InputError: It is empty, cannot be read, or was changed meanwhile.
        """
        body, postfix = FileBody(path, progress), postfix_of(path)
        try:
            urn = self._transport.repeat(
                lambda: upload_once(self._transport, self._connection, body, postfix)
            )
        except ExpiredError as error:
            msg = str(error)
        else:
            log.info("uploaded a file of %s bytes", body.size)
            return urn
        raise RemoteRejectedError(msg)

    def run(
        self,
        specification: FusionSpecification,
        inputs: Mapping[str, Any],
        *,
        metadata: Mapping[str, str],
        callback: str = "",
    ) -> str:
        """Submit a run, which is paid for as soon as it is accepted. Sent once, whatever happens.

        Args:
            specification: What is asked for.
            inputs: The input data by name: a mesh (`mesh_input`), or a urn.
            metadata: Comes back with the callback; texts of at most 128 characters.
            callback: Where the vendor reports the end; empty for nowhere.

        Returns:
            The run's id.

        Raises:
            InputError: The call cannot be written; nothing was sent.
            RemoteRejectedError: The vendor refused; surely nothing was accepted.
            RemoteUnavailableError: It could not be reached, or takes no more for now; likewise.
            SubmissionUncertainError: It may have been accepted.
        """
        call = run_call(
            self._connection, specification, inputs, metadata=metadata, callback=callback
        )
        run_id = submit_once(
            self._transport, f"{self._connection.url}/run", as_body(call), self._longest_s
        )
        log.info("submitted the run %s", run_id)
        return run_id

    def status(self, run_id: str) -> RunStatus:
        """Ask how a run goes.

        Raises:
            RemoteRejectedError: There is no such run, or the answer is not to be understood.
        """
        what = "the status of a run"
        status = status_of(self._json(what, self._place("run", run_id), MOST_STATUS_BYTES))
        if self._connection.token in status.reason:
            return replace(status, reason="")
        return status

    def data(self, run_id: str, key: str = "") -> dict[str, Any]:
        """Fetch what a run gave, without the files that it only names.

        Args:
            run_id: Of a completed run.
            key: Of the one output to fetch; empty for all.

        Returns:
            The answer, with the outputs at its top or below `result`; of a key, always at its top.

        Raises:
            InputError: The key is none.
            RemoteRejectedError: The answer is not to be understood.
        """
        what = "the data of a run"
        if key and not is_word(key):
            msg = "the name of an output is letters, digits, dots, dashes and underscores"
            raise InputError(msg)
        place = self._place("data", run_id) + (f"/{key}" if key else "")
        answer = self._json(what, place, MOST_DATA_BYTES)
        if key:
            return {key: _member(answer, key)}
        if not isinstance(answer, dict):
            msg = f"{what}: the answer is no JSON object"
            raise RemoteRejectedError(msg)
        return answer

    @property
    def most_run_bytes(self) -> int:
        """What the meshes of one run may have together."""
        return int(self._connection.most_gb * 1e9)

    def download(
        self,
        mesh: DeliveredMesh,
        target: Path,
        most_bytes: int = MOST_MESH_BYTES,
        count: Callable[[int], None] = lambda _: None,
    ) -> Path:
        """Write a mesh to a file, wholly or not at all.

        Args:
            mesh: As it was delivered: a urn, or its content.
            target: The file; one that is there is replaced.
            most_bytes: It may have.
            count: Called with how many bytes come next, also those of attempts that fail; it may
                refuse them.

        Raises:
            RemoteRejectedError: It is empty, too large or no content, or its urn none.
        """
        what = f"the mesh {mesh.name} of the output {mesh.output}"
        if not mesh.data.startswith(URN):
            return save(decoded(mesh.data, what, most_bytes), target, what, count)
        if not is_urn(mesh.data):
            msg = f"{what}: its urn could lead elsewhere"
            raise RemoteRejectedError(msg)
        return self._transport.get(
            what,
            f"{self._connection.files_url}/file/download",
            lambda got: save(body_of(got, what, most_bytes, self._longest_s), target, what, count),
            {"urn": mesh.data},
        )

    def _place(self, kind: str, run_id: str) -> str:
        if not is_run_id(run_id):
            msg = "the id of a run could lead elsewhere"
            raise RemoteRejectedError(msg)
        return f"{self._connection.url}/{kind}/{run_id}"

    def _json(self, what: str, url: str, most_bytes: int) -> Any:
        return self._transport.get(
            what, url, lambda got: read_json(got, what, most_bytes, self._longest_s)
        )


def _member(answer: Any, key: str) -> Any:
    """Return what an answer to one key holds: below the key, below `result`, or as it is."""
    for name in ("result", key):
        if isinstance(answer, dict) and name in answer:
            answer = answer[name]
    return answer
