"""Migrations: the newest equals the models; each goes up, down and up again, and no row is lost on the way."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, MetaData, inspect, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.types import TypeEngine

from patient_app import models
from patient_app.checkins import recording
from patient_app.checkins.answers import Answers
from patient_app.checkins.models import CheckIn
from patient_app.core import clock, migrate
from patient_app.core.db import Base, Database, KeysBase
from patient_app.core.ids import new_id
from patient_app.core.migrate import Which
from patient_app.core.work import Store, db
from patient_app.effects import service as effects
from patient_app.effects.service import Said
from patient_app.worries.models import WorryMute
from tests import factories
from tests.features.effects.world import LAMOTRIGINE, log, takes
from tests.postgres import Postgres

WHICH: tuple[Which, ...] = get_args(Which)
METADATA: dict[Which, MetaData] = {"main": Base.metadata, "keys": KeysBase.metadata}
assert models


def _scripts(which: Which) -> ScriptDirectory:
    return ScriptDirectory(str(migrate.MIGRATIONS / which))


def _revisions(which: Which) -> list[str]:
    return [script.revision for script in _scripts(which).walk_revisions()][::-1]


@pytest.fixture
def empty(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[], Database]]:
    """Return a function that gives an empty database."""
    opened: list[Database] = []
    if backend == "postgresql":
        server: Postgres = request.getfixturevalue("postgres")
        with server.empty_database() as url:

            def make() -> Database:
                opened.append(Database(url))
                return opened[-1]

            yield make
            for database in opened:
                database.close()
        return

    def make_file() -> Database:
        opened.append(Database(f"sqlite:///{tmp_path / 'empty.sqlite'}"))
        return opened[-1]

    yield make_file
    for database in opened:
        database.close()


def schema(connection: Connection) -> dict[str, object]:
    """Return all that there is to say about the tables of a database."""
    inspector = inspect(connection)
    tables: dict[str, object] = {}
    for table in sorted(inspector.get_table_names()):
        if table == "alembic_version":
            continue
        tables[table] = {
            "columns": sorted(
                (c["name"], str(c["type"]), c["nullable"], str(c["default"])) for c in inspector.get_columns(table)
            ),
            "key": inspector.get_pk_constraint(table)["constrained_columns"],
            "foreign": sorted(
                (f["constrained_columns"], f["referred_table"], f["referred_columns"])
                for f in inspector.get_foreign_keys(table)
            ),
            "unique": sorted(sorted(u["column_names"]) for u in inspector.get_unique_constraints(table)),
            "indexes": sorted(
                (str(i["name"]), [str(c) for c in i["column_names"]]) for i in inspector.get_indexes(table)
            ),
            "checks": sorted(re.sub(r"[\s()]", "", c["sqltext"]) for c in inspector.get_check_constraints(table)),
        }
    return tables


def _schema(database: Database) -> dict[str, object]:
    with database.engine.connect() as connection:
        return schema(connection)


@pytest.mark.parametrize("which", WHICH)
def test_there_is_one_newest_migration_and_the_head_file_names_it(which: Which, backend: str) -> None:
    assert _scripts(which).get_heads() == [migrate.head(which)]


@pytest.mark.parametrize("which", WHICH)
def test_the_migrated_schema_is_that_of_the_models(which: Which, empty: Callable[[], Database]) -> None:
    database = empty()
    migrate.upgrade(which, database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA[which]) == []
        migrated = schema(connection)
    # Alembic compares no checks and no keys: the models' own tables are made beside it for that.
    migrate.downgrade(which, database, "base")
    METADATA[which].create_all(database.engine)
    assert _schema(database) == migrated
    METADATA[which].drop_all(database.engine)


@pytest.mark.parametrize("which", WHICH)
def test_every_migration_goes_up_and_down_and_up_again(which: Which, empty: Callable[[], Database]) -> None:
    database = empty()
    before = _schema(database)
    for revision in _revisions(which):
        migrate.upgrade(which, database, revision)
        assert migrate.current(database) == revision
        first = _schema(database)
        assert first != before
        migrate.downgrade(which, database, "-1")
        assert _schema(database) == before
        migrate.upgrade(which, database, revision)
        assert _schema(database) == first
        before = first


# --- with rows in the tables -----------------------------------------------------------------------------------

Content = dict[str, list[tuple[tuple[str, str], ...]]]
# What checks between two columns ask for; None is an empty column.
VALUES: dict[tuple[str, str], int | None] = {
    ("opening_hours", "opens"): 540,
    ("opening_hours", "closes"): 1020,
    ("consent", "discipline"): None,
    ("exercise_reader", "run_id"): None,
}
OF_ANOTHER_PERSON = frozenset({("team_membership", "assigned_by")})
# Columns that a migration takes away on purpose on its way up, by revision, with the reason.
GIVEN_UP: dict[str, dict[str, str]] = {}


def fill(database: Database) -> None:
    """Put a row into every table of a database, whatever its tables are (two people): every column filled."""
    tables = MetaData()
    with database.engine.begin() as connection:
        tables.reflect(connection)
        made: dict[str, dict[str, Any]] = {}
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                continue
            row = made[table.name] = {column.name: _value(column, made) for column in table.columns}
            connection.execute(table.insert().values(row))
            if table.name == "person":
                another = {**row, "id": _id(table.c.id, "another"), "sign_in_index": None}
                connection.execute(table.insert().values(another))


def _value(column: Column[Any], made: dict[str, dict[str, Any]]) -> Any:
    place = (column.table.name, column.name)
    if place in VALUES:
        return VALUES[place]
    for key in column.foreign_keys:
        if place in OF_ANOTHER_PERSON:
            return _id(column, "another")
        parent = key.column.table.name
        return made[parent][key.column.name] if parent in made else None  # A row that names another of its table.
    kind = column.type
    words = ".".join(place)
    if isinstance(kind, sa.Uuid) or (isinstance(kind, sa.CHAR) and kind.length == 32):
        return _id(column, words)
    known: tuple[tuple[type[TypeEngine[Any]], Any], ...] = (
        (sa.Boolean, True),
        (sa.DateTime, datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)),
        (sa.Date, date(2026, 3, 4)),
        (sa.JSON, ["words"]),
        (sa.LargeBinary, words.encode()),
        (sa.Integer, 1),
        (sa.String, column.name[: getattr(kind, "length", None) or 40]),
    )
    return next(value for of, value in known if isinstance(kind, of))


def _id(column: Column[Any], words: str) -> Any:
    """Return an id made of words; SQLite tells of ids as texts of 32 letters."""
    made = uuid.uuid5(uuid.NAMESPACE_OID, words)
    return made if isinstance(column.type, sa.Uuid) else made.hex


def content(database: Database) -> Content:
    """Return every row of every table, in a fixed order, each value as text, as the database itself gives it."""
    every_column: sa.ColumnElement[Any] = sa.literal_column("*")
    with database.engine.connect() as connection:
        return {
            table: sorted(
                tuple(sorted((str(name), _told(value)) for name, value in row.items()))
                for row in connection.execute(select(every_column).select_from(sa.table(table))).mappings()
            )
            for table in inspect(connection).get_table_names()
            if table != "alembic_version"
        }


def _told(value: object) -> str:
    return str(bytes(value) if isinstance(value, memoryview) else value)


def lost(before: Content, after: Content) -> list[str]:
    """Return which tables, columns and values of a content are not in another; what is only in the other counts not."""
    found = [f"table {table}" for table in before.keys() - after.keys()]
    for table in before.keys() & after.keys():
        names = {name for row in before[table] for name, _ in row}
        now = [tuple(pair for pair in row if pair[0] in names) for row in after[table]]
        if sorted(now) == before[table]:
            continue
        gone = names - {name for row in after[table] for name, _ in row}
        if gone and after[table]:
            found += [f"column {table}.{name}" for name in gone]
        else:
            found.append(f"rows of {table}: {before[table]} became {now}")
    return sorted(found)


def _steps(which: Which) -> list[tuple[str, str]]:
    revisions = _revisions(which)
    return list(zip(["base", *revisions], revisions, strict=False))


@pytest.mark.parametrize("which", WHICH)
def test_every_migration_keeps_the_rows_that_were_there(which: Which, empty: Callable[[], Database]) -> None:
    """Filled before a step: nothing is lost on the way up, all is as it was after the way down, and up again."""
    database = empty()
    for before, revision in _steps(which)[1:]:
        migrate.upgrade(which, database, before)
        fill(database)
        filled = content(database)
        assert all(filled.values())
        migrate.upgrade(which, database, revision)
        up = content(database)
        assert [what for what in lost(filled, up) if what not in GIVEN_UP.get(revision, {})] == [], revision
        migrate.downgrade(which, database, before)
        assert content(database) == filled, revision
        migrate.upgrade(which, database, revision)
        assert content(database) == up, revision
        migrate.downgrade(which, database, "base")


@pytest.mark.parametrize("which", WHICH)
def test_every_migration_goes_down_with_rows_in_what_it_made(which: Which, empty: Callable[[], Database]) -> None:
    """Filled after a step: going down keeps what was there before the step, and going up again as well."""
    database = empty()
    for before, revision in _steps(which):
        migrate.upgrade(which, database, revision)
        fill(database)
        filled = content(database)
        assert all(filled.values())
        migrate.downgrade(which, database, before)
        down = content(database)
        assert lost(down, filled) == [], revision
        migrate.upgrade(which, database, revision)
        assert lost(down, content(database)) == [], revision
        migrate.downgrade(which, database, "base")


CARELESS = {
    "DELETE FROM opening_hours": "rows of opening_hours: ",
    "UPDATE practice SET zone = 'UTC'": "rows of practice: ",
    "ALTER TABLE practice DROP COLUMN zone": "column practice.zone",
    "DROP TABLE opening_hours": "table opening_hours",
    "INSERT INTO installation (id, kind, created_at) SELECT 2, kind, created_at FROM installation": "rows of inst",
}


@pytest.mark.parametrize("statement", CARELESS)
def test_a_careless_migration_is_seen(store: Store, statement: str) -> None:
    fill(store.database)
    filled = content(store.database)
    assert lost(filled, filled) == []
    with store.database.engine.begin() as connection:
        connection.execute(text(statement))
    (told,) = lost(filled, content(store.database))
    assert told.startswith(CARELESS[statement])


def test_what_a_migration_adds_is_no_loss(store: Store) -> None:
    fill(store.database)
    filled = content(store.database)
    with store.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE practice ADD COLUMN added VARCHAR(10)"))
        connection.execute(text("CREATE TABLE added (id INTEGER)"))
    assert lost(filled, content(store.database)) == []
    assert content(store.database) != filled


def test_the_ladder_sees_a_changed_schema(store: Store) -> None:
    before = _schema(store.database)
    with store.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE practice ADD COLUMN forgotten VARCHAR(10)"))
    assert _schema(store.database) != before
    with store.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) != []


def test_what_was_told_afterwards_before_there_was_a_column_for_it_is_known(
    store: Store, set_time: Callable[[datetime], None]
) -> None:
    set_time(datetime(2026, 3, 9, 20, 30, tzinfo=UTC))
    patient = factories.make_patient(store, factories.make_practice(store))
    in_half_hour_zone = clock.noon_of(date(2026, 3, 8), "Asia/Kolkata")
    moments = (
        clock.moment(clock.now(), patient.zone),
        clock.noon_of(date(2026, 3, 8), patient.zone),
        in_half_hour_zone,
    )
    with store.work(writes=True):
        for one in moments:
            recording.record_check_in(patient.viewer, new_id(), Answers(mood=3), one)
    written = select(CheckIn.occurred_at, CheckIn.time_known).order_by(CheckIn.occurred_at)
    with store.database.engine.connect() as connection:
        before = connection.execute(written).all()
    migrate.downgrade("main", store.database, "0012")
    migrate.upgrade("main", store.database)
    with store.database.engine.connect() as connection:
        assert connection.execute(written).all() == before
    assert [row.time_known for row in before] == [False, False, True]


def test_a_sign_that_was_raised_before_still_rests_on_its_medicine(
    store: Store, set_time: Callable[[datetime], None]
) -> None:
    """One that is tied to no medicine stands before the team only by the medicines that are kept with it."""
    set_time(datetime(2026, 3, 9, 20, 30, tzinfo=UTC))
    patient = factories.make_patient(store, factories.make_practice(store))
    takes(store, patient, LAMOTRIGINE)
    entry = log(store, patient, Said("rash", severity=3))
    migrate.downgrade("main", store.database, "0027")
    migrate.upgrade("main", store.database)
    with store.work(writes=False):
        assert effects.is_raised(patient.viewer, entry)


def test_on_the_way_down_the_last_to_mute_a_sender_counts(store: Store) -> None:
    practice = factories.make_practice(store)
    sender = factories.make_supporter(store, practice)
    first, second = (factories.make_clinician(store, practice) for _ in range(2))
    at = datetime(2026, 3, 9, 20, 30, tzinfo=UTC)
    with store.work(writes=True):
        for by, hours in ((second, 2), (first, 1)):
            mute = {"sender_id": sender.id, "muted_by": by.id, "muted_at": at + timedelta(hours=hours)}
            db().add(WorryMute(practice_id=practice.id, muted_until=at + timedelta(days=9), **mute))

    def muted_by() -> list[uuid.UUID]:
        with store.work(writes=False):
            return list(db().scalars(select(WorryMute.muted_by).order_by(WorryMute.muted_at)))

    assert muted_by() == [first.id, second.id]
    migrate.downgrade("main", store.database, "0034")
    assert muted_by() == [second.id]
    migrate.upgrade("main", store.database)
    assert muted_by() == [second.id]
