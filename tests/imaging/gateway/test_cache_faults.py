"""Results on a disk that is emptied, full or damaged, after a kill, and finished together."""

import errno
import os
import threading
import time
from fcntl import LOCK_EX, flock

import pytest

from imaging.gateway.cache import Build, ResultCache
from tests.imaging.gateway.test_cache import forbidden, get, keys, nothing, writes

HOUR_S = 3600


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def cache(folder):
    cache = ResultCache(folder, most_bytes=1000, threads=2, most_waiting=2)
    yield cache
    cache.close()


def test_results_are_made_again_where_a_person_removed_them_all(cache, folder):
    get(cache, "a", writes(b"one"))
    for path in folder.rglob("*"):
        if path.is_file():
            path.unlink()
    (folder / "a").rmdir()
    folder.rmdir()

    assert get(cache, "a", writes(b"two")) == b"two"


@pytest.mark.parametrize(
    "damage",
    [
        lambda result: (result / "result").write_bytes(b"on"),
        lambda result: (result / "result").write_bytes(b""),
        lambda result: (result / "result").unlink(),
        lambda result: (result / ".sizes.json").write_bytes(b""),
        lambda result: (result / ".sizes.json").unlink(),
    ],
    ids=["cut off", "empty", "gone", "sizes empty", "sizes gone"],
)
def test_a_result_that_lost_a_part_is_not_served_but_made_again(cache, folder, damage):
    get(cache, "a", writes(b"one"))
    damage(folder / "a")

    assert get(cache, "a", writes(b"two")) == b"two"
    assert get(cache, "a") == b"two"
    assert keys(folder) == ["a"]


def test_a_result_that_was_made_since_it_was_looked_for_is_not_made_again(cache, monkeypatch):
    """Who asks a moment before another's is finished would order a second one."""
    get(cache, "a", writes(b"one"))
    looks, real = iter([True]), cache._open
    monkeypatch.setattr(cache, "_open", lambda *asked: [] if next(looks, None) else real(*asked))

    assert get(cache, "a", lambda: Build(lambda _: pytest.fail("again"), nothing)) == b"one"


def test_a_result_that_became_a_link_is_not_followed(cache, folder, tmp_path):
    (tmp_path / "else").write_bytes(b"one")
    get(cache, "a", writes(b"one"))
    (folder / "a/result").unlink()
    (folder / "a/result").symlink_to(tmp_path / "else")

    with pytest.raises(OSError, match="symbolic links"):
        get(cache, "a", forbidden)


def test_what_a_killed_gateway_left_is_removed_and_what_another_is_writing_is_not(folder):
    for name in (".part-old", ".part-busy", ".part-young", ".gone-old", "result"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").touch()
        if "young" not in name:
            os.utime(folder / name, (time.time() - HOUR_S,) * 2)
    lock = os.open(folder / ".part-busy", os.O_RDONLY)
    flock(lock, LOCK_EX)

    ResultCache(folder, 1000, 1).close()

    os.close(lock)
    assert keys(folder) == [".part-busy", ".part-young", "result"]


def fails(_place):
    raise ZeroDivisionError


@pytest.mark.parametrize("write", [fails, lambda place: (place / "result").touch()])
def test_what_a_building_holds_is_closed_after_it(cache, write):
    closed = threading.Event()

    try:
        get(cache, "a", lambda: Build(write, closed.set))
    except ZeroDivisionError:
        assert write is fails

    assert closed.wait(10)


def test_what_a_building_holds_is_closed_where_it_cannot_begin(cache, folder):
    """As on a full disk; else a gateway would soon have no descriptor left."""
    folder.rmdir()
    folder.symlink_to("nowhere")
    closed = threading.Event()

    with pytest.raises(OSError, match="exists"):
        get(cache, "a", lambda: Build(lambda _: pytest.fail("it began"), closed.set))

    assert closed.wait(10)


def test_what_a_building_holds_is_closed_where_the_gateway_ends(cache):
    closed = threading.Event()
    cache.close()

    with pytest.raises(Exception, match="about to end"):
        get(cache, "a", lambda: Build(fails, closed.set))

    assert closed.is_set()


def test_on_a_full_disk_what_was_kept_gives_way_to_what_is_asked_for(cache, folder):
    get(cache, "a", writes(b"one"))

    def write(place):
        if (folder / "a").exists():
            raise OSError(errno.ENOSPC, "No space left on device")
        (place / "result").write_bytes(b"two")

    assert get(cache, "b", lambda: Build(write, nothing)) == b"two"
    assert keys(folder) == ["b"]


def test_a_disk_that_is_full_of_other_things_is_said_to_be_full(cache, folder):
    def write(_place):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        get(cache, "b", lambda: Build(write, nothing))
    assert keys(folder) == []


def test_results_that_are_finished_together_fit_together(folder, monkeypatch):
    """Each makes room and takes it before the next one looks."""
    cache = ResultCache(folder, most_bytes=1000, threads=2)
    both = threading.Barrier(2)
    real = cache._make_room

    def slow(wanted):
        real(wanted)
        try:
            both.wait(0.2)
        except threading.BrokenBarrierError:
            both.reset()

    monkeypatch.setattr(cache, "_make_room", slow)
    write = writes(bytes(600))().write
    others = [threading.Thread(target=cache._build, args=(key, write)) for key in ("a", "b")]
    for thread in others:
        thread.start()
    for thread in others:
        thread.join(20)
    cache.close()

    assert sum(path.stat().st_size for path in folder.glob("*/result")) == 600
