"""The servers of the project on one machine, once they run: where they are, and how they end."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deployments.processes import Server, clean_environment
from imaging.files import write_json

_LEASES = "prefect.server.concurrency.lease_storage.filesystem"


class StackError(Exception):
    """A server did not start; the message names its log."""


@dataclass(slots=True)
class Stack:
    """Running servers and where they are.

    Attributes:
        folder: Everything of theirs lies here; `stack.json` in it says what runs.
        keep: Whether they are to live on after the command that started them.
        prefect_api: Address of Prefect's REST API.
        gateway: Address of the gateway, which serves the results.
        archive: The settings by which flows find their archive.
        environment: Further settings of all that is started.
        vendor: Address of the simulated vendor of fusions; empty where there is none.
        why_no_orthanc: Why the archive is a folder of files; "" when it is Orthanc.
    """

    folder: Path
    keep: bool = False
    prefect_api: str = ""
    gateway: str = ""
    archive: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    why_no_orthanc: str = ""
    vendor: str = ""
    servers: list[Server] = field(default_factory=list)

    @property
    def data_root(self) -> Path:
        """Where the flows put results, unless the archive's settings say otherwise."""
        return self.folder / "data"

    @property
    def is_running(self) -> bool:
        """Whether all of it still runs."""
        return bool(self.servers) and all(server.is_running for server in self.servers)

    @property
    def ui(self) -> str:
        """Where a person looks."""
        return self.prefect_api.removesuffix("/api")

    @property
    def variables(self) -> dict[str, str]:
        """The environment of the processes that work with these servers."""
        return clean_environment(
            PREFECT_HOME=str(self.folder / "prefect"),
            PREFECT_API_URL=self.prefect_api,
            PREFECT_SERVER_ANALYTICS_ENABLED="false",
            PREFECT_WORKER_QUERY_SECONDS="2",
            # In memory, the slots of limited deployments would stay taken when the server ends.
            PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE=_LEASES,
            IMAGING_GATEWAY_URL=self.gateway,
            **{"IMAGING_DATA_ROOT": str(self.data_root), **self.archive, **self.environment},
        )

    def save(self) -> None:
        """Write down what runs, readable by its owner only, as it names a password."""
        path = write_json(self.folder / "stack.json", {**asdict(self), "folder": str(self.folder)})
        path.chmod(0o600)

    @classmethod
    def load(cls, folder: Path) -> "Stack | None":
        """Read what was started in a folder; None where nothing was."""
        path = folder / "stack.json"
        if not path.exists():
            return None
        value = json.loads(path.read_text())
        value["servers"] = [Server(**server) for server in value["servers"]]
        return cls(**{**value, "folder": folder})

    def stop(self) -> list[str]:
        """Stop what still runs, the last started first; return the names."""
        stopped = [server.name for server in reversed(self.servers) if server.stop()]
        (self.folder / "stack.json").unlink(missing_ok=True)
        return stopped
