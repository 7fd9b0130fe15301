"""Two workers at one job: who lost it stops, pays nothing, and takes nothing from who has it."""

import threading
import time

import pytest

from imaging.errors import (
    InputError,
)
from imaging.fusion.job import JobDraft
from imaging.fusion.journey import JobState
from imaging.fusion.ledger import Budget, ClaimLostError
from imaging.fusion.place import work_folder


def test_a_worker_whose_claim_was_taken_over_stops_and_pays_nothing(lab, prepared):
    def taken_over(step, _):
        if step == "packed":
            lab.clock.ahead_s += 1000
            lab.submit(prepared, progress=lambda *_: None)

    with pytest.raises(InputError):
        lab.submit(prepared, progress=taken_over)

    assert lab.vendor.paid == 1
    assert lab.job(prepared.key).state is JobState.SUBMITTED


def test_a_worker_who_lost_its_claim_takes_nothing_from_who_has_it(lab, prepared):
    draft = JobDraft(prepared.key, "case-1", "default")
    owners: list[str] = []

    def taken_over(step, _):
        if step == "packed":
            while not owners:  # a renewal may come between
                lab.clock.ahead_s += 1000
                owners.extend(filter(None, [lab.ledger.claim(draft, Budget(9, 9), 9e9).owner]))
            while any(thread.name == "fusion-lease" for thread in threading.enumerate()):
                time.sleep(0.01)  # until it has learnt of it

    with pytest.raises(ClaimLostError):
        lab.submit(prepared, progress=taken_over, lease_s=0.4)

    assert list(work_folder(prepared.key, lab.root).rglob("cbct.zip"))
    lab.ledger.renew(prepared.key, owners[0])
    assert lab.vendor.counts["upload_url"] == 0


def test_a_worker_held_up_before_it_sends_pays_nothing_when_it_was_released(lab, prepared):
    def asleep(step, _):
        if step == "submitting":
            lab.clock.ahead_s += 1000
            lab.ledger.sweep()
            lab.ledger.release(prepared.key)
            lab.submit(prepared)

    with pytest.raises(ClaimLostError):
        lab.submit(prepared, progress=asleep)

    assert lab.vendor.paid == 1
    assert lab.job(prepared.key).state is JobState.SUBMITTED


def test_a_worker_that_fails_before_it_learns_of_its_loss_removes_nothing(lab, prepared):
    draft = JobDraft(prepared.key, "case-1", "default")

    def taken_over(step, _):
        if step == "packed":
            lab.clock.ahead_s += 1000
            lab.ledger.claim(draft, Budget(9, 9), 9e9)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lab.submit(prepared, progress=taken_over)

    assert list(work_folder(prepared.key, lab.root).rglob("cbct.zip"))


def test_the_lease_is_renewed_while_a_worker_is_slow(lab, prepared):
    leases = []

    def slow(step, _):
        if step == "packed":
            first = lab.job(prepared.key).lease
            until = time.monotonic() + 60
            while lab.job(prepared.key).lease == first and time.monotonic() < until:
                time.sleep(0.01)
            leases.append((first, lab.job(prepared.key).lease))

    lab.submit(prepared, progress=slow, lease_s=0.4)

    assert leases[0][1] > leases[0][0]
