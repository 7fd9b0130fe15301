"""A simulator in the place of the vendor of fusions, for the demo's servers: nothing is paid."""

import secrets
import sys
from pathlib import Path

from deployments.processes import Server, clean_environment, free_ports, start_server

NAME = "vendor-simulator"
_USER = "synthetic-lab"
SIMULATED_S = 3.0  # long enough to see a run wait, short enough for who watches


def start_vendor(
    folder: Path, gateway: str, seconds: float = SIMULATED_S
) -> tuple[Server, dict[str, str]]:
    """Start a simulator, and return it with the settings of an account there.

    It remembers its runs: a job that was submitted before the servers were stopped is collected
    when they are started again.

    Args:
        folder: Where its log goes, and what it remembers.
        gateway: Address that its callbacks go to.
        seconds: How long a run takes there.
    """
    (port, files_port), key = free_ports(2), secrets.token_hex(16)
    words = ["--port", str(port), "--files-port", str(files_port), "--seconds", str(seconds)]
    command = [sys.executable, "-m", "imaging.phantoms.vendor", *words]
    command += ["--user-id", _USER, "--token", key, "--state", str(folder / "vendor")]
    account = {
        "IMAGING_FUSION_URL": f"http://127.0.0.1:{port}",
        "IMAGING_FUSION_FILES_URL": f"http://127.0.0.1:{files_port}",
        "IMAGING_FUSION_USER_GROUP": "APIClient",
        "IMAGING_FUSION_USER_ID": _USER,
        "IMAGING_FUSION_TOKEN": key,
        "IMAGING_FUSION_CALLBACK_URL": gateway,
    }
    return start_server(NAME, command, clean_environment(), folder), account
