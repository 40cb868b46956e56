"""Migrations: the newest equals the models, and each goes up with data, down, and up again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, inspect, text
from sqlalchemy.engine import Connection

from patient_app import models
from patient_app.core import migrate
from patient_app.core.db import Base, Database, KeysBase
from patient_app.core.migrate import Which
from patient_app.core.work import Store
from tests import factories
from tests.postgres import Postgres

pytestmark = pytest.mark.data
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


def _fill(store: Store) -> None:
    practice = factories.make_practice(store)
    administrator = factories.make_administrator(store, practice)
    patient = factories.make_patient(store, practice)
    clinician = factories.make_clinician(store, practice)
    supporter = factories.make_supporter(store, practice)
    factories.make_installation(store)
    factories.assign_team(store, patient, clinician, administrator)
    factories.tie_supporter(store, patient, supporter)
    factories.give_consent(store, patient, supporter, {})
    factories.make_check_in(store, patient, note="slept badly", craving=3)


def test_the_newest_migration_goes_down_and_up_with_data_in_the_tables(store: Store) -> None:
    _fill(store)
    for which, database in (("main", store.database), ("keys", store.keys.database)):
        before = _schema(database)
        migrate.downgrade(which, database, "-1")  # type: ignore[arg-type]  # The two words of `Which`.
        migrate.upgrade(which, database)  # type: ignore[arg-type]  # As above.
        assert _schema(database) == before
    _fill(store)


def test_the_ladder_sees_a_changed_schema(store: Store) -> None:
    before = _schema(store.database)
    with store.database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE practice ADD COLUMN forgotten VARCHAR(10)"))
    assert _schema(store.database) != before
    with store.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) != []
