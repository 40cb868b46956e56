"""The unit of work: one connection and one commit for each request, command or step of the worker.

Services call `db()`, `connection()` and `vault()`; who opened the unit is not their business. In a request the unit
opens at the first use and is finished once, before the page is rendered or the redirect leaves: if the commit fails,
nobody sees data whose access record was not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from patient_app.core.config import Config
from patient_app.core.db import Database, session_on
from patient_app.core.keys import KeyStore
from patient_app.core.vault import Vault


class NoUnitOfWork(RuntimeError):
    """A service was called outside a unit of work, or after it was finished."""


class Store:
    """The two databases of an installation, and the vault over them."""

    def __init__(self, config: Config, database: Database, vault: Vault) -> None:
        self.config = config
        self.database = database
        self.vault = vault

    @property
    def keys(self) -> KeyStore:
        """The key store."""
        return self.vault.keys

    @contextmanager
    def work(self, *, writes: bool) -> Iterator[Unit]:
        """Open a unit for a command, the worker or a test: committed at the end, rolled back on an exception."""
        if writes and (outer := _current.get()) is not None:
            outer.end_look()  # What is looked at afterwards is to show what is written here.
        unit = Unit(self, writes=writes)
        token = _current.set(unit)
        try:
            yield unit
            unit.finish()
        finally:
            unit.abandon()
            _current.reset(token)

    def close(self) -> None:
        """Give all connections back."""
        self.database.close()
        self.keys.database.close()


class Unit:
    """One unit of work; opens its connection, and then a session over it, at first use."""

    def __init__(self, store: Store, *, writes: bool) -> None:
        self.store = store
        self.writes = writes
        self._stack = ExitStack()
        self._connection: Connection | None = None
        self._session: Session | None = None
        self._look: Unit | None = None
        self._finished = False

    @property
    def connection(self) -> Connection:
        """The connection, opened now if it was not; it sees what the session was given. Raise as `session` does."""
        if self._session is not None:
            self.session.flush()
        return self._opened()

    def _opened(self) -> Connection:
        if self._finished:
            raise NoUnitOfWork("This unit of work is finished.")
        if self._connection is None:
            self.end_look()
            self._connection = self._stack.enter_context(self.store.database.connection(writes=self.writes))
        return self._connection

    @property
    def session(self) -> Session:
        """The session, opened now if it was not; raise `NoUnitOfWork` once finished."""
        if self._finished:
            raise NoUnitOfWork("This unit of work is finished.")
        if self._session is None:
            self._session = self._stack.enter_context(session_on(self._opened()))
        return self._session

    @property
    def look(self) -> Unit:
        """A unit that only reads: this one, or one beside it, which lasts until `end_look`, or until this one opens.

        What a request asks before it is known whether there is anything to write is asked with one connection.
        """
        if not self.writes:
            return self
        if self._look is None:
            self._look = Unit(self.store, writes=False)
        return self._look

    def end_look(self) -> None:
        """Give back what `look` opened, if it did."""
        if self._look is not None:
            look, self._look = self._look, None
            look.abandon()

    def finish(self) -> None:
        """Commit and close, once; later calls do nothing."""
        if self._finished:
            return
        self._finished = True
        self.end_look()
        with self._stack:
            if self.writes and self._session is not None:
                self._session.commit()
            elif self.writes and self._connection is not None:
                self._connection.commit()

    def abandon(self) -> None:
        """Roll back and close what was not finished."""
        self.end_look()
        if not self._finished:
            self._finished = True
            self._stack.close()


_current: ContextVar[Unit | None] = ContextVar("unit_of_work", default=None)


def unit() -> Unit:
    """Return the current unit; raise `NoUnitOfWork` when there is none."""
    current = _current.get()
    if current is None:
        raise NoUnitOfWork("No unit of work is open.")
    return current


def db() -> Session:
    """Return the session of the current unit of work."""
    return unit().session


def connection() -> Connection:
    """Return the connection of the current unit of work: for questions, and writing, that name columns.

    Asking it costs half of what `db()` does; it sees what `db()` was given before.
    """
    return unit().connection


def vault() -> Vault:
    """Return the vault of the current unit of work; usable until the end of the request."""
    return unit().store.vault


def config() -> Config:
    """Return the settings of the installation."""
    return unit().store.config


@contextmanager
def reading() -> Iterator[Session]:
    """Give a short look into the database that takes no writer lock; as long as it lasts, `db()` is that look.

    Used before slow work (hashing a password) that must not make other writers wait, and where it only then shows
    whether there is anything to write.
    """
    current = unit()
    try:
        with aside() as look:
            yield look.session
    finally:
        current.end_look()


@contextmanager
def aside() -> Iterator[Unit]:
    """Give a look without a session, for who asks `connection()` alone; what is looked at next goes over it too."""
    current = unit()
    if not current.writes:
        yield current
        return
    token = _current.set(current.look)
    try:
        yield current.look
    except BaseException:
        current.end_look()
        raise
    finally:
        _current.reset(token)


@contextmanager
def looking() -> Iterator[Connection]:
    """Give a connection for one plain question that takes no writer lock; what is looked at next goes over it too."""
    current = unit()
    try:
        yield current.look.connection
    except BaseException:
        current.end_look()
        raise


def begin(store: Store, *, writes: bool) -> Unit:
    """Make a new unit the current one (the application does this for each request)."""
    fresh = Unit(store, writes=writes)
    _current.set(fresh)
    return fresh


def finish() -> None:
    """Commit the current unit, if a request has one that is not finished."""
    current = _current.get()
    if current is not None:
        current.finish()


def end() -> None:
    """Roll back whatever the current unit left unfinished and forget it."""
    current = _current.get()
    if current is not None:
        current.abandon()
        _current.set(None)
