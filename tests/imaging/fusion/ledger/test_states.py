"""Whatever is called in whatever order, the ledger does what the diagram of states says."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from imaging.errors import InputError
from imaging.fusion.ledger import Budget
from tests.imaging.fusion.ledger.desk import PLENTY, Desk, key_of

KEYS = st.sampled_from([key_of(1), key_of(2)])
RUNS = st.sampled_from(["run-1", "run-2", "run-3"])
BUDGETS = st.sampled_from([PLENTY, PLENTY, Budget(3, 1000)])
C, S, U = "CLAIMED", "SUBMITTING", "UNCERTAIN"
OVER = {"FAILED", "RELEASED"}


@dataclass
class Model:
    """A job as a person would keep it on paper."""

    state: str = ""
    owner: str = ""
    lease: float = 0.0
    run_id: str = ""
    collecting: str = ""
    collected: bool = False
    collections: int = 0
    deadline: float = 0.0
    sent: list[list[str]] = field(default_factory=list)  # run id and outcome of each submission

    @property
    def open(self) -> Any:
        return self.latest(S, U, "RELEASED")

    def latest(self, *outcomes: str) -> Any:
        rows = [row for row in self.sent if not row[0] and row[1] in outcomes]
        return rows[-1] if rows else None


class States(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.desk = Desk(f"sqlite:///{Path(self.folder.name) / 'ledger.sqlite'}")
        self.models = {key_of(1): Model(), key_of(2): Model()}

    def teardown(self):
        self.folder.cleanup()

    @property
    def now(self):
        return self.desk.clock.now

    def runs(self):
        return {row[0]: key for key, model in self.models.items() for row in model.sent if row[0]}

    def paid(self):
        outcomes = [row[1] for model in self.models.values() for row in model.sent]
        return len(outcomes) - outcomes.count("REFUSED")

    def tried(self, allowed, call, *arguments):
        """Call, and see that it is refused unless it is allowed."""
        try:
            result = call(*arguments)
        except InputError:
            assert not allowed
            return None
        assert allowed
        return result

    @rule(seconds=st.sampled_from([1, 60, 200, 700, 8000]))
    def time_goes_on(self, seconds):
        self.desk.wait(seconds)

    @rule(key=KEYS, again=st.booleans(), budget=BUDGETS)
    def claim(self, key, again, budget):
        model = self.models[key]
        free = model.state in {"", "REFUSED", "RELEASED"}
        free |= model.state == C and model.lease <= self.now
        free |= model.state == "FAILED" and again
        others = [m for k, m in self.models.items() if k != key]
        preparing = sum(m.state == C and m.lease > self.now for m in others)
        affordable = self.paid() + preparing < budget.runs_per_day
        claim = self.tried(
            affordable or not free,
            lambda: self.desk.claim(key, budget=budget, again=again),
        )
        if claim:
            assert bool(claim.owner) == free
        if claim and free:
            model.state, model.owner, model.lease = C, claim.owner, self.now + 120
            model.run_id, model.collected, model.collections = "", False, 0

    @rule(key=KEYS, mine=st.booleans(), budget=BUDGETS)
    def begin(self, key, mine, budget):
        model = self.models[key]
        owner = model.owner if mine else "somebody"
        allowed = model.state == C and mine and self.paid() < budget.runs_per_day
        if self.tried(allowed, self.desk.ledger.begin_submission, key, owner, budget):
            model.state, model.lease = S, self.now + 300
            model.deadline = self.now + 7200
            model.sent.append(["", S])

    @rule(key=KEYS)
    def send(self, key):
        """Take the usual way, so that what comes after it is reached often."""
        self.claim(key, again=True, budget=PLENTY)
        self.begin(key, mine=True, budget=PLENTY)

    @rule(key=KEYS, run_id=RUNS)
    def answer(self, key, run_id):
        model = self.models[key]
        same = run_id == model.run_id
        new = model.open is not None and run_id not in self.runs()
        if self.tried(same or new, self.desk.ledger.submitted, key, run_id) and not same:
            self.attach(model, model.open, run_id)

    @rule(key=KEYS, run_id=RUNS)
    def callback(self, key, run_id):
        model = self.models[key]
        found = model.latest(S, U, "RELEASED", "REFUSED")
        if not model.state:
            expected = "unknown"
        elif run_id in self.runs():
            expected = "known" if self.runs()[run_id] == key else "conflict"
            if self.is_taken_after_all(key, run_id):
                expected, found = "adopted", next(row for row in model.sent if row[0] == run_id)
                model.run_id = ""
        else:
            expected = "adopted" if found and not model.run_id else "conflict"
        assert self.desk.ledger.adopt(key, run_id) == expected
        if expected == "adopted":
            self.attach(model, found, run_id)

    def is_taken_after_all(self, key, run_id):
        """Whether a run of this job was written off, and the job waits for no other."""
        model = self.models[key]
        is_open = model.state in {C, S, U, "RELEASED", "REFUSED", "FAILED"}
        return is_open and [run_id, "RELEASED"] in model.sent

    def attach(self, model, submission, run_id):
        submission[:] = [run_id, "SUBMITTED"]
        if not model.run_id:
            model.state, model.run_id, model.owner = "SUBMITTED", run_id, ""

    @rule(key=KEYS)
    def refusal(self, key):
        model = self.models[key]
        allowed = model.state in {C, S, U} and bool(model.owner)
        if self.tried(allowed, self.desk.ledger.refused, key, "413", model.owner):
            if model.state != C:
                model.open[1] = "REFUSED"
            model.state, model.owner = "REFUSED", ""

    @rule(key=KEYS)
    def loss(self, key):
        model = self.models[key]
        allowed = model.state in {S, U, "SUBMITTED", "COMPLETED", "FAILED"}
        if self.tried(allowed, self.desk.ledger.uncertain, key, "lost") and model.state in {S, U}:
            model.state = model.open[1] = U

    @rule(key=KEYS, consents=st.booleans())
    def release(self, key, consents):
        model = self.models[key]
        allowed = self.is_unknown(model) or (self.is_stuck(model) and consents)
        call = lambda: self.desk.ledger.release(key, may_pay_twice=consents)  # noqa: E731
        if self.tried(allowed, call):
            self.write_off(model)
            model.state = "RELEASED"

    @rule(key=KEYS)
    def give_up(self, key):
        model = self.models[key]
        is_dead = model.state == C and model.lease <= self.now
        allowed = self.is_unknown(model) or self.is_stuck(model) or is_dead
        if self.tried(allowed, self.desk.ledger.give_up, key):
            self.write_off(model)
            is_unpaid = is_dead and all(row[1] == "REFUSED" for row in model.sent)
            model.state = "REFUSED" if is_unpaid else "FAILED"

    @rule(key=KEYS, run_id=RUNS)
    def replace_run(self, key, run_id):
        model = self.models[key]
        same = run_id == model.run_id and model.state in {"SUBMITTED", "COMPLETED"}
        is_ours = self.runs().get(run_id, key) == key
        allowed = same or (is_ours and (self.is_stuck(model) or model.state in OVER))
        is_new = run_id not in self.runs()
        if self.tried(allowed, self.desk.ledger.replace_run, key, run_id) and not same:
            self.write_off(model)
            if lost := is_new and model.latest(S, U, "RELEASED", "REFUSED"):
                lost[0] = run_id
            elif is_new:
                model.sent.append([run_id, ""])
            next(row for row in model.sent if row[0] == run_id)[1] = "SUBMITTED"
            model.state, model.run_id, model.collections = "SUBMITTED", run_id, 0
            model.deadline = self.now + 7200

    def is_unknown(self, model):
        return model.state == U or (model.state == S and model.lease <= self.now)

    def is_stuck(self, model):
        is_late = model.state == "SUBMITTED" and model.deadline <= self.now
        is_useless = model.state == "COMPLETED" and not model.collected and model.collections > 0
        return is_late or (is_useless and model.lease <= self.now)

    def write_off(self, model):
        if model.state in {S, U}:
            model.open[1] = "RELEASED"
        elif model.state == "SUBMITTED":
            next(row for row in model.sent if row[0] == model.run_id)[1] = "RELEASED"
        model.owner = model.collecting = ""
        model.lease = 0.0

    @rule()
    def sweep(self):
        vanished = {k for k, m in self.models.items() if m.state == S and m.lease <= self.now}
        assert {job.key for job in self.desk.ledger.sweep()} == vanished
        for key in vanished:
            self.models[key].state = self.models[key].open[1] = U

    @rule(key=KEYS, word=st.sampled_from(["completed", "failed"]))
    def end(self, key, word):
        model = self.models[key]
        allowed = model.state in {"SUBMITTED", word.upper()}
        words = ("no teeth",) if word == "failed" else ()
        if self.tried(allowed, getattr(self.desk.ledger, word), key, *words):
            model.state = word.upper()
            next(row for row in model.sent if row[0] == model.run_id)[1] = word.upper()
            model.lease = model.lease if model.collecting else 0.0

    @rule(key=KEYS)
    def begin_collection(self, key):
        model = self.models[key]
        allowed = model.state == "COMPLETED"
        owner = self.tried(allowed, self.desk.ledger.begin_collection, key)
        if allowed:
            assert bool(owner) == (model.lease <= self.now and not model.collected)
        if owner:
            model.collecting, model.lease = owner, self.now + 120
            model.collections += 1

    @rule(key=KEYS, collected=st.booleans())
    def end_collection(self, key, collected):
        model = self.models[key]
        arguments = (key, model.collecting, collected)
        allowed = bool(model.collecting)
        if self.tried(allowed, self.desk.ledger.end_collection, *arguments):
            model.collecting, model.lease = "", 0.0
            model.collected |= collected

    @invariant()
    def the_ledger_says_what_the_paper_says(self):
        jobs = {job.key: job for job in self.desk.ledger.jobs()}
        for key, model in self.models.items():
            assert (jobs[key].state if key in jobs else "") == model.state
            if key in jobs:
                assert jobs[key].run_id == model.run_id
                assert bool(jobs[key].collected) == model.collected
            history = [[each.run_id, each.outcome] for each in self.desk.ledger.history(key)]
            assert history == model.sent
        assert self.desk.ledger.spent().month == self.paid()

    @invariant()
    def what_is_to_be_done_is_listed(self):
        late = {k: m for k, m in self.models.items() if m.lease <= self.now}
        done = {k for k, m in late.items() if m.state == "COMPLETED" and not m.collected}
        assert {job.key for job in self.desk.ledger.to_collect()} == done
        abandoned = {k for k, m in late.items() if m.state == C}
        assert {job.key for job in self.desk.ledger.abandoned()} == abandoned
        stuck = {k for k, m in self.models.items() if m.state == U or self.is_stuck(m)}
        assert {job.key for job in self.desk.ledger.undecided()} == stuck
        submitted = {k for k, m in self.models.items() if m.state == "SUBMITTED"}
        assert {job.key for job in self.desk.ledger.due()} == submitted


TestStates = States.TestCase
TestStates.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
