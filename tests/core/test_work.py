"""The unit of work: one commit, at the end, or nothing at all."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from patient_app.accounts.models import Practice
from patient_app.core import clock, work
from patient_app.core.ids import new_id
from patient_app.core.work import NoUnitOfWork, Store, db, vault


def _add_practice(name: str = "Harbour") -> None:
    db().add(Practice(id=new_id(), name=name, zone="UTC", created_at=clock.now()))


def _count(store: Store) -> int:
    with store.work(writes=False):
        return db().scalar(select(func.count()).select_from(Practice)) or 0


def test_what_a_unit_wrote_is_there_after_it_and_not_before(store: Store) -> None:
    with store.work(writes=True):
        _add_practice()
        db().flush()
        with store.database.session(writes=False) as other:
            assert other.scalar(select(func.count()).select_from(Practice)) == 0
    assert _count(store) == 1


def test_an_error_leaves_nothing(store: Store) -> None:
    def fails() -> None:
        with store.work(writes=True):
            _add_practice()
            db().flush()
            raise ValueError

    with pytest.raises(ValueError):
        fails()
    assert _count(store) == 0


def test_a_unit_that_only_reads_keeps_nothing(store: Store) -> None:
    with store.work(writes=False):
        _add_practice()
        db().flush()
    assert _count(store) == 0


def test_a_finished_unit_gives_no_session_but_still_the_vault(store: Store) -> None:
    with store.work(writes=True) as unit:
        _add_practice()
        unit.finish()
        unit.finish()
        with pytest.raises(NoUnitOfWork):
            db()
        assert vault() is store.vault
    assert _count(store) == 1


def test_a_unit_finished_halfway_keeps_what_came_before_an_error(store: Store) -> None:
    def fails() -> None:
        with store.work(writes=True) as unit:
            _add_practice()
            unit.finish()
            raise ValueError

    with pytest.raises(ValueError):
        fails()
    assert _count(store) == 1


def test_outside_a_unit_there_is_no_session() -> None:
    with pytest.raises(NoUnitOfWork):
        db()


def test_units_may_stand_inside_each_other(store: Store) -> None:
    with store.work(writes=False) as outer:
        assert db().scalar(text("SELECT 1")) == 1
        with store.work(writes=False) as inner:
            assert work.unit() is inner
        assert work.unit() is outer


def test_a_look_before_slow_work_takes_no_writer_lock(store: Store) -> None:
    done = threading.Event()

    def other() -> None:
        with store.work(writes=True):
            _add_practice()
        done.set()

    with store.work(writes=True):
        with work.reading() as session:
            assert session.scalar(select(func.count()).select_from(Practice)) == 0
            thread = threading.Thread(target=other)
            thread.start()
            thread.join(timeout=5)
        assert done.is_set()


def test_one_look_serves_what_a_request_asks_before_it_writes(store: Store) -> None:
    with store.work(writes=True) as unit:
        with work.looking() as first:
            pass
        with work.aside() as look:
            assert look.connection is first
        with work.looking() as second:
            assert second is first
        with work.reading():
            pass
        assert first.closed  # What follows it may take long.
        with work.aside() as look:
            third = look.connection
        assert not third.closed
        db()
        assert (third.closed, unit.connection is third) == (True, False)
        _add_practice()
    assert _count(store) == 1


def test_what_is_looked_at_shows_what_was_written_meanwhile(store: Store) -> None:
    count = select(func.count()).select_from(Practice)
    with store.work(writes=True):
        with work.looking() as look:
            assert look.scalar(count) == 0
        with store.work(writes=True):
            _add_practice()
        with work.reading() as session:
            assert session.scalar(count) == 1


def test_a_look_that_fails_leaves_a_fresh_one(store: Store) -> None:
    def fails() -> None:
        with work.looking() as look:
            look.execute(text("SELECT nothing FROM nowhere"))

    with store.work(writes=True):
        with pytest.raises(SQLAlchemyError):
            fails()
        with work.looking() as look:
            assert look.scalar(text("SELECT 1")) == 1


def test_services_ask_the_look_as_long_as_the_look_lasts(store: Store) -> None:
    with store.work(writes=True):
        with work.reading() as session:
            assert db() is session
            assert not work.unit().writes
        assert db() is not session
        assert work.unit().writes
        _add_practice()
    assert _count(store) == 1


def test_a_reading_unit_looks_with_its_own_session(store: Store) -> None:
    with store.work(writes=False), work.reading() as session:
        assert session is db()


def test_begin_and_end_as_a_request_does(store: Store) -> None:
    work.begin(store, writes=True)
    _add_practice()
    work.finish()
    work.end()
    assert _count(store) == 1
    work.begin(store, writes=True)
    _add_practice()
    work.end()
    work.end()
    work.finish()
    assert _count(store) == 1
    with pytest.raises(NoUnitOfWork):
        work.unit()


def test_the_settings_are_those_of_the_store(store: Store) -> None:
    with store.work(writes=False):
        assert work.config() is store.config
