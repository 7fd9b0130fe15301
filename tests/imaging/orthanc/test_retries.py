from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from imaging.errors import RemoteUnavailableError, SettingError
from imaging.orthanc.retries import told_s
from tests.imaging.orthanc.fakes import SYSTEM, contents
from tests.imaging.orthanc.servers import serving


class Flaky:
    """Answers with a status a few times, then as an Orthanc."""

    def __init__(self, status, times, **headers):
        self.left, self.bad, self.asked = times, (status, headers, b"busy"), 0
        self.pauses: list[float] = []

    def __call__(self, *_):
        self.asked += 1
        self.left -= 1
        return self.bad if self.left >= 0 else SYSTEM


def check(client, server):
    """Ask once; return the pauses made meanwhile."""
    with serving(server) as url:
        connected = client(url)
        connected._transport.sleep = server.pauses.append
        connected.check()
    return server.pauses


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("times", [1, 2])
def test_a_server_that_is_busy_for_a_moment_costs_nothing(client, status, times):
    server = Flaky(status, times)

    pauses = check(client, server)

    assert server.asked == times + 1
    assert len(pauses) == times
    assert all(0.1 <= pause <= 1.2 for pause in pauses)
    assert pauses == sorted(pauses)


def test_a_server_that_stays_busy_is_asked_three_times(client):
    server = Flaky(503, 99)

    with pytest.raises(RemoteUnavailableError, match="503"):
        check(client, server)

    assert server.asked == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 501])
def test_another_refusal_is_not_repeated(client, status):
    server = Flaky(status, 99)

    with pytest.raises((SettingError, RemoteUnavailableError)):
        check(client, server)

    assert server.asked == 1


def test_a_closed_connection_is_tried_again(client):
    server = Flaky(0, 2)

    check(client, server)

    assert server.asked == 3


def test_the_server_says_how_long_to_wait(client):
    assert check(client, Flaky(503, 1, **{"Retry-After": "4"})) == [4.0]


def test_a_server_that_wants_minutes_is_left_to_the_caller(client):
    server = Flaky(503, 1, **{"Retry-After": "120"})

    with pytest.raises(RemoteUnavailableError):
        check(client, server)

    assert (server.asked, server.pauses) == (1, [])


def test_a_moment_to_come_back_at_is_understood():
    before = datetime.now(UTC)
    moment = (before + timedelta(seconds=60)).replace(microsecond=0)

    told = told_s(format_datetime(moment, usegmt=True))

    after = datetime.now(UTC)
    assert (moment - after).total_seconds() <= told <= (moment - before).total_seconds()
    assert told_s("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert told_s("soon") == told_s("") == 0
    assert told_s("Wed, 21 Oct 2099 07:28:00 +9999999999999999999") == 0


@pytest.mark.parametrize("by_stream", [True, False])
def test_a_busy_moment_costs_no_instance(fake, faked, tmp_path, by_stream):
    faked._has_dicomweb = by_stream
    seen = set()

    def now_and_then(path, good):
        if path in seen:
            return good
        seen.add(path)
        return 503, {}, b""

    wado, single = fake.wado, fake.single
    fake.wado = lambda files: now_and_then("wado", wado(files))
    fake.single = lambda uid, content: now_and_then(uid, single(uid, content))

    faked.fetch(fake.series, tmp_path)

    assert contents(tmp_path) == fake.files
