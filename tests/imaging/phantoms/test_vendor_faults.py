import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace

import httpx
import pytest

from imaging.errors import InputError
from imaging.phantoms.vendor import SimulatorOptions, VendorSimulator
from imaging.phantoms.vendor.__main__ import main
from tests.imaging.phantoms.vendor_customer import PLAIN, SCAN, Customer, doorbell

GIVEN = "of-the-command-line"
LITTLE = SimulatorOptions(teeth=("11",), faces_per_tooth=80)


@pytest.fixture(name="vendor")
def a_vendor():
    with VendorSimulator(LITTLE) as vendor:
        yield vendor


@pytest.fixture(name="customer")
def a_customer(vendor):
    return Customer(vendor)


def outcome(ask):
    """Return the status of an answer, or the kind of the error that came instead."""
    try:
        return ask().status_code
    except httpx.TransportError as error:
        return type(error).__name__


HUNG_UP = {"RemoteProtocolError", "ReadError", "WriteError"}


@pytest.mark.parametrize(
    ("fault", "paid", "seen"),
    [
        (None, 1, {200}),
        ("lost", 1, HUNG_UP),
        ("dropped", 0, HUNG_UP),
        (502, 1, {502}),
        ("503", 1, {503}),
        (413, 0, {413}),
        (422, 0, {422}),
        (429, 0, {429}),
        ("junk", 1, {200}),
        ("wrong", 1, {200}),
        ("short", 1, HUNG_UP),
        ("redirect", 0, {307}),
    ],
)
def test_a_submission_goes_wrong_as_planned_and_costs_what_it_costs(
    customer, vendor, fault, paid, seen
):
    call = customer.call()
    vendor.plan("run", fault)

    assert outcome(lambda: customer.post(call)) in seen
    assert vendor.paid == paid


def test_what_is_junk_is_no_json_and_what_is_wrong_is_another(customer, vendor):
    vendor.plan("run", "junk", "wrong")

    junk, wrong = customer.submit(), customer.submit()

    with pytest.raises(json.JSONDecodeError):
        junk.json()
    assert "run_id" not in wrong.json()


def test_plans_are_a_queue_for_each_endpoint(customer, vendor):
    vendor.plan("status", 500, None, 429)
    vendor.plan("data", 404)
    run_id = customer.run()

    statuses = [customer.get(f"/run/{run_id}").status_code for _ in range(4)]

    assert statuses == [500, 200, 429, 200]
    assert [customer.get(f"/data/{run_id}").status_code for _ in range(2)] == [404, 200]
    assert vendor.counts["status"] == 4


@pytest.mark.parametrize("status", [429, 503])
def test_who_asks_too_often_is_told_when_to_come_again(customer, vendor, status):
    vendor.plan("status", status)

    assert customer.get("/run/x").headers["Retry-After"] == "1"


def broken_off(customer, urn):
    """Return the answer to a download that breaks off, and how many bytes came."""
    address, received = f"{customer.vendor.files_url}/file/download", 0
    with PLAIN.stream("GET", address, params={"urn": urn}, headers=customer.headers) as answer:
        try:
            for block in answer.iter_raw():
                received += len(block)
        except httpx.RemoteProtocolError:
            return answer, received
    pytest.fail("it did not break off")


def test_a_short_download_ends_before_its_declared_length(customer, vendor):
    urn = customer.data()["fusion"]["11"]["data"]
    whole = len(customer.download(urn).content)
    vendor.plan("download", "short")
    answer, received = broken_off(customer, urn)

    assert int(answer.headers["Content-Length"]) == whole
    assert received == whole // 2


def test_a_short_download_of_a_file_ends_early_too(customer, vendor):
    urn = customer.upload(SCAN)
    vendor.plan("download", "short")

    assert outcome(lambda: customer.download(urn)) in HUNG_UP


def test_a_delayed_answer_outlasts_an_impatient_client(customer, vendor):
    vendor.plan("status", "delay 2")

    with pytest.raises(httpx.ReadTimeout):
        PLAIN.get(f"{vendor.url}/run/x", headers=customer.headers, timeout=0.1)


def test_a_refused_upload_is_not_kept_and_the_next_is(customer, vendor):
    vendor.plan("put", 500)

    assert PLAIN.put(customer.signed_url(), content=SCAN).status_code == 500
    assert vendor.uploads == []
    customer.upload(SCAN)
    assert len(vendor.uploads) == 1


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [("elsewhere", 500), ("run", "never"), ("run", "delay"), ("put", 200), ("result", 500)],
)
def test_a_fault_that_there_is_not_is_refused(vendor, endpoint, fault):
    with pytest.raises(InputError):
        vendor.plan(endpoint, fault)


def test_a_vendor_that_is_down_answers_nobody_and_forgets_nothing(customer, vendor):
    run_id = customer.run()
    with httpx.Client(headers=customer.headers) as kept:
        kept.get(f"{vendor.url}/run/{run_id}")
        with vendor.down():
            assert outcome(lambda: kept.get(f"{vendor.url}/run/{run_id}")) == "ConnectError"
            assert outcome(lambda: customer.get(f"/run/{run_id}")) == "ConnectError"
            assert outcome(lambda: customer.download("urn:x")) == "ConnectError"

    assert customer.get(f"/run/{run_id}").json()["completed"] is True


def called(customer, url, **changed):
    return customer.run(notification=[{"url": url}], metadata={"key": "k"}, **changed)


def test_a_callback_tells_of_success(customer):
    with doorbell() as (url, came):
        run_id = called(customer, url)

        body = came.get(timeout=120)
    assert body == {
        "workflow_id": run_id,
        "metadata": {"key": "k"},
        "success": True,
        "reason": None,
    }


def test_a_callback_tells_of_failure(customer, vendor):
    vendor.plan("result", "failed too dark")
    with doorbell() as (url, came):
        called(customer, url)

        body = came.get(timeout=120)
    assert (body["success"], body["reason"]) == (False, "too dark")


def test_each_address_is_called(customer):
    with doorbell() as (first, came), doorbell() as (second, came_too):
        customer.run(notification=[{"url": first}, {"url": second}])

        assert came.get(timeout=120) == came_too.get(timeout=120)


@pytest.mark.parametrize(("fault", "calls"), [(None, 1), ("twice", 2), ("never", 0)])
def test_a_callback_is_sent_once_twice_or_never(fault, calls):
    options = SimulatorOptions(seconds=math.inf, teeth=("11",), faces_per_tooth=80)
    with VendorSimulator(options) as vendor, doorbell() as (url, came):
        vendor.plan("callback", fault)
        called(Customer(vendor), url)
        vendor.finish()
        vendor.finish()

        assert came.qsize() == calls
        assert vendor.runs[0].callbacks == ["204"] * calls


def test_a_late_callback_comes_after_the_vendors_own_status(customer, vendor):
    vendor.plan("callback", "late 60")
    with doorbell() as (url, came):
        run_id = called(customer, url)

        assert customer.get(f"/run/{run_id}").json()["completed"] is True
        assert came.empty()
        vendor.finish()
        assert came.qsize() == 1


@pytest.mark.parametrize("fault", [None, "lost"])
def test_an_early_callback_comes_before_the_answer(customer, vendor, fault):
    vendor.plan("callback", "early")
    vendor.plan("run", fault)
    with doorbell() as (url, came):
        call = customer.call(notification=[{"url": url}])
        outcome(lambda: customer.post(call))

        assert came.get_nowait()["workflow_id"] == vendor.runs[0].run_id


def test_a_run_whose_answer_was_lost_calls_back(customer, vendor):
    vendor.plan("run", "lost")
    with doorbell() as (url, came):
        call = customer.call(notification=[{"url": url}])
        outcome(lambda: customer.post(call))

        assert came.get(timeout=120)["workflow_id"] == vendor.runs[0].run_id


def test_a_vendor_with_a_folder_calls_back_in_another_life(tmp_path):
    options = replace(LITTLE, state=tmp_path)
    with doorbell() as (url, came):
        with VendorSimulator(options) as vendor:
            vendor.plan("callback", "early", "late 60")
            told, untold = (called(Customer(vendor), url) for _ in range(2))
        assert came.get_nowait()["workflow_id"] == told
        without_fault = (tmp_path / "runs.jsonl").read_text().replace("late 60", "")
        (tmp_path / "runs.jsonl").write_text(without_fault)

        with VendorSimulator(options):
            assert came.get(timeout=120)["workflow_id"] == untold
        assert came.empty()


def test_a_callback_can_be_sent_again_with_other_words(customer, vendor):
    vendor.plan("callback", "never")
    with doorbell() as (url, came):
        vendor.ring(called(customer, url), workflow_id="another", success=False)

        body = came.get_nowait()
    assert (body["workflow_id"], body["success"]) == ("another", False)


def test_a_callback_that_nobody_hears_is_noted(vendor, customer):
    vendor.plan("callback", "early")
    with doorbell() as (url, _):
        pass

    called(customer, url)

    assert vendor.runs[0].callbacks == ["ConnectionRefusedError"]


@pytest.mark.parametrize("url", ["http://192.0.2.1/ring", "http://vendor.test/", "no address"])
def test_nobody_but_this_machine_is_called(customer, vendor, url):
    vendor.plan("callback", "early")

    called(customer, url)

    assert vendor.runs[0].callbacks == ["not sent: a simulator calls nobody but its own machine"]


def test_the_state_tells_of_runs_but_of_no_address_and_no_token(customer, vendor):
    vendor.plan("callback", "early")  # or what became of it may be noted between two looks
    called(customer, "http://127.0.0.1:9/a-word-of-the-address")

    answer = PLAIN.get(vendor.url + "/_simulator")

    assert answer.json()["paid"] == 1
    assert answer.json()["runs"][0]["metadata"] == {"key": "k"}
    assert answer.json() == {**vendor.state(), "counts": answer.json()["counts"]}
    assert "a-word-of-the-address" not in answer.text
    assert vendor.token not in answer.text


def test_faults_and_ends_can_be_asked_for_from_outside():
    with VendorSimulator(SimulatorOptions(seconds=math.inf, teeth=("11",))) as vendor:
        customer, url = Customer(vendor), vendor.url + "/_simulator"
        PLAIN.post(url, json={"plan": {"result": ["failed"], "run": [None, 422]}})
        run_id = customer.run()
        assert customer.submit().status_code == 422

        state = PLAIN.post(url, json={"finish": run_id}).json()

        assert state["runs"][0]["failed"] is True
        assert PLAIN.post(url, json={"plan": {"nowhere": [1]}}).status_code == 422


@pytest.fixture(name="process")
def a_process(tmp_path):
    command = [sys.executable, "-m", "imaging.phantoms.vendor", "--state", str(tmp_path)]
    options = ["--seconds", "0", "--faces", "80", "--plan", "run=,422", "--token", GIVEN]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        yield process
        if process.poll() is None:
            process.kill()


def test_it_serves_as_a_process_until_it_is_told_to_end(process):
    line = json.loads(process.stdout.readline())
    url, headers = line["url"], {"X-ZH-TOKEN": line["token"]}

    assert "nothing is paid" in line["simulator"]
    assert line["token"] == GIVEN
    assert PLAIN.get(f"{url}/run/x", headers=headers).status_code == 404
    assert [
        PLAIN.post(f"{url}/run", headers=headers, content=b"{").status_code for _ in range(2)
    ] == [400, 422]
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(120) == 0


def test_a_command_that_plans_nonsense_is_refused(capsys):
    assert main(["--plan", "run=nonsense"]) == 2
    assert capsys.readouterr().err == "run knows no fault nonsense\n"


def test_many_runs_wait_at_once():
    options = SimulatorOptions(seconds=math.inf, teeth=("11",), faces_per_tooth=80)
    with VendorSimulator(options) as vendor:
        customer = Customer(vendor)
        call = customer.call()
        ids = {customer.post(call).json()["run_id"] for _ in range(50)}
        vendor.finish()

        assert len(ids) == vendor.paid == 50
        assert all(run.is_done for run in vendor.runs)
