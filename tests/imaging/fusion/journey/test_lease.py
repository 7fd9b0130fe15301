"""A lease is held as long as its worker lives, and one that is lost is noticed."""

from threading import Event

import pytest

from imaging.errors import RemoteUnavailableError
from imaging.fusion.journey.lease import Lease
from imaging.fusion.journey.watching import Watch
from imaging.fusion.ledger import ClaimLostError


def test_a_ledger_that_is_away_for_a_moment_loses_no_lease():
    renewals, renewed = [], Event()

    def renew():
        renewals.append(1)
        if len(renewals) == 1:
            msg = "busy"
            raise RemoteUnavailableError(msg)
        renewed.set()

    with Lease(renew, 0.02) as lease:
        assert renewed.wait(30)
        lease.check()


def test_a_lease_that_cannot_be_renewed_thrice_is_renewed_in_time_still():
    lease = Lease(lambda: None, 120.0)

    assert lease._every_s == pytest.approx(120.0 / 4)


def test_who_lost_it_is_told_whenever_it_asks():
    asked = Event()

    def renew():
        asked.set()
        msg = "another has it"
        raise ClaimLostError(msg)

    with Lease(renew, 0.02) as lease:
        assert asked.wait(30)
        lease._thread.join(30)
        for _ in range(2):
            with pytest.raises(ClaimLostError):
                lease.check()


def test_who_lost_it_makes_no_further_step():
    steps = []

    def lost():
        msg = "another has it"
        raise ClaimLostError(msg)

    with pytest.raises(ClaimLostError):
        Watch(lambda step, _: steps.append(step), lost).tell("putting the meshes together", 0.7)

    assert steps == []
