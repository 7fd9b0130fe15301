"""Looking after all jobs: what waits is asked about, what died is begun anew, a person is told."""

from itertools import pairwise

import pytest

from imaging.errors import RemoteUnavailableError, SettingError
from imaging.fusion.journey import (
    FusionClient,
    JobState,
    look_after,
    undecided_rows,
)
from imaging.fusion.place import work_folder
from tests.imaging.fusion.journey.lab import patient


def submitted(lab, name="case-1", number=0):
    return lab.submit(lab.prepare(name, number))


@pytest.fixture
def rounds(slow_lab):
    """Look after all jobs; what was started and restarted is kept by name."""

    class Keeper:
        def __init__(self):
            self.started, self.restarted = [], []

        def __call__(self, **changed):
            wanted = {
                "client_of": lambda _: FusionClient(slow_lab.connection, sleep=patient),
                "start": lambda job: self.started.append(job.case),
                "restart": lambda job: self.restarted.append(job.case),
                "now": slow_lab.clock,
            }
            return look_after(slow_lab.ledger, **(wanted | changed))

    return Keeper()


def test_rounds_complete_what_is_done_and_start_its_collection(slow_lab, rounds):
    submitted(slow_lab)
    slow_lab.vendor.finish()

    found = rounds()

    assert rounds.started == ["case-1"]
    assert [row["found"] for row in found.rows] == [
        "the vendor says: COMPLETED",
        "collection started",
    ]


def test_rounds_leave_alone_whose_time_has_not_come(slow_lab, rounds):
    submitted(slow_lab)
    rounds()
    asked = slow_lab.vendor.counts["status"]

    found = rounds()

    assert slow_lab.vendor.counts["status"] == asked
    assert (found.rows, found.waiting) == ([], 1)
    assert found.in_words == "1 jobs wait for the vendor"


def test_one_bad_job_keeps_no_other_from_being_looked_at(slow_lab, rounds):
    jobs = [submitted(slow_lab, f"case-{number}", number) for number in range(4)]
    slow_lab.vendor.finish()
    planted = "DOE^JANE"

    class Breaking:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def status(self, run_id):
            if run_id == jobs[1].run_id:
                raise ZeroDivisionError(planted)
            return slow_lab.client.status(run_id)

    def start(job):
        if job.case == "case-2":
            raise OSError(planted)
        rounds.started.append(job.case)

    found = rounds(client_of=lambda _: Breaking(), start=start)

    assert rounds.started == ["case-0", "case-3"]
    failed = [row["case"] for row in found.rows if row["found"] == "could not be looked after"]
    assert failed == ["case-1", "case-2"]
    assert "DOE" not in str(found.rows)


def test_an_account_that_is_gone_is_told_of_its_jobs(slow_lab, rounds):
    submitted(slow_lab)
    missing = "no such account"

    def gone(name):
        raise SettingError(name, missing)

    assert "no such account" in rounds(client_of=gone).rows[0]["reason"]


def test_a_vendor_that_is_away_is_a_row_and_no_end(slow_lab, rounds):
    submitted(slow_lab)
    slow_lab.vendor.plan("status", *[503] * 20)

    assert rounds().rows[0]["found"] == "the vendor cannot be reached"


def test_a_vendor_that_hangs_holds_a_round_no_longer_than_so_and_all_jobs_get_their_turn(
    slow_lab, rounds
):
    jobs = {submitted(slow_lab, f"case-{number}", number).run_id for number in range(12)}
    asked = []

    class Hanging(FusionClient):
        def status(self, run_id):
            asked.append(run_id)
            slow_lab.clock.sleep(100)
            raise RemoteUnavailableError

    def hanging(_):
        return Hanging(slow_lab.connection, sleep=patient)

    found = [row["found"] for row in rounds(client_of=hanging).rows]

    assert 2 <= len(asked) <= 6  # the others had begun before the time was up
    assert found.count("asked about next time, the vendor is slow") == 12 - len(asked)
    first = set(asked)
    asked.clear()
    rounds(client_of=hanging)
    assert set(asked).isdisjoint(first)
    for _ in range(4):
        rounds(client_of=hanging)
    assert first | set(asked) == jobs


def test_an_overdue_job_is_told(slow_lab, rounds):
    submitted(slow_lab)
    slow_lab.clock.sleep(10_000)

    for _ in range(2):  # also where its time to be asked about has not come
        (row,) = rounds().rows
        assert row["found"].startswith("overdue")
    assert slow_lab.vendor.counts["status"] == 1


def test_a_run_that_the_vendor_forgot_is_overdue_with_its_words(slow_lab, rounds):
    submitted(slow_lab)
    slow_lab.clock.sleep(10_000)
    slow_lab.vendor.plan("status", 404)

    (row,) = rounds().rows

    assert "resolve-fusion" in row["found"]
    assert "refuses (404)" in row["reason"]


def test_a_killed_preparation_is_begun_anew(slow_lab, rounds):
    def killed(step, _):
        if step == "packed":
            raise KeyboardInterrupt

    slow_lab.ledger.refused = lambda *_, **__: None  # a killed worker gives nothing up
    with pytest.raises(KeyboardInterrupt):
        slow_lab.submit(slow_lab.prepare(), progress=killed)

    rounds()
    assert rounds.restarted == []
    slow_lab.clock.sleep(1000)
    rounds()
    assert rounds.restarted == ["case-1"]


def test_a_submission_whose_worker_vanished_is_uncertain_and_a_person_is_told(slow_lab, rounds):
    prepared = slow_lab.prepare()
    slow_lab.ledger.uncertain = lambda *_, **__: None

    def killed(step, _):
        if step == "submitting":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        slow_lab.submit(prepared, progress=killed)
    slow_lab.clock.sleep(1000)

    found = rounds()

    assert "resolve-fusion" in found.rows[0]["found"]
    assert slow_lab.job(prepared.key).state is JobState.UNCERTAIN
    assert rounds().rows[0]["found"] == found.rows[0]["found"]
    assert [row["case"] for row in undecided_rows(slow_lab.ledger)] == ["case-1"]


def test_a_collection_that_always_fails_is_begun_ever_more_rarely(slow_lab, rounds):
    job = submitted(slow_lab)
    slow_lab.vendor.finish()
    attempts = []

    def fail(job):
        attempts.append(slow_lab.clock())
        owner = slow_lab.ledger.begin_collection(job.key)
        slow_lab.ledger.end_collection(job.key, owner, collected=False, reason="disk full")

    for _ in range(100):
        rounds(start=fail)
        slow_lab.clock.sleep(600)

    gaps = [after - before for before, after in pairwise(attempts[6:])]
    assert 8 < len(attempts) < 15
    assert all(after > 1.2 * before for before, after in pairwise(gaps))
    assert slow_lab.job(job.key).collected == 0
    (told,) = rounds(start=fail).rows
    assert "again and again: tried again at 20" in told["found"]
    assert told["reason"] == "disk full"


def test_rounds_remove_what_killed_workers_packed_for_nobody(slow_lab, rounds):
    needed, done = slow_lab.prepare(number=1), submitted(slow_lab, number=2)
    folders = {
        name: work_folder(name, slow_lab.root) for name in (needed.key, done.key, "rehearsal-1")
    }

    def killed(step, _):
        if step == "packed":
            raise KeyboardInterrupt

    slow_lab.ledger.refused = lambda *_, **__: None
    with pytest.raises(KeyboardInterrupt):
        slow_lab.submit(needed, progress=killed)
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)

    rounds(data_root=slow_lab.root)
    assert {name for name, folder in folders.items() if folder.exists()} == {
        needed.key,
        "rehearsal-1",
    }
    slow_lab.clock.sleep(5000)
    rounds(data_root=slow_lab.root)
    assert [name for name, folder in folders.items() if folder.exists()] == [needed.key]
