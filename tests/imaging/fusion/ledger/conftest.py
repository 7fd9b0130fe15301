"""A ledger on each database."""

import itertools
from collections.abc import Iterator

import pytest

from deployments.prepare import find_postgresql
from tests.imaging.fusion.ledger.desk import Desk
from tests.imaging.fusion.ledger.postgresql import PostgresqlServer
from tests.lacking import needed

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """One server for the whole session; tests have a schema each."""
    programs = needed(find_postgresql(), "no PostgreSQL server; Debian has it in postgresql")
    server = PostgresqlServer(programs)
    server.start()
    yield server
    server.stop()
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """The address of a database that holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'ledger.sqlite'}"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    schema = f"of_test_{next(_NUMBERS)}"
    server.run_sql(f"CREATE SCHEMA {schema}")
    return server.url(options=f"-csearch_path={schema}")


@pytest.fixture
def desk(url) -> Desk:
    return Desk(url)
