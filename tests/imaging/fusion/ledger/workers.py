"""Processes that use one ledger at once: `python -m tests.imaging.fusion.ledger.workers`.

They are forked from a process of their own that has no threads, all at the same moment.
"""

import contextlib
import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from imaging.errors import BudgetError, RemoteUnavailableError
from imaging.fusion.job import JobDraft
from imaging.fusion.ledger import Budget, Ledger
from tests.imaging.fusion.ledger.desk import PLENTY, key_of

PROCESSES, KEYS, PAID, LIVES = 6, 40, 7, 20
PATIENCE_S = 120  # with who hangs, and not with who is slow

_FORK = multiprocessing.get_context("fork")


def claim_all(url: str, number: int) -> list[str]:
    """Claim the same keys as everybody, in an order of one's own."""
    keys = [key_of(each) for each in range(KEYS)]
    random.Random(number).shuffle(keys)  # noqa: S311 - no secret
    ledger = Ledger(url)
    drafts = [JobDraft(key, "case", "default") for key in keys]
    return [each.key for each in drafts if ledger.claim(each, PLENTY, 7200).owner]


def spend_all(url: str, number: int) -> list[str]:
    """Submit five jobs that nobody else has, as far as the common budget goes."""
    ledger = Ledger(url)
    keys = [key_of(100 * number + each) for each in range(5)]
    claims = [ledger.claim(JobDraft(key, "case", "default"), PLENTY, 7200) for key in keys]
    sent = []
    for claim in claims:
        with contextlib.suppress(BudgetError):
            ledger.begin_submission(claim.job.key, claim.owner, Budget(PAID, 1000))
            sent.append(claim.job.key)
    return sent


def collect_all(url: str, number: int) -> list[str]:
    """Complete and collect the same jobs as everybody; the first process submits them."""
    ledger = Ledger(url)
    keys = [key_of(each) for each in range(10)]
    if number == 0:
        for key in keys:
            owner = ledger.claim(JobDraft(key, "case", "default"), PLENTY, 7200).owner
            ledger.begin_submission(key, owner, PLENTY)
            ledger.submitted(key, f"run-{key}", owner)
    deadline = time.monotonic() + PATIENCE_S
    while len(ledger.due()) + len(ledger.to_collect()) < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    return [key for key in keys if _collected(ledger, key)]


def _collected(ledger: Ledger, key: str) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while ledger.adopt(key, f"run-{key}") != "known" and time.monotonic() < deadline:
        time.sleep(0.01)
    ledger.completed(key)
    return ledger.begin_collection(key) is not None


def together(task: Callable[[str, int], list[str]], url: str) -> list[list[str]]:
    """Run a task in several processes that start at the same moment."""
    barrier = _FORK.Barrier(PROCESSES)
    results: Any = _FORK.SimpleQueue()

    def run(number: int) -> None:
        barrier.wait(timeout=PATIENCE_S)
        results.put(task(url, number))

    processes = [_FORK.Process(target=run, args=(number,)) for number in range(PROCESSES)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=2 * PATIENCE_S)
    return [results.get() for process in processes if process.exitcode == 0]


def lives(url: str) -> list[str]:
    """Kill one process after the other amid its work; return what each had been told is so."""
    told: list[str] = []
    chance = random.Random(7)  # noqa: S311 - no secret
    Ledger(url).jobs()
    for life in range(LIVES):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _work(Ledger(url), life, writing)
        os.close(writing)
        with os.fdopen(reading) as words:
            told += [words.readline().strip() for _ in range(chance.randrange(1, 9))]
            time.sleep(chance.uniform(0, 0.01))  # somewhere amid the next change
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            told += words.read().splitlines()
    return told


def _work(ledger: Ledger, life: int, writing: int) -> None:
    """Take jobs through their whole life, and say each step once the ledger has it."""

    def say(step: str, key: str) -> None:
        os.write(writing, f"{step} {key}\n".encode())

    for number in range(1000 * life, 1000 * (life + 1)):
        key, run_id = key_of(number), f"run-{number}"
        owner = ledger.claim(JobDraft(key, "case", "default"), PLENTY, 7200).owner
        say("CLAIMED", key)
        ledger.begin_submission(key, owner, PLENTY)
        say("SUBMITTING", key)
        ledger.submitted(key, run_id, owner)
        say("SUBMITTED", key)
        ledger.completed(key, run_id)
        say("COMPLETED", key)
    os._exit(1)  # too quick to be killed


def fill(url: str, most_bytes: int) -> list[str]:
    """Claim jobs until the disk takes no more; return those that were, and the last word."""
    ledger = Ledger(url)
    ledger.jobs()
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    claimed = []
    try:
        for number in range(1000):
            request = {"padding": "x" * 2000}
            draft = JobDraft(key_of(number), "case", "default", request=request)
            claimed.append(ledger.claim(draft, PLENTY, 7200).job.key)
    except RemoteUnavailableError as error:
        return [*claimed, str(error)]
    return [*claimed, "never full"]


def main(task: str, url: str, *words: str) -> None:
    tasks = {"claim": claim_all, "spend": spend_all, "collect": collect_all}
    if task in tasks:
        said: list[Any] = together(tasks[task], url)
    elif task == "lives":
        said = lives(url)
    else:
        said = fill(url, int(words[0]))
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
