"""The databases: writers queue instead of failing, moments keep their zone, and a lost file is noticed."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import OperationalError, StatementError

from patient_app.accounts.models import Practice
from patient_app.core import clock
from patient_app.core import db as core_db
from patient_app.core.db import Database, DatabaseBusy, DatabaseMissing, WriterLock
from patient_app.core.errors import NotFound
from patient_app.core.ids import new_id
from patient_app.core.work import Store, db

WRITERS, EACH = 4, 12


def _write(database: Database, name: str) -> None:
    with database.session(writes=True) as session:
        # Reads first: two writers that both read and then write would fail without the queue.
        before = session.scalar(select(func.count()).select_from(Practice))
        session.add(Practice(id=new_id(), name=f"{name} {before}", zone="UTC", created_at=clock.now()))
        session.commit()


def _write_many(url: str, number: int) -> None:
    database = Database(url)
    for _ in range(EACH):
        _write(database, f"process {number}")
    database.close()


def test_writers_in_many_threads_all_succeed(store: Store) -> None:
    faults: list[BaseException] = []

    def run(number: int) -> None:
        try:
            for _ in range(EACH):
                _write(store.database, f"thread {number}")
        except BaseException as fault:  # noqa: BLE001 - told to the test below.
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    with store.work(writes=False):
        assert db().scalar(select(func.count()).select_from(Practice)) == WRITERS * EACH


@pytest.mark.sqlite  # On PostgreSQL writers wait for rows, not for each other.
def test_writers_in_many_processes_all_succeed_and_queue(store: Store) -> None:
    context = multiprocessing.get_context("spawn")
    url = str(store.config.database_url)
    processes = [context.Process(target=_write_many, args=(url, number)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    with store.work(writes=False):
        names = list(db().scalars(select(Practice.name)))
    assert len(names) == 3 * EACH
    # Each saw exactly what was there before it: none read beside another's unfinished writing.
    assert sorted(int(name.split()[-1]) for name in names) == list(range(3 * EACH))


def test_a_lock_that_is_not_free_in_time_says_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core_db, "LOCK_SECONDS", 0.05)
    first, second = WriterLock(tmp_path / "lock"), WriterLock(tmp_path / "lock")
    # As another process: its own open file. And as another thread of the same process.
    with first.held():
        with pytest.raises(DatabaseBusy), second.held():
            pytest.fail("two held the lock")
        refused: list[type[BaseException]] = []

        def try_it() -> None:
            try:
                with first.held():
                    pytest.fail("two held the lock")
            except DatabaseBusy as busy:
                refused.append(type(busy))

        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
        assert refused == [DatabaseBusy]
    with second.held(), pytest.raises(DatabaseBusy), first.held():
        pytest.fail("two held the lock")


def test_a_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    lock = WriterLock(tmp_path / "lock")

    def fails() -> None:
        with lock.held():
            raise ValueError

    with pytest.raises(ValueError):
        fails()
    with lock.held():
        pass


@pytest.mark.sqlite
def test_a_file_that_was_moved_away_is_missed_and_not_made_anew(store: Store) -> None:
    file = store.database.file
    assert file is not None
    with store.work(writes=False):
        assert db().scalar(text("SELECT 1")) == 1
    file.rename(file.with_suffix(".away"))
    for writes in (False, True):
        with pytest.raises(DatabaseMissing), store.work(writes=writes):
            db()
    assert not file.exists()


@pytest.mark.sqlite
def test_nothing_is_written_into_a_file_in_whose_place_another_one_stands(store: Store) -> None:
    """A restore below a server that runs: what is acknowledged then has to be in the new file."""
    file = store.database.file
    assert file is not None
    _write(store.database, "before")
    store.close()
    copied = file.with_suffix(".copy")
    copied.write_bytes(file.read_bytes())
    with store.work(writes=False):  # A connection that stays open.
        assert db().scalar(select(func.count()).select_from(Practice)) == 1
    file.unlink()
    copied.rename(file)
    _write(store.database, "after")
    with closing(sqlite3.connect(file)) as looking:
        assert looking.execute("SELECT count(*) FROM practice").fetchone() == (2,)


@pytest.mark.sqlite
def test_sqlite_is_durable_and_checks_references(store: Store) -> None:
    with store.work(writes=False):
        pragmas = {
            name: db().scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 2000,
    }


@pytest.mark.sqlite
def test_another_program_that_locks_the_file_makes_a_writer_fail_not_hang(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.database.file is not None
    with store.work(writes=False):
        db().execute(text("PRAGMA busy_timeout=50"))
    other = sqlite3.connect(store.database.file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"), store.work(writes=True):
        db()
    other.execute("ROLLBACK")
    other.close()
    with store.work(writes=True):
        db().add(Practice(id=new_id(), name="After", zone="UTC", created_at=clock.now()))


def test_a_moment_comes_back_aware_and_in_utc(store: Store) -> None:
    moment = datetime(2026, 3, 8, 23, 30, 15, 123456, tzinfo=timezone(timedelta(hours=-5)))
    practice_id = new_id()
    with store.work(writes=True):
        db().add(Practice(id=practice_id, name="Harbour", zone="UTC", created_at=moment))
    with store.work(writes=False):
        found = db().get_one(Practice, practice_id).created_at
    assert found == moment
    assert found.tzinfo is UTC


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    naive = datetime(2026, 3, 8, 12)  # noqa: DTZ001 - a naive one is what is meant here.

    def write() -> None:
        with store.work(writes=True):
            db().add(Practice(id=new_id(), name="Harbour", zone="UTC", created_at=naive))

    with pytest.raises(StatementError):
        write()


@pytest.mark.sqlite
def test_an_error_of_the_database_does_not_repeat_the_values(store: Store) -> None:
    def write() -> None:
        with store.work(writes=True):
            db().execute(text("INSERT INTO practice (id, name) VALUES (:id, :name)"), {"id": "1", "name": "canaryword"})

    with pytest.raises(Exception, match="constraint") as caught:
        write()
    assert "canaryword" not in str(caught.value)


@contextmanager
def connections_made(database: Database) -> Iterator[list[object]]:
    """Collect the connections that are opened anew."""
    made: list[object] = []

    def note(connection: object, _record: object) -> None:
        made.append(connection)

    event.listen(database.engine, "connect", note)
    yield made
    event.remove(database.engine, "connect", note)


def _practices(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(Practice)) or 0


def _write_and_raise(store: Store, error: BaseException, *, in_a_unit: bool) -> None:
    practice = Practice(id=new_id(), name="Harbour", zone="UTC", created_at=clock.now())
    if in_a_unit:
        with store.work(writes=True):
            db().add(practice)
            db().flush()
            raise error
    with store.database.session(writes=True) as session:
        session.add(practice)
        session.flush()
        raise error


@pytest.mark.parametrize("in_a_unit", [True, False], ids=["unit", "session"])
def test_an_ordinary_refusal_is_rolled_back_and_keeps_its_connection(store: Store, *, in_a_unit: bool) -> None:
    _practices(store)
    with connections_made(store.database) as made:
        for _ in range(3):
            with pytest.raises(NotFound):
                _write_and_raise(store, NotFound(), in_a_unit=in_a_unit)
            assert _practices(store) == 0
        _write(store.database, "after")
    assert made == []


@pytest.mark.parametrize("in_a_unit", [True, False], ids=["unit", "session"])
def test_an_interruption_leaves_nothing_behind(store: Store, *, in_a_unit: bool) -> None:
    with pytest.raises(KeyboardInterrupt):
        _write_and_raise(store, KeyboardInterrupt(), in_a_unit=in_a_unit)
    assert _practices(store) == 0
    _write(store.database, "after")
    assert _practices(store) == 1


def test_a_commit_that_failed_gives_up_its_connection(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    dialect = store.database.engine.dialect

    def refuse(_connection: object) -> None:
        raise dialect.loaded_dbapi.OperationalError("database or disk is full")

    _practices(store)
    with connections_made(store.database) as made:
        with monkeypatch.context() as broken, pytest.raises(OperationalError):
            broken.setattr(dialect, "do_commit", refuse)
            _write(store.database, "lost")
        assert _practices(store) == 0
        _write(store.database, "kept")
    assert len(made) == 1
    assert _practices(store) == 1
