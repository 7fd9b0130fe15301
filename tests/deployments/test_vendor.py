"""The simulator beside the demo's servers: what was submitted there outlives a restart."""

import time
from contextlib import contextmanager

import httpx

from deployments.vendor import start_vendor
from imaging.fusion.connection import VendorConnection
from imaging.fusion.specification import FusionSpecification
from imaging.fusion.vendor import FusionClient
from tests.deployments.patience import PATIENCE_S


@contextmanager
def simulator(folder):
    """A client of a simulator that is started for the block."""
    server, account = start_vendor(folder, "http://127.0.0.1:1")
    connection = VendorConnection(
        name="default",
        url=account["IMAGING_FUSION_URL"],
        files_url=account["IMAGING_FUSION_FILES_URL"],
        user_group=account["IMAGING_FUSION_USER_GROUP"],
        user_id=account["IMAGING_FUSION_USER_ID"],
        token=account["IMAGING_FUSION_TOKEN"],
    )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not answers(connection.url):
            assert server.is_running
            assert time.monotonic() < deadline
            time.sleep(0.1)
        with FusionClient(connection) as client:
            yield client
    finally:
        server.stop()


def answers(url):
    try:
        return httpx.get(f"{url}/_simulator").is_success
    except httpx.TransportError:
        return False


def test_a_run_of_before_is_known_after_a_restart(tmp_path):
    other = FusionSpecification(spec_group="mesh-processing", spec_name="oral-seg")
    with simulator(tmp_path) as client:
        run = client.run(other, {"mesh": "urn:of-a-scan"}, metadata={})

    with simulator(tmp_path) as client:
        assert not client.status(run).failed
