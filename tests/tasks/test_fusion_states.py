"""A run ends by a name that says what its job waits for."""

import pytest

from imaging.fusion.job import Job, JobState
from tasks.fusion_states import submitted


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (JobState.CLAIMED, "Joined"),
        (JobState.SUBMITTING, "Joined"),
        (JobState.SUBMITTED, "Submitted"),
        (JobState.UNCERTAIN, "Uncertain"),
        (JobState.FAILED, "Failed"),
    ],
)
def test_nothing_is_called_submitted_that_is_not(state, name):
    assert submitted(Job("a" * 64, "case-1", "case-1", "default", state)).name == name
