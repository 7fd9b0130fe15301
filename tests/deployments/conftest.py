"""The servers of `make up`, started once for all tests that need them."""

import pytest

from deployments.demo_data import fill_archive
from deployments.prefect_api import PrefectApi
from deployments.stack import Stack
from deployments.starting import start_stack
from imaging.phantoms import PhantomSize


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    # By default the scheduler looks for schedules that were switched on once a minute.
    often = {"PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2"}
    stack = start_stack(Stack(tmp_path_factory.mktemp("stack"), environment=often), print)
    try:
        fill_archive(stack, PhantomSize.tiny())
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def api(stack):
    api = PrefectApi(stack.prefect_api)
    yield api
    api.close()
