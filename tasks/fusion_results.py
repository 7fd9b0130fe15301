"""The step that collects a fusion: files on disk, and artifacts that a person wants to see."""

import base64
import logging
from pathlib import Path

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from imaging.fusion import journey
from imaging.fusion.job import Job
from imaging.fusion.journey import Collected, CollectedGroup
from imaging.fusion.ledger import Ledger
from imaging.settings import settings
from tasks.fusion import client_of
from tasks.progress import artifact_key, progress_bar
from tasks.retry import remote_task

log = logging.getLogger(__name__)

_TABLE_ROWS = 250  # of some 350 characters: the table stays under 100 KB


@remote_task
def collect_job(job: str) -> Path | Job:
    """Collect what the vendor made, and show it; return the folder, or the job that is not done."""
    with Ledger.of(settings()) as ledger:
        found = journey.find_job(ledger, job)
        with client_of(found.connection) as client:
            result = journey.collect(
                found.key,
                ledger=ledger,
                client=client,
                data_root=settings().data_root,
                progress=progress_bar(f"fusion-{found.case}-collected", f"{found.case} collected"),
            )
    if isinstance(result, Job):
        log.info("%s: nothing to collect, %s", result.name, result.state)
        return result
    _show(result)
    return result.folder.path


def _show(result: Collected) -> None:
    """Show the picture, a row for each mesh, and where to open the rest."""
    case = result.job.case
    for note in result.notes:
        log.warning("%s: %s", result.job.name, note)
    create_markdown_artifact(
        _page(result), artifact_key("fusion", case), description=f"{case}: {_counted(result)}"
    )
    create_table_artifact(
        result.metrics[:_TABLE_ROWS],
        key=artifact_key("fusion-meshes", case),
        description=f"{len(result.metrics)} meshes, {min(len(result.metrics), _TABLE_ROWS)} listed."
        f" All: {result.folder.metrics}",
    )
    create_link_artifact(
        _address(result.folder.viewer),
        key=artifact_key("fusion-viewer", case),
        link_text=f"{case} in 3-D",
        description="The page needs no network: it can be copied and sent on",
    )


def _page(result: Collected) -> str:
    """Write Markdown: the picture, links, and what was noticed."""
    lines = [f"# {result.job.case}", ""]
    if result.overview is not None:
        content = base64.b64encode(result.overview.read_bytes()).decode()
        lines += [f"![Views of {result.job.case}](data:image/png;base64,{content})", ""]
    viewer = _address(result.folder.viewer)
    lines += [
        f"[In 3-D]({viewer}), teeth to show and hide; the same file: `{result.folder.viewer}`"
    ]
    lines += ["", *[f"- **{note}**" for note in result.notes], ""]
    measures = _address(result.folder.metrics)
    lines += [f"Folder: `{result.folder.path}`, with [measures of each mesh]({measures}) as CSV"]
    lines += ["", "| group | meshes | file |", "|---|---|---|"]
    lines += [f"| {group.name} | {len(group.parts)} | {_files(group)} |" for group in result.groups]
    return "\n".join(lines)


def _counted(result: Collected) -> str:
    """Say how many meshes there are, and how many of the delivered ones are not shown."""
    shown = sum(len(group.parts) for group in result.groups)
    lost = len(result.metrics) - shown
    return f"{shown} meshes collected" + (f", {lost} damaged and left out" if lost else "")


def _files(group: CollectedGroup) -> str:
    files = {"GLB": group.glb, "PLY": group.ply, "GLB with Draco": group.compact}
    return ", ".join(f"[{kind}]({_address(path)})" for kind, path in files.items() if path)


def _address(path: Path) -> str:
    """Return the gateway's address of a result; without a gateway, the file's own."""
    place = settings()
    if not place.gateway_url:
        return path.absolute().as_uri()
    inside = path.relative_to(place.data_root).as_posix()
    return f"{place.gateway_url.rstrip('/')}/files/{inside}"
