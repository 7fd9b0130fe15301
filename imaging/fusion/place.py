"""Where a fusion's files lie below the data root."""

import re
from dataclasses import dataclass
from pathlib import Path

from imaging.errors import InputError

CASE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FUSIONS = "fusions"
STATE = ".fusion"  # a dot folder, which the gateway never serves


@dataclass(frozen=True, slots=True)
class FusionFolder:
    """The folder of one fusion's results.

    Attributes:
        path: The folder itself.
    """

    path: Path

    @classmethod
    def named(cls, name: str, data_root: Path) -> "FusionFolder":
        """Return the folder of a job.

        Args:
            name: `Job.folder`.
            data_root: Of the project.

        Raises:
            InputError: The name is none, and could lead elsewhere.
        """
        if not CASE_NAME.fullmatch(name):
            msg = "a case's name is up to 64 letters, digits, dots, dashes and underscores"
            raise InputError(msg)
        return cls(data_root / FUSIONS / name)

    @property
    def delivered(self) -> Path:
        """Meshes as the vendor delivered them: a folder an output, a file a mesh."""
        return self.path / "delivered"

    @property
    def pictures(self) -> Path:
        """PNG files, one a view."""
        return self.path / "pictures"

    @property
    def metrics(self) -> Path:
        """The table of all meshes."""
        return self.path / "metrics.csv"

    @property
    def viewer(self) -> Path:
        """The page that shows the meshes without a network."""
        return self.path / "viewer.html"

    @property
    def about(self) -> Path:
        """What the results are and came of, as JSON; written last."""
        return self.path / "fusion.json"

    def assembled(self, group: str) -> Path:
        """Return the GLB of a group: `fusion`, `reconstructions`, `upper`, `lower`, ..."""
        return self.path / f"{group}.glb"

    def merged(self, group: str) -> Path:
        """Return the PLY that holds a group as one coloured mesh."""
        return self.path / f"{group}.ply"


def work_folder(key: str, data_root: Path) -> Path:
    """Return where a job's inputs are packed until they are submitted; never served."""
    return data_root / STATE / "work" / key
