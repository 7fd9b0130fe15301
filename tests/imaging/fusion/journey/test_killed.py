"""Killed at any instant and started again, each job completes, and is paid for once."""

import multiprocessing
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.context import ForkServerProcess

import pytest

from imaging.fusion.journey import JobState, Prepared
from imaging.fusion.place import work_folder
from tests.imaging.fusion.journey.lab import Lab
from tests.imaging.fusion.journey.life import PRELOAD, Life, live

INSTANTS = 50
AT_ONCE = 3
LONGEST_S = 60.0
PATIENCE_S = 2.0  # for a call to reach the vendor
LATER_S = 1000.0  # longer than any lease

STEPS = [
    "claimed",
    "packing the CBCT",
    "packed",
    "uploaded the upper scan",
    "uploaded the lower scan",
    "uploaded the CBCT",
    "begin_submission",
    "accepted",
    "written down",
    "submitted",
    "completed",
    "asking what was delivered",
    "fetched 5 of",
    "putting the meshes together",
    "assembled",
    "all but the record",
    "before end_collection",
    "after end_collection",
]

FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(PRELOAD)


@dataclass
class Help:
    """How often a job could not go on by itself, and in which states jobs were killed."""

    adopted: int = 0
    released: int = 0
    killed: Counter[str] = field(default_factory=Counter)


@pytest.fixture
def lab(tmp_path, patient_files):
    """A lab with callbacks, as those repair most of what a kill loses."""
    with Lab(tmp_path / "data", patient_files, has_callbacks=True) as lab:
        yield lab


def start(
    lab: Lab, prepared: Prepared, *, ahead_s: float = 0.0, fate: str = ""
) -> ForkServerProcess:
    life = Life(prepared, lab.connection, lab.ledger_file, lab.root, ahead_s, fate)
    process = FORKING.Process(target=live, args=(life,))
    process.start()
    return process


def live_again(lab: Lab, prepared: Prepared, help_: Help) -> int:
    """Start a killed life until it is complete; return how often that was needed."""
    for attempt in range(1, 5):
        hear_out(lab, prepared.key)
        process = start(lab, prepared, ahead_s=attempt * LATER_S)
        process.join(LONGEST_S)
        assert process.exitcode == 0
        job = lab.job(prepared.key)
        if job.collected:
            return attempt
        settle(lab, prepared, help_, attempt * LATER_S)
    pytest.fail(f"the job is {lab.job(prepared.key).state} for ever")


def settle(lab: Lab, prepared: Prepared, help_: Help, ahead_s: float) -> None:
    """Do as a person does by the manual, who finds a job whose answer was lost."""
    with lab.ledger.__class__(lab.ledger_file, now=lambda: time.time() + ahead_s) as ledger:
        ledger.sweep()
        if lab.job(prepared.key).state is not JobState.UNCERTAIN:
            return
        if runs := paid_runs(lab, prepared.key):
            ledger.adopt(prepared.key, runs[0])
            help_.adopted += 1
        else:
            ledger.release(prepared.key)
            help_.released += 1


def hear_out(lab: Lab, key: str) -> None:
    """Wait for what came of a killed life's last call: it is over long before any lease is."""
    begun = time.monotonic()
    while (job := lab.ledger.get(key)) and job.state is JobState.SUBMITTING:
        # A call may lie before the vendor, or a callback may be on the way; else nothing was sent.
        is_under_way = lab.vendor.counts["run"] > lab.vendor.paid or paid_runs(lab, key)
        if time.monotonic() - begun > (LONGEST_S if is_under_way else PATIENCE_S):
            return
        time.sleep(0.02)


def paid_runs(lab: Lab, key: str) -> list[str]:
    return [run.run_id for run in lab.vendor.runs if run.metadata["key"] == key]


def is_whole(lab: Lab, prepared: Prepared) -> bool:
    folder = lab.root / "fusions" / lab.job(prepared.key).folder
    is_clean = not work_folder(prepared.key, lab.root).exists()
    return is_clean and (folder / "fusion.json").is_file() and (folder / "viewer.html").is_file()


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_and_started_again_a_job_completes_and_is_paid_once(lab, step):
    prepared, help_ = lab.prepare(), Help()
    process = start(lab, prepared, fate=step)
    process.join(LONGEST_S)
    assert process.exitcode == -9, f"no life comes to the step {step}"

    live_again(lab, prepared, help_)

    assert lab.vendor.paid == 1
    assert is_whole(lab, prepared)
    # Only between the ledger's last word and the call itself does nobody but a person know.
    assert help_ == Help(released=step == "begin_submission")


def test_processes_with_the_same_request_submit_it_once(lab):
    prepared = lab.prepare()

    processes = [start(lab, prepared) for _ in range(4)]
    for process in processes:
        process.join(LONGEST_S)

    assert [process.exitcode for process in processes] == [0] * 4
    assert lab.vendor.paid == 1
    assert lab.job(prepared.key).claims == 1
    assert is_whole(lab, prepared)


def kill_once(lab: Lab, number: int, delay_s: float, help_: Help) -> bool:
    """Kill a life after a while, and let it complete; tell whether it was still alive."""
    prepared = lab.prepare(f"case-{number}", number)
    process = start(lab, prepared)
    process.join(delay_s)
    process.kill()
    process.join()
    if process.exitcode != 0:
        job = lab.ledger.get(prepared.key)
        help_.killed[str(job.state) if job else "nothing"] += 1
        live_again(lab, prepared, help_)
    assert is_whole(lab, prepared)
    return process.exitcode != 0


def test_killed_at_50_random_instants_50_jobs_complete_and_50_are_paid(lab):
    help_, chance = Help(), random.Random(20)  # noqa: S311 - when to kill is no secret
    undisturbed = partial(kill_once, lab, delay_s=LONGEST_S, help_=help_)
    assert not undisturbed(0)  # the first also starts the server that the others are forked from
    begun = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert not any(pool.map(undisturbed, range(1, 1 + AT_ONCE)))
    whole_s = time.monotonic() - begun
    killed, number = 0, 1 + AT_ONCE
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while killed < INSTANTS:
            numbers = range(number, number + INSTANTS - killed)
            delays = [chance.uniform(0, whole_s) for _ in numbers]
            one = partial(kill_once, lab, help_=help_)
            alive = sum(pool.map(lambda n, s, one=one: one(n, delay_s=s), numbers, delays))
            killed, number = killed + alive, numbers.stop
            if 2 * alive < len(numbers):
                whole_s /= 2  # it was measured while the machine was busy
            assert number < 4 * INSTANTS

    paid = Counter(run.metadata["key"] for run in lab.vendor.runs)
    print(f"{killed} killed of {number}, {lab.vendor.paid} paid, {help_}")  # noqa: T201
    assert len(paid) == number
    assert set(paid.values()) == {1}
