"""What Prefect tries again, and what it does not."""

import pytest
from prefect import flow, task

from imaging.errors import RemoteUnavailableError, SettingError
from tasks.progress import artifact_key
from tasks.retry import is_transient

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.mark.parametrize(
    ("error", "calls"),
    [(RemoteUnavailableError("gone"), 3), (SettingError("X", "wrong"), 1), (ValueError("bug"), 1)],
)
def test_only_what_may_heal_by_itself_is_tried_again(error, calls):
    made: list[int] = []

    @task(retries=2, retry_delay_seconds=0, retry_condition_fn=is_transient)
    def step() -> None:
        made.append(1)
        raise error

    @flow
    def story() -> None:
        step()

    with pytest.raises(type(error)):
        story()
    assert len(made) == calls


@pytest.mark.parametrize(
    ("parts", "key"), [(("dvh", "Breast_2026"), "dvh-breast-2026"), (("a", "b."), "a-b")]
)
def test_a_key_has_what_prefect_takes(parts, key):
    assert artifact_key(*parts) == key
