"""What was collected of a job, as `fusion.json` says: the same for who collects and who asks."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from imaging.files import write_json
from imaging.fusion.job import Job
from imaging.fusion.journey.delivery import Fetched
from imaging.fusion.place import FusionFolder
from imaging.fusion.results import Assembly, metric_rows

_VERSION = 1


@dataclass(frozen=True, slots=True)
class CollectedGroup:
    """Meshes that are seen together.

    Attributes:
        name: `fusion`, `reconstructions`, `upper`, `lower`, ...
        glb: Scene with a node a mesh.
        ply: One mesh of all, coloured.
        compact: The scene again, compressed by Draco; None unless asked for.
        parts: What a person reads of each mesh.
    """

    name: str
    glb: Path
    ply: Path
    compact: Path | None
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """The results of a job, whole on disk.

    Attributes:
        job: As the ledger has it.
        folder: Where they lie.
        groups: What was put together.
        metrics: A row a mesh, of plain values.
        pictures: A file a view, the overview last; empty where no engine could draw.
        notes: What a person should know: meshes that are missing or damaged.
    """

    job: Job
    folder: FusionFolder
    groups: tuple[CollectedGroup, ...]
    metrics: list[dict[str, Any]]
    pictures: tuple[Path, ...]
    notes: tuple[str, ...]

    @property
    def overview(self) -> Path | None:
        """The picture of all views, small enough to be shown inline."""
        return self.pictures[-1] if self.pictures else None


def write_collected(  # noqa: PLR0913 - all there is to say
    job: Job,
    folder: FusionFolder,
    fetched: Sequence[Fetched],
    assembly: Assembly,
    *,
    pictures: Sequence[Path],
    notes: Sequence[str],
) -> None:
    """Say what lies in the folder, when it lies there."""
    groups = [
        {
            "name": group.name,
            "glb": group.glb.name,
            "ply": group.ply.name,
            "compact": group.compact.name if group.compact else None,
            "parts": [part.title for part in group.parts],
        }
        for group in assembly.groups
    ]
    content = {
        "version": _VERSION,
        "case": job.case,
        "key": job.key,
        "run_id": job.run_id,
        "specification": job.specification,
        "submitted": _moment(job.submitted),
        "collected": datetime.now(UTC).isoformat(timespec="seconds"),
        "notes": list(notes),
        "groups": groups,
        "pictures": [path.name for path in pictures],
        "delivered": [asdict(mesh) for mesh in fetched],
        "metrics": metric_rows(assembly.metrics),
    }
    write_json(folder.about, content)


def read_collected(job: Job, folder: FusionFolder) -> Collected | None:
    """Return what was collected of a job's run, or None where it is not all there."""
    try:
        content = json.loads(folder.about.read_text(encoding="utf-8"))
        if (content["version"], content["key"], content["run_id"]) != (
            _VERSION,
            job.key,
            job.run_id,
        ):
            return None
        collected = Collected(
            job,
            folder,
            tuple(_group(each, folder) for each in content["groups"]),
            content["metrics"],
            tuple(folder.pictures / name for name in content["pictures"]),
            tuple(content["notes"]),
        )
    except (OSError, ValueError, LookupError, TypeError):
        return None
    files = [folder.viewer, folder.metrics, *collected.pictures]
    files += [path for group in collected.groups for path in (group.glb, group.ply)]
    return collected if all(path.is_file() for path in files) else None


def _group(content: dict[str, Any], folder: FusionFolder) -> CollectedGroup:
    compact = content["compact"]
    return CollectedGroup(
        content["name"],
        folder.path / content["glb"],
        folder.path / content["ply"],
        folder.path / compact if compact else None,
        tuple(content["parts"]),
    )


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds") if seconds else ""
