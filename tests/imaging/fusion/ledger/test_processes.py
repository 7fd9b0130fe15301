"""Several processes at one ledger, some of which are killed, and a disk that is full."""

import json
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import func, select, text

from imaging.fusion.job import JobState
from imaging.fusion.ledger import Ledger
from imaging.fusion.ledger.tables import JOBS
from tests.imaging.fusion.ledger.desk import key_of
from tests.imaging.fusion.ledger.workers import KEYS, LIVES, PAID, PATIENCE_S, PROCESSES

_WITH_RUN = {JobState.SUBMITTED, JobState.COMPLETED}
_ORDER = ["CLAIMED", "SUBMITTING", "SUBMITTED", "COMPLETED"]


def run(task: str, url: str, *words: str) -> Any:
    command = [sys.executable, "-m", "tests.imaging.fusion.ledger.workers", task, url, *words]
    longest_s = 4 * PATIENCE_S
    ended = subprocess.run(command, capture_output=True, timeout=longest_s, check=True, text=True)
    return json.loads(ended.stdout)


def test_of_processes_that_race_for_jobs_one_gets_each(url):
    won = run("claim", url)

    assert len(won) == PROCESSES
    assert sorted(key for keys in won for key in keys) == [key_of(each) for each in range(KEYS)]
    jobs = Ledger(url).jobs()
    assert {job.claims for job in jobs} == {1}
    assert len({job.folder for job in jobs}) == KEYS


def test_processes_that_race_for_the_budget_never_exceed_it(url):
    sent = run("spend", url)

    assert len(sent) == PROCESSES
    assert sum(map(len, sent)) == PAID
    ledger = Ledger(url)
    assert ledger.spent().day == PAID
    assert len(ledger.jobs(JobState.SUBMITTING)) == PAID


def test_of_processes_that_race_to_collect_one_does(url):
    collecting = run("collect", url)

    assert len(collecting) == PROCESSES
    assert sorted(key for keys in collecting for key in keys) == [key_of(n) for n in range(10)]
    assert {job.collections for job in Ledger(url).jobs()} == {1}


def test_whatever_a_killed_process_was_told_is_so_and_nothing_is_half_done(url):
    told = [line.split() for line in run("lives", url)]

    ledger = Ledger(url)
    jobs = {job.key: job for job in ledger.jobs()}
    for step, key in told:
        assert _ORDER.index(jobs[key].state) >= _ORDER.index(step)
    for job in jobs.values():
        history = [(each.run_id, each.outcome) for each in ledger.history(job.key)]
        sent = job.state is not JobState.CLAIMED
        assert history == ([(job.run_id, job.state)] if sent else [])
        assert bool(job.run_id) == (job.state in _WITH_RUN)
    unfinished = [job for job in jobs.values() if job.state is not JobState.COMPLETED]
    assert len(unfinished) <= LIVES
    assert len(told) > LIVES


@pytest.mark.parametrize("room", [0, 50_000, 200_000])
def test_a_full_disk_is_said_so_and_leaves_nothing_half_written(tmp_path, room):
    file = tmp_path / "ledger.sqlite"
    Ledger(file).jobs()

    *claimed, last = run("fill", f"sqlite:///{file}", str(file.stat().st_size + room))

    assert last.startswith("the disk of the ledger of fusions")
    ledger = Ledger(file)
    assert sorted(claimed) == [job.key for job in ledger.jobs()]
    with ledger._database.change() as connection:
        assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
        assert connection.scalar(select(func.count()).select_from(JOBS)) == len(claimed)
