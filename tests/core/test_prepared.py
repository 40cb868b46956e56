"""A prepared statement answers as SQLAlchemy's own way does, and fails in the same words."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    bindparam,
    func,
    insert,
    select,
    union_all,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from patient_app.core.db import UtcDateTime
from patient_app.core.ids import new_id, read_id
from patient_app.core.prepared import Prepared
from patient_app.core.work import Store

THINGS = Table(
    "thing",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("at", UtcDateTime),
    Column("day", Date),
    Column("told", JSON),
    Column("is_open", Boolean),
    Column("words", String(20), default="left out"),
    Column("number", Integer),
)
ALL = select(THINGS).where(THINGS.c.number <= bindparam("most"), THINGS.c.words != "never").order_by(THINGS.c.number)
ONE = {
    "id": new_id(),
    "at": datetime(2026, 3, 8, 7, 30, 0, 123, tzinfo=UTC),
    "day": date(2026, 3, 8),
    "told": {"a": [1, None]},
    "is_open": True,
    "words": "said",
    "number": 1,
}
EMPTY = {"id": new_id(), "at": None, "day": None, "told": None, "is_open": None, "words": "", "number": 2}


@pytest.fixture
def connection(store: Store) -> Iterator[Connection]:
    with store.database.connection(writes=True) as found:
        THINGS.create(found)
        yield found


def test_what_is_written_and_read_is_the_same_as_the_usual_way(connection: Connection) -> None:
    Prepared(insert(THINGS)).all(connection, ONE)
    connection.execute(insert(THINGS), EMPTY)
    usual, found = connection.execute(ALL, {"most": 5}).all(), Prepared(ALL).all(connection, {"most": 5})
    assert found == [tuple(row) for row in usual]
    assert [row._fields for row in found] == [row._fields for row in usual]
    assert (found[0].id, found[0].at, found[0].told, found[0].is_open) == (ONE["id"], ONE["at"], ONE["told"], True)
    assert found[0].at.tzinfo is UTC


def test_it_may_be_asked_for_the_first_row_or_value_and_finds_nothing_where_there_is_none(
    connection: Connection,
) -> None:
    statement, count = Prepared(ALL), Prepared(select(func.count()).select_from(THINGS))
    assert statement.first(connection, {"most": 5}) is None
    assert statement.scalar(connection, {"most": 5}) is None
    Prepared(insert(THINGS)).all(connection, ONE)
    Prepared(insert(THINGS)).all(connection, EMPTY)
    assert statement.first(connection, {"most": 5}).number == 1
    assert statement.scalar(connection, {"most": 5}) == ONE["id"]
    assert count.scalar(connection, {}) == 2


def test_it_is_part_of_the_transaction_and_begins_it(store: Store) -> None:
    statement = Prepared(insert(THINGS))
    with store.database.connection(writes=True) as found:
        THINGS.create(found)
        found.commit()
    with store.database.connection(writes=True) as found:
        statement.all(found, ONE)
        found.rollback()
        statement.all(found, EMPTY)
        assert found.in_transaction()
        found.commit()
    with store.database.connection(writes=False) as found:
        assert [row.number for row in Prepared(ALL).all(found, {"most": 5})] == [2]


def test_what_the_database_refuses_is_told_in_sqlalchemys_words_without_the_values(store: Store) -> None:
    statement = Prepared(insert(THINGS))
    with store.database.connection(writes=True) as found:
        THINGS.create(found)
        statement.all(found, {**ONE, "words": "a secret"})
        with pytest.raises(IntegrityError) as refused:
            statement.all(found, {**ONE, "words": "a secret"})
    assert "a secret" not in str(refused.value)


@pytest.mark.sqlite
def test_a_table_that_is_not_there_is_an_operational_error(store: Store) -> None:
    with store.database.connection(writes=False) as found, pytest.raises(OperationalError):
        Prepared(ALL).all(found, {"most": 1})


def test_lists_of_every_length_find_what_the_usual_way_finds(connection: Connection) -> None:
    rows = [{**EMPTY, "id": new_id(), "number": number, "day": date(2026, 1, 1)} for number in range(70)]
    connection.execute(insert(THINGS), rows)
    some = (
        select(THINGS.c.id, THINGS.c.number)
        .where(
            THINGS.c.day == bindparam("day"),
            THINGS.c.id.in_(bindparam("ids", expanding=True)),
            THINGS.c.number.in_(bindparam("numbers", expanding=True)),
            THINGS.c.words != "never",
        )
        .order_by(THINGS.c.number)
    )
    both = union_all(some.where(THINGS.c.number < 3).order_by(None), some.where(THINGS.c.number >= 3).order_by(None))
    for statement in (some, both):
        prepared = Prepared(statement)
        for many, few in ((0, 0), (0, 2), (1, 1), (3, 2), (2, 3), (3, 2), (70, 3), (3, 70)):
            asked = {
                "day": date(2026, 1, 1),
                "ids": [row["id"] for row in reversed(rows[:many])],
                "numbers": list(range(few)),
            }
            found = sorted(prepared.all(connection, asked), key=lambda row: row.number)
            assert [row.number for row in found] == list(range(min(many, few)))
            assert found == sorted(connection.execute(statement, asked).all(), key=lambda row: row.number)


@pytest.mark.sqlite
def test_defaults_and_lists_that_are_always_the_same_are_refused(store: Store) -> None:
    some = select(THINGS.c.id).where(THINGS.c.number.in_([1, 2]))
    with store.database.connection(writes=False) as found:
        with pytest.raises(TypeError):
            Prepared(some).all(found, {})
        with pytest.raises(TypeError):
            Prepared(insert(THINGS)).all(found, {"id": new_id()})


def test_an_id_is_read_as_the_usual_way_reads_it() -> None:
    made = new_id()
    found = read_id(made.hex)
    assert (found, hash(found), repr(found), found and found.is_safe) == (made, hash(made), repr(made), made.is_safe)
    assert isinstance(found, uuid.UUID)
    assert read_id(None) is None
