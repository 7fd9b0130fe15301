"""What the tests need beyond Python is found where Debian puts it."""

import pytest

from deployments import prepare


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Debian's folder of PostgreSQL on a machine whose path has none."""
    monkeypatch.setattr(prepare, "_POSTGRESQL", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


def put(program):
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)


def test_the_newest_postgresql_is_found_by_its_number(programs):
    assert prepare.find_postgresql() is None
    for version in ("9.6", "15", "16"):
        put(programs / version / "bin" / "initdb")
    (programs / "17" / "bin").mkdir(parents=True)  # a client alone

    assert prepare.find_postgresql() == programs / "16" / "bin"


def test_a_postgresql_on_the_path_is_found_too(programs):
    put(programs / "path" / "initdb")

    assert prepare.find_postgresql() == programs / "path"
