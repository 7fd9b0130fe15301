"""Fetch the meshes of a run: what lies there whole is not fetched again."""

import hashlib
import json
import logging
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Lock

from imaging.errors import RemoteRejectedError
from imaging.files import write_json
from imaging.fusion.journey.watching import Watch
from imaging.fusion.place import FusionFolder
from imaging.fusion.specification import MeshType
from imaging.fusion.vendor import DeliveredMesh, FusionClient

log = logging.getLogger(__name__)

_RECEIPT = "receipt.json"
_CONNECTIONS = 4


@dataclass(frozen=True, slots=True)
class Fetched:
    """A delivered mesh on disk.

    Attributes:
        output: The vendor's name of the output.
        name: Of the mesh within it, safe in a file's name.
        type: Its format.
        bytes: Size of the file.
        sha256: Of the file.
    """

    output: str
    name: str
    type: MeshType
    bytes: int
    sha256: str

    def path(self, folder: FusionFolder) -> Path:
        """Return where it lies."""
        return folder.delivered / self.output / f"{self.name}.{self.type}"


class TooMuchError(RemoteRejectedError):
    """A run delivers more than it may; unlike a mesh that is refused, that ends the collection."""


class _Allowance:
    """What the meshes of a run may have together; several threads take of it."""

    def __init__(self, most_bytes: int, taken: int) -> None:
        self._most_bytes, self._taken = most_bytes, taken
        self._lock = Lock()

    def take(self, size: int) -> None:
        """Take some bytes.

        Raises:
            TooMuchError: There are not so many.
        """
        with self._lock:
            self._taken += size
            if self._taken <= self._most_bytes:
                return
        msg = (
            f"the meshes of the run have more than {self._most_bytes / 1e9:g} GB together;"
            " IMAGING_FUSION_MOST_GB allows more"
        )
        raise TooMuchError(msg)


def fetch_meshes(
    meshes: Sequence[DeliveredMesh],
    run_id: str,
    folder: FusionFolder,
    client: FusionClient,
    watch: Watch,
) -> tuple[list[Fetched], list[str]]:
    """Fetch what is missing of a run's meshes, as delivered.

    Args:
        meshes: All of the run.
        run_id: What lies in the folder of another run is removed first.
        folder: Of the case.
        client: Of the account that paid.
        watch: Follows, and may stop it.

    Returns:
        The meshes that are on disk, and what is to be said of the others.

    Raises:
        RemoteUnavailableError: The vendor cannot be reached now; what is whole stays.
        RemoteRejectedError: The vendor hands out none of them, or more than it may.
        OSError: They cannot be written.
    """
    receipt = folder.delivered / _RECEIPT
    have = _whole(receipt, run_id, folder)
    if not have:
        shutil.rmtree(folder.delivered, ignore_errors=True)
    missing = [mesh for mesh in meshes if (mesh.output, mesh.name, mesh.type) not in have]
    notes: list[str] = []
    allowance = _Allowance(client.most_run_bytes, sum(each.bytes for each in have.values()))
    for number, fetched in enumerate(_fetched(missing, folder, client, allowance), 1):
        if isinstance(fetched, str):
            notes.append(fetched)
        else:
            have[fetched.output, fetched.name, fetched.type] = fetched
            _write(receipt, run_id, have.values())
        watch.tell(f"fetched {number} of {len(missing)} meshes", 0.7 * number / len(missing))
    if not have:
        msg = "the vendor hands out none of the meshes"
        raise RemoteRejectedError(msg)
    wanted = [(mesh.output, mesh.name, mesh.type) for mesh in meshes]
    return [have[each] for each in wanted if each in have], sorted(notes)


def _fetched(
    meshes: Sequence[DeliveredMesh],
    folder: FusionFolder,
    client: FusionClient,
    allowance: _Allowance,
) -> Iterator[Fetched | str]:
    """Give each mesh as it comes; after an error those under way come still, and then the error."""
    stop = Event()
    lost: BaseException | None = None
    with ThreadPoolExecutor(_CONNECTIONS, "fusion-fetch") as pool:
        waiting = [pool.submit(_fetch, mesh, folder, client, allowance, stop) for mesh in meshes]
        try:
            for done in as_completed(waiting):
                if error := done.exception():
                    lost = lost or error
                elif (fetched := done.result()) is not None:
                    yield fetched
        finally:
            stop.set()
    if lost is not None:
        raise lost


def _fetch(
    mesh: DeliveredMesh,
    folder: FusionFolder,
    client: FusionClient,
    allowance: _Allowance,
    stop: Event,
) -> Fetched | str | None:
    if stop.is_set():
        return None
    try:
        return _fetch_one(mesh, folder, client, allowance)
    except BaseException:
        stop.set()  # before this thread takes the next one
        raise


def _fetch_one(
    mesh: DeliveredMesh, folder: FusionFolder, client: FusionClient, allowance: _Allowance
) -> Fetched | str:
    target = folder.delivered / mesh.output / f"{mesh.name}.{mesh.type}"
    try:
        client.download(mesh, target, count=allowance.take)
    except TooMuchError:
        raise
    except RemoteRejectedError as error:
        log.warning("a mesh of %s is not handed out", mesh.output)
        return f"{mesh.output} {mesh.name}: not fetched, {error}"
    return Fetched(mesh.output, mesh.name, mesh.type, target.stat().st_size, _sha256(target))


def _whole(receipt: Path, run_id: str, folder: FusionFolder) -> dict[tuple[str, str, str], Fetched]:
    """Return what an earlier collection of the same run fetched, and what is still as it was."""
    try:
        content = json.loads(receipt.read_text(encoding="utf-8"))
        listed = [Fetched(**each) for each in content["meshes"]]
        is_same = content["run_id"] == run_id
    except (OSError, ValueError, LookupError, TypeError):
        return {}  # there is none
    whole = [each for each in listed if is_same and _is_whole(each, folder)]
    return {(each.output, each.name, each.type): each for each in whole}


def _is_whole(fetched: Fetched, folder: FusionFolder) -> bool:
    path = fetched.path(folder)
    return path.is_file() and _sha256(path) == fetched.sha256


def _write(receipt: Path, run_id: str, fetched: Iterable[Fetched]) -> None:
    ordered = sorted(
        fetched, key=lambda mesh: (mesh.output, mesh.name)
    )  # not as they happen to come
    write_json(receipt, {"run_id": run_id, "meshes": [asdict(each) for each in ordered]})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
