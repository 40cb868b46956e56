"""What the databases of a world held, so that a sweep can put it back after something was written."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import event

from patient_app.core.db import Database

_WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")


class KeptFile:
    """A file of SQLite that notices what others write to it: most requests write nothing, and nothing is put back."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path)
        self._known = self._version()

    @property
    def has_changed(self) -> bool:
        """Whether anybody wrote to it since it was opened or put back."""
        return self._version() != self._known

    def put_back(self, original: Path) -> None:
        """Make it hold what another file holds, under the connections that are open."""
        with closing(sqlite3.connect(original)) as source:
            source.backup(self._connection)
        self._known = self._version()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


class KeptRows:
    """The rows of a PostgreSQL database; `restore` puts back the tables that were written to under `database` since."""

    def __init__(self, database: Database) -> None:
        address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(address, autocommit=True)
        tables = self._connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        self._rows = {str(name): self._copied(str(name)) for (name,) in tables.fetchall()}
        self._written: set[str] = set()
        event.listen(database.engine, "before_cursor_execute", self._see)

    def restore(self) -> set[str]:
        """Put back what was written to, and return the names of those tables."""
        written, self._written = self._written, set()
        if written:
            with self._connection.transaction():
                self._connection.execute("SET LOCAL session_replication_role = replica")  # No order among tables.
                for name in written:
                    self._put_back(name)
        return written

    def count(self, table: str) -> int:
        """Return how many rows a table has now."""
        found = self._connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        assert found is not None
        return int(found[0])

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _see(self, _connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        self._written |= set(_WRITES.findall(statement)) & self._rows.keys()

    def _copied(self, name: str) -> bytes:
        with (
            self._connection.cursor() as cursor,
            cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as rows,
        ):
            return b"".join(bytes(block) for block in rows)

    def _put_back(self, name: str) -> None:
        table = sql.Identifier(name)
        self._connection.execute(sql.SQL("DELETE FROM {}").format(table))
        with self._connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(table)) as rows:
            rows.write(self._rows[name])
