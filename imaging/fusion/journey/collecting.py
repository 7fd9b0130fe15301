"""Collect what the vendor made: fetch, check, put together, draw; what is done is not done again.

`fusion.json` is written last: where it lies, all lies.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import ImagingError, InputError
from imaging.fusion.job import Job, JobState
from imaging.fusion.journey.collected import Collected, read_collected, write_collected
from imaging.fusion.journey.delivery import Fetched, fetch_meshes
from imaging.fusion.journey.lease import Lease
from imaging.fusion.journey.waiting import known, poll
from imaging.fusion.journey.watching import Progress, Watch, in_words, silent, without_paths
from imaging.fusion.ledger import Ledger
from imaging.fusion.pictures import draw_views
from imaging.fusion.place import FusionFolder
from imaging.fusion.results import Assembly, assemble, write_metrics
from imaging.fusion.specification import FusionSpecification, MeshType
from imaging.fusion.vendor import FusionClient, delivered_meshes
from imaging.fusion.viewer import write_viewer

log = logging.getLogger(__name__)

Draw = Callable[[Mapping[str, Path], Path], Sequence[Path]]


@dataclass(frozen=True, slots=True)
class _Collection:
    """A finished job that this worker collects."""

    job: Job
    folder: FusionFolder
    client: FusionClient
    watch: Watch
    draw: Draw
    draco: bool

    @property
    def specification(self) -> FusionSpecification:
        return FusionSpecification.model_validate(self.job.specification)


def collect(  # noqa: PLR0913 - what it needs, and what may be chosen
    key: str,
    *,
    ledger: Ledger,
    client: FusionClient,
    data_root: Path,
    draco: bool | None = None,
    progress: Progress = silent,
    draw: Draw = draw_views,
    lease_s: float = 120.0,
) -> Collected | Job:
    """Fetch the results of a job that is done, and make them something to look at.

    The vendor is asked first, whoever says that the job is done. It may be called any number of
    times, also by several workers: one of them collects, and what was collected is returned. Where
    `fusion.json` was removed, it is collected anew, and meshes that were not handed out are asked
    for again.

    Args:
        key: The job.
        ledger: Of the job.
        client: Of the account that paid for it.
        data_root: The results lie below it.
        draco: Write compressed scenes too; as the job's request says by default.
        progress: Is told each step, and the share that is done.
        draw: Draws pictures of the scenes into a folder, the overview last.
        lease_s: How long the collection stays a killed worker's.

    Returns:
        What was collected; or the job where there is nothing to collect (yet), or another worker
        is at it.

    Raises:
        InputError: No mesh is good, or the results cannot be written.
        RemoteUnavailableError: The vendor cannot be reached now; what is whole stays.
        RemoteRejectedError: The vendor hands out nothing.
    """
    job = _decided(key, ledger, client)
    if job.state is not JobState.COMPLETED:
        return job
    folder = FusionFolder.named(job.folder, data_root)
    if job.collected and (done := read_collected(job, folder)) is not None:
        return done
    # Whose results were removed has paid for them, and may have them again.
    owner = ledger.begin_collection(key, lease_s, again=bool(job.collected))
    if not owner:
        job = known(ledger, key)
        return read_collected(job, folder) or job
    is_draco = bool(job.request.get("draco")) if draco is None else draco
    renew = lambda: ledger.renew_collection(key, owner, lease_s)  # noqa: E731
    with Lease(renew, lease_s) as lease:
        watch = Watch(progress, lease.check)
        _collect(_Collection(job, folder, client, watch, draw, is_draco), ledger, owner)
    collected = read_collected(known(ledger, key), folder)
    if collected is None:
        msg = f"{job.name}: its results vanished while they were collected"
        raise InputError(msg)
    return collected


def _decided(key: str, ledger: Ledger, client: FusionClient) -> Job:
    """Ask how the job stands, and again for each callback that came while it was asked.

    Who rings then starts no other run, as this one lives.
    """
    job = known(ledger, key)
    while True:
        before = job.rang
        job = poll(job, ledger=ledger, client=client)
        if job.state is not JobState.SUBMITTED:
            return job
        job = known(ledger, key)
        if job.rang == before:
            return job


def _collect(collection: _Collection, ledger: Ledger, owner: str) -> None:
    key = collection.job.key
    try:
        with without_paths("the results cannot be written"):
            _make(collection)
        collection.watch.tell("collected", 1.0)
    except BaseException as error:
        with suppress(ImagingError):
            ledger.end_collection(key, owner, collected=False, reason=in_words(error))
        raise
    ledger.end_collection(key, owner, collected=True)
    log.info("%s: collected", collection.job.name)


def _make(collection: _Collection) -> None:
    job, folder, watch = collection.job, collection.folder, collection.watch
    watch.tell("asking what was delivered", 0.0)
    data = collection.client.data(job.run_id)
    meshes = delivered_meshes(data, collection.specification.outputs)
    fetched, notes = fetch_meshes(meshes, job.run_id, folder, collection.client, watch)
    watch.tell("putting the meshes together", 0.7)
    assembly = assemble(*_by_output(fetched, folder), folder, draco=collection.draco)
    write_metrics(assembly.metrics, folder.metrics)
    watch.tell("assembled", 0.8)
    pictures, undrawn = _drawn(collection, assembly)
    watch.tell("making the page", 0.9)
    write_viewer({group.name: group.glb for group in assembly.groups}, folder.viewer, job.case)
    watch.tell("all but the record", 0.95)
    notes += [*_absent(collection, fetched), *assembly.notes, *undrawn]
    write_collected(job, folder, fetched, assembly, pictures=pictures, notes=notes)


def _by_output(
    fetched: Sequence[Fetched], folder: FusionFolder
) -> tuple[dict[str, dict[str, Path]], dict[str, MeshType]]:
    paths: dict[str, dict[str, Path]] = {}
    for mesh in fetched:
        paths.setdefault(mesh.output, {})[mesh.name] = mesh.path(folder)
    return paths, {mesh.output: mesh.type for mesh in fetched}


def _drawn(collection: _Collection, assembly: Assembly) -> tuple[list[Path], list[str]]:
    """Draw; a machine that cannot must not keep the meshes from who paid for them."""
    groups = {group.name: group.glb for group in assembly.groups}
    try:
        return list(collection.draw(groups, collection.folder.pictures)), []
    except InputError as error:
        log.warning("%s: no pictures, %s", collection.job.name, error)
        return [], [f"no pictures: {error}"]


def _absent(collection: _Collection, fetched: Sequence[Fetched]) -> list[str]:
    missing = set(collection.specification.outputs) - {mesh.output for mesh in fetched}
    return [f"{output}: asked for, and not delivered" for output in sorted(missing)]
