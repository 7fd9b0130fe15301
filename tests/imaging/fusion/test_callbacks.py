"""Callbacks: who is believed, and what for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imaging.fusion.callbacks import (
    Received,
    callback_token,
    callback_url,
    is_genuine,
    receive,
)
from imaging.fusion.connection import VendorConnection

OURS = b"the project's own"
KEY, OTHER_KEY = "0a" * 32, "0b" * 32


class FakeLedger:
    """Jobs by key, with the run ids they have; "" where it was never learnt."""

    def __init__(self, **jobs: str) -> None:
        self.jobs = jobs
        self.rung: list[str] = []
        self.asked = 0

    def adopt(self, key: str, run_id: str) -> str:
        self.asked += 1
        known = self.jobs.get(key)
        if known is None:
            return "unknown"
        if not known:
            self.jobs[key] = run_id
            return "adopted"
        return "known" if known == run_id else "conflict"

    def rang(self, key: str) -> None:
        self.rung.append(key)


def body(run_id="run-1", **others):
    return json.dumps({"workflow_id": run_id, "success": True, **others}).encode()


def rung(ledger, content=None, key=KEY, token=None):
    token = callback_token(OURS, key) if token is None else token
    return receive(ledger, OURS, key, token, body() if content is None else content)


def connection(callback_url):
    account = VendorConnection("default", "https://v.test", "https://f.test", "g", "u", "t")
    return VendorConnection(
        **{name: getattr(account, name) for name in ("name", "url", "files_url", "user_group")},
        user_id="u",
        token="t",  # noqa: S106 - of nobody
        callback_url=callback_url,
        callback_key=OURS,
    )


def test_the_token_is_what_it_has_always_been():
    # Computed by openssl: an address that the vendor holds must still count after an update.
    half = "691cf653018fee4aa41a3d18aa975267"  # pragma: allowlist secret
    other = "89966979c88be84dbca60b99f984f7dc"  # pragma: allowlist secret

    assert callback_token(b"key", KEY) == half + other


@pytest.mark.parametrize("base", ["https://g.test/imaging", "https://g.test/imaging/"])
def test_an_address_holds_key_and_token_below_the_gateway_s(base):
    address = callback_url(connection(base), KEY)

    assert address == f"https://g.test/imaging/callbacks/fusion/{KEY}/{callback_token(OURS, KEY)}"


def test_a_vendor_that_reaches_nobody_gets_no_address():
    assert callback_url(connection(""), KEY) == ""


def test_no_two_jobs_and_no_two_projects_share_a_token():
    tokens = {callback_token(s, k) for s in (OURS, b"another") for k in (KEY, OTHER_KEY)}

    assert len(tokens) == 4


def test_a_callback_of_a_known_run_rings_and_changes_nothing():
    ledger = FakeLedger(**{KEY: "run-1"})

    assert [rung(ledger) for _ in range(3)] == [Received.KNOWN] * 3
    assert ledger.rung == [KEY] * 3
    assert ledger.jobs == {KEY: "run-1"}


def test_a_run_that_was_never_learnt_is_learnt_from_its_callback_once():
    ledger = FakeLedger(**{KEY: ""})

    assert [rung(ledger), rung(ledger)] == [Received.ADOPTED, Received.KNOWN]
    assert ledger.jobs == {KEY: "run-1"}


def test_a_known_run_is_never_exchanged_and_its_bell_does_not_ring():
    ledger = FakeLedger(**{KEY: "run-1"})

    assert rung(ledger, body("run-2")) is Received.CONFLICT
    assert ledger.jobs == {KEY: "run-1"}
    assert ledger.rung == []


@pytest.mark.parametrize("said", [{"success": False}, {"reason": "x"}, {"metadata": {"key": "y"}}])
def test_nothing_else_of_the_body_is_believed(said):
    ledger = FakeLedger(**{KEY: "run-1"})

    assert rung(ledger, body(**said)) is Received.KNOWN


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"run-1"',
        b"{}",
        b'{"workflow_id": null}',
        b'{"workflow_id": 1}',
        b'{"workflow_id": ""}',
        b'{"workflow_id": ["run-1"]}',
        b'{"workflow_id": "run 1"}',
        b'{"workflow_id": "run-1\\n"}',
        b'{"workflow_id": "../../etc"}',
        b'{"workflow_id": "r\\u00fcn"}',
        b'{"workflow_id": "\\ud800"}',
        json.dumps({"workflow_id": "r" * 129}).encode(),
        b"[" * 60_000,
        b'{"a": ' * 9_000,
        b'{"workflow_id": ' + b"9" * 60_000 + b"}",
    ],
    ids=range(20),
)
def test_a_body_that_names_no_run_changes_nothing(content):
    ledger = FakeLedger(**{KEY: ""})

    assert rung(ledger, content) is Received.MALFORMED
    assert (ledger.asked, ledger.rung) == (0, [])


WRONG = {
    "another job's": callback_token(OURS, OTHER_KEY),
    "another project's": callback_token(b"another", KEY),
    "in capitals": callback_token(OURS, KEY).upper(),
    "with more": callback_token(OURS, KEY) + "0",
    "with less": callback_token(OURS, KEY)[:-1],
    "none": "",
    "no ASCII": "\u00e9" * 64,
    "half a character": "\ud800",
}


@pytest.mark.parametrize("token", WRONG.values(), ids=WRONG)
def test_a_wrong_token_is_told_from_a_right_one_without_the_ledger(token):
    ledger = FakeLedger(**{KEY: ""})

    assert rung(ledger, token=token) is Received.UNKNOWN
    assert ledger.asked == 0


def test_a_job_that_is_none_is_unknown_though_the_token_fits():
    ledger = FakeLedger()

    assert rung(ledger) is Received.UNKNOWN
    assert ledger.rung == []


@pytest.mark.parametrize("key", ["", "0a" * 31, "0A" * 32, "0a" * 32 + "\n", "x" * 64, "\ud800"])
def test_what_is_no_key_is_unknown_whatever_its_token(key):
    token = callback_token(OURS, key.encode(errors="replace").decode())
    ledger = FakeLedger(**{key: ""})

    assert rung(ledger, key=key, token=token) is Received.UNKNOWN
    assert ledger.asked == 0


@given(token=st.text())
def test_no_other_text_is_genuine(token):
    assert is_genuine(OURS, KEY, token) == (token == callback_token(OURS, KEY))


@given(content=st.binary() | st.recursive(st.none() | st.text() | st.integers(), st.lists))
def test_whatever_is_sent_is_taken_or_refused(content):
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()

    assert rung(FakeLedger(**{KEY: "run-1"}), raw) is Received.MALFORMED
