"""Results that are kept: built once, bounded on disk, dropped by age, whole or absent."""

import asyncio
import os
import threading

import pytest
from starlette.exceptions import HTTPException

from imaging.gateway.cache import Build, ResultCache


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def cache(folder):
    cache = ResultCache(folder, most_bytes=1000, threads=2, most_waiting=2)
    yield cache
    cache.close()


def writes(content):
    """What prepares a result of one file."""
    return lambda: Build(lambda place: (place / "result").write_bytes(content), nothing)


def nothing(): ...


def forbidden():
    pytest.fail("it must not be built")


async def content_of(cache, key, prepare):
    (file,) = await cache.opened(key, ["result"], prepare)
    try:
        return os.pread(file.descriptor, 10_000, 0)
    finally:
        file.close()


@pytest.fixture
def ordered(cache, monkeypatch):
    """The keys of results that were not there, for each who asked and waits."""
    keys, real = [], cache._job

    def job(key, prepare):
        found = real(key, prepare)
        keys.append(key)
        return found

    monkeypatch.setattr(cache, "_job", job)
    return keys


async def until(is_so):
    async with asyncio.timeout(20):
        while not is_so():
            await asyncio.sleep(0.001)


def get(cache, key, prepare=forbidden):
    return asyncio.run(content_of(cache, key, prepare))


def keys(folder):
    return sorted(path.name for path in folder.iterdir())


def used_long_ago(folder, *names):
    """Let results have been used in this order: the clock of files may tick too seldom to tell."""
    for second, name in enumerate(names):
        os.utime(folder / name, (second, second))


def test_a_result_is_built_once_and_found_again(cache, folder):
    assert get(cache, "a", writes(b"one")) == b"one"
    assert get(cache, "a") == b"one"
    assert get(ResultCache(folder, 1000, 1), "a") == b"one"  # by another gateway too


def test_what_was_used_longest_ago_is_dropped_first(cache, folder):
    get(cache, "a", writes(bytes(400)))
    get(cache, "b", writes(bytes(400)))
    used_long_ago(folder, "a", "b")
    get(cache, "a")

    get(cache, "c", writes(bytes(400)))

    assert keys(folder) == ["a", "c"]


def test_as_many_are_dropped_as_need_be(cache, folder):
    for key in "abcd":
        get(cache, key, writes(bytes(240)))
    used_long_ago(folder, *"abcd")

    get(cache, "e", writes(bytes(700)))

    assert keys(folder) == ["d", "e"]


def test_a_result_that_is_dropped_is_read_to_its_end_by_who_has_it_open(cache, folder):
    (file,) = asyncio.run(cache.opened("a", ["result"], writes(b"a" * 900)))

    get(cache, "b", writes(bytes(900)))

    assert keys(folder) == ["b"]
    assert os.pread(file.descriptor, 1000, 0) == b"a" * 900
    file.close()


def test_a_result_larger_than_the_cache_is_refused_and_costs_no_other(cache, folder):
    get(cache, "a", writes(bytes(400)))

    with pytest.raises(HTTPException) as caught:
        get(cache, "b", writes(bytes(1001)))

    assert caught.value.status_code == 507
    assert keys(folder) == ["a"]


def test_a_failure_leaves_nothing_and_is_tried_again_next_time(cache, folder):
    def fails():
        def build(place):
            (place / "half").write_bytes(b"half")
            raise ZeroDivisionError

        return Build(build, nothing)

    with pytest.raises(ZeroDivisionError):
        get(cache, "a", fails)

    assert keys(folder) == []
    assert get(cache, "a", writes(b"now")) == b"now"


def test_all_who_ask_at_once_share_one_building_and_one_failure(cache, ordered):
    calls = []
    go = threading.Event()

    def prepare():
        calls.append(1)

        def build(_place):
            go.wait(20)
            raise ValueError

        return Build(build, nothing)

    async def ask_all():
        asked = [asyncio.create_task(content_of(cache, "a", prepare)) for _ in range(5)]
        await until(lambda: len(ordered) == 5)
        go.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    results = asyncio.run(ask_all())

    assert [type(result) for result in results] == [ValueError] * 5
    assert len(calls) == 1
    assert not cache._jobs  # nothing is remembered of what is done


@pytest.mark.parametrize("others", ["", "bc"])
def test_who_goes_away_stops_nobody_else(cache, folder, ordered, others):
    """Whether the result is being built by then, or waits behind others."""
    started, go = threading.Event(), threading.Event()

    def prepare():
        def build(place):
            started.set()
            go.wait(20)
            (place / "result").write_bytes(b"built")

        return Build(build, nothing)

    async def leave_one():
        before = [asyncio.create_task(content_of(cache, key, prepare)) for key in others]
        await until(lambda: len(ordered) == len(others))
        leaving = asyncio.create_task(content_of(cache, "a", prepare))
        staying = asyncio.create_task(content_of(cache, "a", prepare))
        await until(lambda: len(ordered) == len(others) + 2 and started.is_set())
        leaving.cancel()
        await asyncio.wait([leaving])
        go.set()
        return await asyncio.gather(staying, *before)

    assert set(asyncio.run(leave_one())) == {b"built"}
    assert keys(folder) == ["a", *others]


def test_more_than_can_wait_are_told_to_come_again(cache, ordered):
    go = threading.Event()

    def prepare():
        def build(place):
            go.wait(20)
            (place / "result").write_bytes(b"x")

        return Build(build, nothing)

    async def crowd():
        asked = [asyncio.create_task(content_of(cache, key, prepare)) for key in "abcd"]
        await until(lambda: len(ordered) == 4)
        with pytest.raises(HTTPException) as caught:
            await content_of(cache, "e", prepare)
        go.set()
        return caught.value, await asyncio.gather(*asked)

    refused, results = asyncio.run(crowd())

    assert (refused.status_code, refused.headers) == (503, {"Retry-After": "5"})
    assert results == [b"x"] * 4


def test_a_result_that_another_gateway_finished_first_is_taken(cache, folder):
    def prepare():
        def build(place):
            (place / "result").write_bytes(b"mine")
            get(ResultCache(folder, 1000, 1), "a", writes(b"theirs"))

        return Build(build, nothing)

    assert get(cache, "a", prepare) == b"theirs"
    assert keys(folder) == ["a"]


def test_a_result_that_is_dropped_before_it_is_opened_is_built_again(cache, folder):
    calls = []

    def prepare():
        calls.append(1)
        return Build(lambda place: (place / "result").write_bytes(b"x"), nothing)

    real = cache._build

    def robbed(key, build):
        real(key, build)
        if len(calls) == 1:
            cache._drop(folder / key)

    cache._build = robbed

    assert get(cache, "a", prepare) == b"x"
    assert len(calls) == 2


def test_a_gateway_that_ends_takes_no_more_work_and_gives_what_it_has(cache):
    get(cache, "a", writes(b"there"))
    cache.close()

    assert get(cache, "a") == b"there"
    with pytest.raises(HTTPException) as caught:
        get(cache, "b", writes(b"new"))
    assert caught.value.status_code == 503
