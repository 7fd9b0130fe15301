"""A ledger is made once, is private, and says what is wrong without saying where it lies."""

import contextlib
import logging
import sqlite3
import stat
import sys
import traceback

import pytest
from sqlalchemy import literal_column, select, text

from imaging.errors import ImagingError, RemoteUnavailableError, SettingError
from imaging.fusion.job import JobDraft
from imaging.fusion.ledger import Ledger, database
from imaging.fusion.ledger.tables import JOBS
from imaging.settings import settings
from tests.imaging.fusion.ledger.desk import PLENTY, Desk, key_of
from tests.imaging.fusion.ledger.postgresql import PostgresqlServer

ONE, TWO = key_of(1), key_of(2)
PLANTED = "pl4nted"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "ledger.sqlite"


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(database, "_PATIENCE_S", 1)


def said(error):
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize(
    "url",
    [
        "",
        PLANTED,
        f"mysql://user:{PLANTED}@host/db",
        f"postgresql+asyncpg://user:{PLANTED}@host/db",
        f"postgresql://user:{PLANTED}@host:port/db",
        "sqlite://",
        "sqlite:///:memory:",
        f"sqlite:///file:{PLANTED}?mode=memory",
        f"sqlite:///a?{PLANTED}=1",
        f"sqlite://{PLANTED}/a",
    ],
)
def test_an_address_of_no_ledger_is_refused_and_not_shown(url):
    with pytest.raises(SettingError, match="IMAGING_FUSION_LEDGER_URL") as caught:
        Ledger(url)

    assert PLANTED not in said(caught.value).replace(f'"{url}"', "")


def test_without_the_driver_of_postgresql_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(SettingError, match="extra postgresql"):
        Ledger(f"postgresql://user:{PLANTED}@host/db")


def test_the_settings_say_where_the_ledger_is(place, tmp_path):
    place(fusion_ledger_url="")
    with Ledger.of(settings()) as ledger:
        assert ledger.jobs() == []
    assert (tmp_path / "data" / ".fusion" / "ledger.sqlite").is_file()

    place(fusion_ledger_url=f"sqlite:///{tmp_path}/other.sqlite")
    Ledger.of(settings()).jobs()
    assert (tmp_path / "other.sqlite").is_file()


def test_a_path_that_looks_like_an_address_is_a_path(tmp_path):
    file = tmp_path / "50%20 of?x=1#" / "ledger.sqlite"

    assert Ledger(file).jobs() == []
    assert file.is_file()


def test_nothing_is_made_before_the_first_use(file):
    Ledger(file)

    assert not file.parent.exists()


def test_the_file_is_for_its_owner_only(file):
    desk = Desk(f"sqlite:///{file}")
    with desk.ledger._database.change() as connection:
        connection.execute(text("UPDATE fusion_jobs SET polls = 0"))
        made = {each.name: stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()}

    assert made == dict.fromkeys(["ledger.sqlite", "ledger.sqlite-shm", "ledger.sqlite-wal"], 0o600)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [each.name for each in file.parent.iterdir()] == ["ledger.sqlite"]


def test_a_held_ledger_folds_its_log_back_only_when_closed(file):
    log = file.with_name("ledger.sqlite-wal")
    with Ledger(file) as ledger:
        ledger.hold_open()
        ledger.hold_open()
        Desk(f"sqlite:///{file}").completed(ONE)
        assert log.stat().st_size > 0
        assert [job.key for job in Ledger(file).jobs()] == [ONE]

    assert not log.exists()
    ledger.close()
    assert ledger.get(ONE)


def test_a_held_ledger_is_an_ordinary_one(desk, url):
    desk.ledger.hold_open()
    desk.completed(ONE)

    assert Desk(url).claim(ONE).job.state == "COMPLETED"
    desk.ledger.close()


def test_sqlite_has_a_change_on_the_disk_before_it_returns(file):
    with Ledger(file)._database.change() as connection:
        assert connection.scalar(text("PRAGMA synchronous")) == 2
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"


def test_postgresql_has_a_change_on_the_disk_whatever_its_default(postgresql: PostgresqlServer):
    postgresql.run_sql("CREATE SCHEMA durable")
    with Ledger(postgresql.url(options="-csearch_path=durable"))._database.change() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"
        assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"


def damage_of(kind, file):
    content = file.read_bytes()
    middle = len(content) // 2
    with contextlib.closing(sqlite3.connect(file)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'fusion_submissions_sent'"
        start = 4096 * (connection.execute(query).fetchone()[0] - 1)
    return {
        "budget": content[:start] + bytes(4096) + content[start + 4096 :],  # only it is read there
        "empty": b"",
        "other": b"PK\x03\x04" * 2000,
        "short": content[:middle],
        "holed": content[:4096] + bytes(len(content) - 4096),
    }[kind]


@pytest.mark.parametrize("kind", ["budget", "empty", "other", "short", "holed"])
def test_a_damaged_file_is_refused_and_left_as_it_is(file, kind):
    Desk(f"sqlite:///{file}").completed(ONE)
    damaged = damage_of(kind, file)
    file.write_bytes(damaged)

    for call in (Ledger(file).jobs, lambda: Desk(f"sqlite:///{file}").claim(TWO)):
        with pytest.raises(SettingError, match="IMAGING_FUSION_LEDGER_URL") as caught:
            call()
        assert str(file) not in said(caught.value)

    assert file.read_bytes() == damaged


def test_a_ledger_that_vanishes_while_in_use_is_not_begun_anew(file):
    desk = Desk(f"sqlite:///{file}")
    desk.completed(ONE)
    file.unlink()

    with pytest.raises(SettingError, match="cannot be opened"):
        desk.claim(ONE)

    assert not file.exists()


def test_a_folder_that_cannot_be_made_is_a_setting_to_mend(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(SettingError, match="cannot be made"):
        Ledger(tmp_path / "file" / "ledger.sqlite").jobs()


def test_a_ledger_of_another_version_is_refused(desk, url):
    desk.completed(ONE)
    with desk.ledger._database.change() as connection:
        connection.execute(text("UPDATE fusion_ledger SET version = 99"))

    with pytest.raises(SettingError, match="another version"):
        Ledger(url).jobs()


@pytest.mark.usefixtures("impatient")
def test_a_ledger_held_for_too_long_is_worth_another_try(desk, url):
    desk.claim(ONE)
    other = Ledger(url)
    other.jobs()

    with other._database.change():
        with pytest.raises(RemoteUnavailableError):
            desk.claim(TWO)
        assert desk.state(ONE) == "CLAIMED"  # to read, nobody waits

    assert desk.claim(TWO).owner


def test_a_change_that_breaks_leaves_nothing(desk):
    desk.claim(ONE)

    def change_and_break():
        with desk.ledger._database.change() as connection:
            connection.execute(text("UPDATE fusion_jobs SET polls = 9"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_break()

    assert desk.ledger.get(ONE).polls == 0


def test_a_connection_lost_amid_a_change_leaves_nothing_and_is_worth_another_try(postgresql):
    postgresql.run_sql("CREATE SCHEMA lost")
    desk = Desk(postgresql.url(options="-csearch_path=lost"))
    desk.claim(ONE)

    def change_and_lose():
        with desk.ledger._database.change() as connection:
            connection.execute(text("UPDATE fusion_jobs SET polls = 9"))
            number = connection.scalar(text("SELECT pg_backend_pid()"))
            postgresql.run_sql(f"SELECT pg_terminate_backend({number})")
            connection.execute(text("UPDATE fusion_jobs SET polls = 10"))

    with pytest.raises(RemoteUnavailableError):
        change_and_lose()

    assert [job.polls for job in desk.ledger.jobs()] == [0]


def test_a_machine_that_died_amid_a_change_holds_nobody_up_for_ever(postgresql, monkeypatch):
    monkeypatch.setattr(database, "_DEAD_S", 1)
    postgresql.run_sql("CREATE SCHEMA died")
    desk = Desk(postgresql.url(options="-csearch_path=died"))
    desk.ledger.jobs()

    with contextlib.suppress(RemoteUnavailableError), desk.ledger._database.change():
        assert desk.claim(ONE).owner


def test_a_database_that_refuses_us_is_a_setting_to_mend(postgresql):
    postgresql.run_sql(
        "CREATE SCHEMA closed",
        f"CREATE ROLE guest LOGIN PASSWORD '{PLANTED}'",
        "CREATE ROLE reader LOGIN",
        "GRANT USAGE ON SCHEMA closed TO reader",
    )
    postgresql.allow("local all guest scram-sha-256")
    wrong = postgresql.url().replace("owner@", f"guest:{PLANTED}x@")
    urls = [
        wrong,
        postgresql.url(user="nobody_of_all"),
        postgresql.url(database="none_of_all"),
        postgresql.url(user="reader", options="-csearch_path=closed"),
    ]

    for url in urls:
        with pytest.raises(SettingError, match="refuses") as caught:
            Ledger(url).jobs()
        assert PLANTED not in said(caught.value)


def test_a_database_that_is_not_there_is_worth_another_try(tmp_path):
    url = f"postgresql://user:{PLANTED}@/db?host={tmp_path}"

    with pytest.raises(RemoteUnavailableError, match="cannot be reached") as caught:
        Ledger(url).jobs()

    for hidden in (PLANTED, str(tmp_path)):
        assert hidden not in said(caught.value)


def test_not_even_the_most_talkative_log_holds_what_jobs_hold(desk, caplog):
    with caplog.at_level(logging.DEBUG):
        desk.submitted(ONE, f"run-{PLANTED}", case="case", request={"scan": f"/data/{PLANTED}"})
        desk.ledger.find(PLANTED)
        with contextlib.suppress(ImagingError):
            desk.ledger.claim(JobDraft(PLANTED, "case", "default"), PLENTY, 7200)

    assert PLANTED not in caplog.text


def test_the_password_is_not_shown_by_the_ledger_itself():
    ledger = Ledger(f"postgresql://user:{PLANTED}@host/db")

    assert PLANTED not in repr(ledger) + repr(vars(ledger)) + repr(vars(ledger._database))


def test_what_a_database_says_of_a_wrong_statement_is_not_passed_on(desk):
    with pytest.raises(SettingError) as caught, desk.ledger._database.read() as connection:
        connection.execute(select(literal_column("wrong")).where(JOBS.c.case == PLANTED))

    assert PLANTED not in said(caught.value)
    assert PLANTED not in str(caught.value.__context__)  # some tools show it all the same
