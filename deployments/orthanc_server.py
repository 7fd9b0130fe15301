"""A private Orthanc for the demo and the tests: on loopback, in a folder, stopped by its pid."""

import contextlib
import http.client
import json
import logging
import secrets
import subprocess
import time
from base64 import b64encode
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deployments.orthanc_install import find_orthanc
from deployments.processes import free_ports, let_go
from imaging.errors import RemoteUnavailableError

log = logging.getLogger(__name__)

_PLUGIN_FOLDERS = ("/usr/share/orthanc/plugins", "/usr/local/share/orthanc/plugins")
_PLUGIN = "libOrthancDicomWeb.so"
_START_TIMEOUT_S = 60.0
_STARTS = 5


class OrthancServer:
    """Orthanc with its storage in a folder of its own, reachable from this machine only.

    A second object on the same folder takes over ports, user and password of the first, so a later
    process finds what an earlier one stored.

    Attributes:
        user: The one user it accepts.
        password: Made up at the first start in this folder.
        pid: Process id, None when it is not running.
    """

    user = "imaging"

    def __init__(
        self, folder: Path, *, plugins: bool = True, program: Path | None = None, **config: Any
    ) -> None:
        """Prepare a server; nothing runs yet.

        Args:
            folder: Configuration, storage and log; made when absent, for its owner only.
            plugins: Load the DICOMweb plugin where the machine has it.
            program: The Orthanc to run; the machine's by default.
            config: Options of Orthanc's configuration file, for example ``StableAge=5``.
        """
        self.folder = folder.absolute()
        self.pid: int | None = None
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._config_path = self.folder / "orthanc.json"
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._config = _configuration(self.folder, plugins=plugins) | self._kept() | config
        self.password: str = self._config["RegisteredUsers"][self.user]

    @property
    def url(self) -> str:
        """Address of the REST API, without a slash at the end."""
        return f"http://127.0.0.1:{self._config['HttpPort']}"

    @property
    def dicom_port(self) -> int:
        """Where its DICOM server listens, when ``DicomServerEnabled=True`` asks for one."""
        return int(self._config["DicomPort"])

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, *, detached: bool = False) -> None:
        """Start, and return once it answers.

        The first start looks for free ports; a later one keeps them. When another program has taken
        one, either looks again.

        Args:
            detached: In a session of its own, to live on after this process.

        Raises:
            RemoteUnavailableError: It did not start; its log says why.
        """
        has_ports = self._config_path.exists()
        for attempt in range(_STARTS):
            if attempt or not has_ports:
                self._config["HttpPort"], self._config["DicomPort"] = free_ports(2)
            try:
                self._launch(detached=detached)
                if self._is_ready():
                    return
            except BaseException:
                self.kill()  # nobody would know of it
                raise
            self.kill()
        msg = f"Orthanc did not start; see {self.folder / 'orthanc.log'}"
        raise RemoteUnavailableError(msg)

    def stop(self, wait_s: float = 15.0) -> None:
        """Ask it to end, wait, and end it by force when it does not."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(wait_s)
        self.kill()

    def kill(self) -> None:
        """End it at once by its pid, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = self.pid = None

    def _kept(self) -> dict[str, Any]:
        """Return what an earlier start in this folder chose."""
        if not self._config_path.exists():
            return {}
        config = json.loads(self._config_path.read_text())
        return {name: config[name] for name in ("HttpPort", "DicomPort", "RegisteredUsers")}

    def _launch(self, *, detached: bool) -> None:
        program = self._program or find_orthanc()
        if program is None:
            msg = "There is no Orthanc on this machine"
            raise RemoteUnavailableError(msg)
        self._config_path.touch(mode=0o600)
        self._config_path.write_text(json.dumps(self._config, indent=2))
        with (self.folder / "orthanc.log").open("ab") as output:
            self._process = subprocess.Popen(
                [program, self._config_path],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=detached,
            )
        self.pid = self._process.pid
        if detached:
            let_go(self._process)

    def _is_ready(self) -> bool:
        """Wait until our own Orthanc answers: a stranger on the port does not know the password."""
        assert self._process is not None  # noqa: S101 - for the type checker
        deadline = time.monotonic() + _START_TIMEOUT_S
        while self._process.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return True
            time.sleep(0.02)
        return False

    def _answers(self) -> bool:
        token = b64encode(f"{self.user}:{self.password}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self._config["HttpPort"], timeout=5)
        try:
            connection.request("GET", "/system", headers={"Authorization": f"Basic {token}"})
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _configuration(folder: Path, *, plugins: bool) -> dict[str, Any]:
    """Return Orthanc's options, everything that could reach beyond this machine switched off."""
    found = [Path(place) / _PLUGIN for place in _PLUGIN_FOLDERS] if plugins else []
    return {
        "Name": "imaging",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "storage"),
        "RemoteAccessAllowed": False,
        "DicomServerEnabled": False,  # it would listen on every interface
        "AuthenticationEnabled": True,
        "RegisteredUsers": {OrthancServer.user: secrets.token_urlsafe(16)},
        "StableAge": 1,
        "Plugins": [str(path) for path in found if path.exists()],
    }
