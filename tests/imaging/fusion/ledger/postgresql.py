"""A PostgreSQL of the tests' own, in a temporary folder, reached by a socket in it."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

_PATIENCE_S = 120

# A test's server need not survive the machine.
_QUICK = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=60"


class PostgresqlServer:
    """A server that has no port; ended by `stop`."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._user = _user()
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short, as a socket's path must be
        if self._user:
            shutil.chown(self.folder, self._user)
        self._data = self.folder / "data"

    def start(self) -> None:
        words = ["--username=owner", "--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale"]
        if not self._data.exists():
            self._run("initdb", *words, "--pgdata", str(self._data))
        options = f"{_QUICK} -c listen_addresses= -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", str(self._data), "-l", log, "-o", options)

    def stop(self) -> None:
        """End it at once, as a power cut would."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self._data))

    def remove(self) -> None:
        shutil.rmtree(self.folder)

    def url(self, database: str = "postgres", user: str = "owner", **options: str) -> str:
        more = "".join(f"&{name}={quote(value)}" for name, value in options.items())
        return f"postgresql://{user}@/{database}?host={self.folder}{more}"

    def run_sql(self, *statements: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def allow(self, *rules: str) -> None:
        """Put rules before those of who may come in, and heed them."""
        file = self._data / "pg_hba.conf"
        file.write_text("\n".join([*rules, file.read_text()]))
        before = self._loaded()
        self._run("pg_ctl", "reload", "-D", str(self._data))  # which only asks for it
        until = time.monotonic() + _PATIENCE_S
        while self._loaded() == before:
            assert time.monotonic() < until, "the rules are not heeded"
            time.sleep(0.01)

    def _loaded(self) -> Any:
        """Tell when the server last read its files."""
        with psycopg.connect(self.url()) as connection:
            return connection.execute("SELECT pg_conf_load_time()").fetchone()

    def _run(self, program: str, *words: str) -> None:
        as_user: dict[str, Any] = {}
        if self._user:
            as_user = {"user": self._user, "group": self._user, "extra_groups": []}
        subprocess.run(
            [str(self._programs / program), *words],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=True,
            **as_user,
        )


def _user() -> str:
    """Return who runs the server: it refuses to run as root."""
    if os.geteuid() != 0:
        return ""
    names = [entry.pw_name for entry in pwd.getpwall()]
    return "postgres" if "postgres" in names else "nobody"
