"""The databases: engine, typed columns, and the writer lock that queues SQLite's writers.

SQLite runs in WAL mode with `synchronous=FULL`, so that what was acknowledged survives a power cut. Its own busy
handler sleeps and retries unfairly; one lock across threads and processes queues writers instead and makes the slow
end of a durable insert several times faster.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy import DateTime, Dialect, Engine, LargeBinary, MetaData, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.types import TypeDecorator

LOCK_SECONDS = 10.0
_POLL_SECONDS = 0.001
_READS = "DEFERRED"
_BEGINS = "begins"  # How a connection's transactions begin, in what the pool keeps beside it.

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class DatabaseBusy(Exception):
    """The writer lock was not free in time; nothing was written and the request may be sent again."""


class DatabaseMissing(Exception):
    """The file of the database is not there; nothing was made in its place."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC on both databases; naive values are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into UTC; SQLite keeps it without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs its time zone.")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored moment as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None] | None:
        """Read what SQLite keeps as text in one step; a page reads a hundred moments."""
        return _read_moment if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _read_moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class Base(DeclarativeBase):
    """Tables of the main database."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime}


class KeysBase(DeclarativeBase):
    """Tables of the key store, a database of its own."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime}


def sealed_column() -> Mapped[bytes | None]:
    """Declare the column that holds the ciphertext of a `SealedText`."""
    return mapped_column(LargeBinary, default=None)


class WriterLock:
    """Lets one writer at a time through, over the threads and the processes of one machine."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._file = -1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; raise `DatabaseBusy` when it is not free within `LOCK_SECONDS`."""
        deadline = time.monotonic() + LOCK_SECONDS
        if not self._threads.acquire(timeout=LOCK_SECONDS):
            raise DatabaseBusy
        try:
            self._lock_file(deadline)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def _lock_file(self, deadline: float) -> None:
        if self._file < 0:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DatabaseBusy from None
                time.sleep(_POLL_SECONDS)
            else:
                return


class Database:
    """One database: SQLite by default, PostgreSQL by its address."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _make_engine(url, self.is_sqlite)
        self._lock = WriterLock(Path(f"{self.url.database}.lock")) if self.is_sqlite else None
        self._known_file: tuple[int, int] | None = None
        self.file = Path(self.url.database or "") if self.is_sqlite else None
        """The file of a SQLite database; None for PostgreSQL."""

    def check_is_there(self) -> None:
        """Raise `DatabaseMissing` when the file is gone.

        A new connection would make an empty one in its place, and an open one go on writing into a file without a name.
        The same when another file stands there, a restored one: connections to the old one are given up.
        """
        if self.file is None:
            return
        try:
            found = self.file.stat()
        except FileNotFoundError:
            raise DatabaseMissing from None
        file = (found.st_dev, found.st_ino)
        if self._known_file not in {None, file}:
            self.engine.dispose()
        self._known_file = file

    @contextmanager
    def session(self, *, writes: bool) -> Iterator[Session]:
        """Open a session; the caller commits. What was not committed is rolled back at the end.

        A writing session on SQLite holds the writer lock from here to the end, so keep it short.
        """
        with self.connection(writes=writes) as connection, session_on(connection) as session:
            yield session

    @contextmanager
    def connection(self, *, writes: bool) -> Iterator[Connection]:
        """Open a connection with its transaction, as `session` does, for who needs no session: one costs as much again.

        The caller commits. What was not committed is rolled back at the end.
        """
        self.check_is_there()
        if writes and self._lock is not None:
            with self._lock.held(), self._connection("IMMEDIATE") as connection:
                yield connection
        else:
            with self._connection(_READS) as connection:
                yield connection

    @contextmanager
    def _connection(self, begin: str) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            told = connection.connection.info
            told[_BEGINS] = begin
            try:
                if begin != _READS:
                    connection.begin()  # Now, and not at the first statement: until then others could write.
                yield connection
            except BaseException as error:
                if isinstance(error, DBAPIError) or not isinstance(error, Exception):
                    # After a commit that failed, or was interrupted, the connection may still be in its transaction,
                    # and the pool would hand it on like that (SQLAlchemy takes the transaction for over): close it for
                    # good. After any other error it is rolled back and stays: opening one over TLS is dear.
                    connection.invalidate()
                raise
            finally:
                told.pop(_BEGINS, None)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def session_on(connection: Connection) -> Session:
    """Return a session over a connection, whose transaction is the session's own: to commit it, and to roll back."""
    return Session(connection, expire_on_commit=False, autoflush=True, join_transaction_mode="control_fully")


def _make_engine(url: str, is_sqlite: bool) -> Engine:
    # Parameters stay out of error messages: they hold what people wrote.
    options: dict[str, Any] = {"hide_parameters": True}
    if is_sqlite:
        # Our own writers queue at the writer lock: this is the patience with other programs that hold the file.
        options["connect_args"] = {"timeout": 2.0, "check_same_thread": False}
    else:
        options |= {"pool_pre_ping": True, "pool_size": 8, "max_overflow": 8}
        options["connect_args"] = {"connect_timeout": 5}
    engine = create_engine(url, **options)
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        # Not as a listener: where there is one, SQLAlchemy looks for more at each statement, at a tenth of its cost.
        # (The dialect is this engine's own, so that its method may be replaced.)
        engine.dialect.do_begin = _begin_sqlite  # type: ignore[assignment,method-assign]
    else:
        event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: Any, _record: object) -> None:
    # Without a limit, one stuck writer would keep everybody who waits for its row waiting for ever.
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {int(LOCK_SECONDS * 1000)}")
    connection.commit()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own transaction handling is off; `_begin_sqlite` says BEGIN.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: PoolProxiedConnection) -> None:
    driver: Any = connection.driver_connection
    driver.execute(f"BEGIN {connection.info.get(_BEGINS, _READS)}")
