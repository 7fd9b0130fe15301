"""The net under paid jobs: lost callbacks, killed runs, jobs that take too long."""

import json
import time
from contextlib import closing

import pytest

from flows.collect_fusion import collect_fusion
from flows.fuse_cbct import fuse_cbct
from flows.reconcile_fusions import reconcile_fusions
from imaging.fusion.job import JobDraft, JobState
from imaging.fusion.ledger import Budget, Ledger
from imaging.settings import settings
from tasks import fusion_care
from tests.flows.shown import artifact


class Starts:
    """Takes down which runs would be started, in the place of a server with deployments."""

    def __init__(self):
        self.collections = []
        self.preparations = []


@pytest.fixture
def starts(monkeypatch):
    made = Starts()
    monkeypatch.setattr(fusion_care, "start_collection", made.collections.append)
    monkeypatch.setattr(fusion_care, "restart_preparation", made.preparations.append)
    return made


def ledger():
    return closing(Ledger.of(settings()))


def time_to_ask():
    """Let the time pass until the vendor is to be asked about every job."""
    with ledger() as book:
        for job in book.jobs(JobState.SUBMITTED):
            book.polled(job.key, time.time() - 1)


def test_without_jobs_it_ends_at_once(vendor, starts):
    assert reconcile_fusions() == 0
    assert sum(vendor.counts.values()) == 0
    assert not starts.collections


@pytest.mark.usefixtures("vendor", "undrawn")
def test_a_job_whose_callback_was_lost_is_collected(handed_in, starts):
    fuse_cbct(**handed_in)
    time_to_ask()

    assert reconcile_fusions() > 0

    with ledger() as book:
        (job,) = book.jobs()
    assert job.state is JobState.COMPLETED
    assert starts.collections == [job.key]
    assert json.loads(artifact("fusions").data)[0]["case"] == "case-1"
    assert collect_fusion(job.key) == settings().data_root / "fusions" / "case-1"
    assert reconcile_fusions() == 0
    assert starts.collections == [job.key]


@pytest.mark.usefixtures("vendor")
def test_a_preparation_whose_run_was_killed_is_begun_anew(starts):
    draft = JobDraft("ab" * 32, "case-9", "default", request={"case": "case-9"})
    with ledger() as book:
        book.claim(draft, Budget(20, 200), 7200, lease_s=0)

    reconcile_fusions()

    (job,) = starts.preparations
    assert job.request == {"case": "case-9"}


@pytest.mark.usefixtures("vendor")
def test_a_run_that_was_killed_while_it_submitted_is_left_to_a_person(starts):
    draft = JobDraft("cd" * 32, "case-8", "default")
    with ledger() as book:
        claim = book.claim(draft, Budget(20, 200), 7200)
        book.begin_submission(draft.key, claim.owner, Budget(20, 200), lease_s=0)

    reconcile_fusions()

    with ledger() as book:
        assert [job.state for job in book.jobs()] == [JobState.UNCERTAIN]
    assert not starts.preparations
    assert "resolve-fusion" in json.loads(artifact("fusions").data)[0]["found"]


def test_a_vendor_that_is_away_is_told_and_asked_again(vendor, handed_in, starts):
    fuse_cbct(**handed_in)
    time_to_ask()
    vendor.plan("status", *[503] * 20)

    reconcile_fusions()

    with ledger() as book:
        (job,) = book.jobs()
    assert job.state is JobState.SUBMITTED
    assert not starts.collections
