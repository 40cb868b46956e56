"""What the tables of a PostgreSQL database held, so that a sweep can put it back after something was written."""

from __future__ import annotations

import re

import psycopg
from psycopg import sql
from sqlalchemy import event

from patient_app.core.db import Database

_WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM) (\w+)")


class KeptRows:
    """Keeps a copy of every table; `restore` puts back those that were written to under `database` since."""

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
