"""The REST client of the demo, against a server that is busy."""

import httpx
import pytest

from deployments.prefect_api import PrefectApi, RunFailedError


@pytest.fixture
def busy(monkeypatch):
    """A server that answers as told, one answer a call, and remembers what it was asked."""
    monkeypatch.setattr("deployments.prefect_api.time.sleep", lambda _s: None)
    asked: list[bytes] = []

    def serve(answers):
        left = list(answers)

        def answer(request):
            asked.append(request.content)
            if isinstance(left[0], Exception):
                raise left.pop(0)
            return httpx.Response(left.pop(0), json={"id": "run-1"})

        api = PrefectApi("http://prefect.test/api")
        api._http = httpx.Client(transport=httpx.MockTransport(answer), base_url=api.url)
        return api, asked

    return serve


def test_a_busy_server_is_asked_again_with_the_same_key(busy):
    api, asked = busy([200, 503, httpx.ReadError("cut"), 201])

    assert api.run("extract-cohort", {}) == "run-1"
    assert len(asked) == 4
    assert len(set(asked[1:])) == 1
    assert b"idempotency_key" in asked[1]


def test_a_server_that_stays_busy_is_given_up(busy):
    api, asked = busy([200] + [503] * 7)

    with pytest.raises(RunFailedError, match="503"):
        api.run("extract-cohort", {})
    assert len(asked) == 8


def test_a_refusal_is_told_at_once(busy):
    api, asked = busy([404])

    with pytest.raises(RunFailedError, match="404"):
        api.run("nothing", {})
    assert len(asked) == 1


@pytest.fixture
def ended():
    """A server whose only run ended in the state that is given."""

    def serve(state, kind):
        told = {"type": kind, "name": state, "message": "so it is"}

        def answer(request):
            is_run = request.method == "GET"
            return httpx.Response(200, json={"name": "fuse-1", "state": told} if is_run else [])

        api = PrefectApi("http://prefect.test/api")
        api._http = httpx.Client(transport=httpx.MockTransport(answer), base_url=api.url)
        return api

    return serve


@pytest.mark.parametrize("state", ["Completed", "Submitted", "AlreadyDone"])
def test_a_run_ended_well_whatever_its_flow_calls_that(ended, state):
    assert ended(state, "COMPLETED").follow("run-1", 60).state == state


@pytest.mark.parametrize("kind", ["FAILED", "CRASHED", "CANCELLED"])
def test_a_run_that_did_not_end_well_is_told_with_its_state_and_message(ended, kind):
    with pytest.raises(RunFailedError, match="fuse-1 ended Uncooked: so it is"):
        ended("Uncooked", kind).follow("run-1", 60)
