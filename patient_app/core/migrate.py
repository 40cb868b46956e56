"""Running the migrations of both databases. Alembic is imported only when it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlalchemy import inspect, text

from patient_app.core.db import Database

if TYPE_CHECKING:
    from alembic.config import Config as AlembicConfig

Which = Literal["main", "keys"]
MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


def head(which: Which) -> str:
    """Return the newest migration's name, from the committed head file (two parallel ones conflict there)."""
    return (MIGRATIONS / which / ".current-head").read_text(encoding="ascii").strip()


def current(database: Database) -> str | None:
    """Return the migration that a database is at, None when it has none; raise `DatabaseMissing` for a lost file."""
    database.check_is_there()
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return str(found) if found else None


def alembic_config(which: Which, database: Database) -> AlembicConfig:
    """Return Alembic's configuration for one database."""
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415 - slow to import, needed by commands only.

    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS / which))
    settings.set_main_option("path_separator", "os")
    settings.attributes["engine"] = database.engine
    return settings


def upgrade(which: Which, database: Database, revision: str = "head") -> None:
    """Bring a database to the newest migration (or the named one); makes a SQLite file that is not there."""
    from alembic import command  # noqa: PLC0415 - slow to import, needed by commands only.

    if database.file is not None:
        database.file.parent.mkdir(parents=True, exist_ok=True)
    command.upgrade(alembic_config(which, database), revision)


def downgrade(which: Which, database: Database, revision: str) -> None:
    """Take a database back to the named migration."""
    from alembic import command  # noqa: PLC0415 - slow to import, needed by commands only.

    command.downgrade(alembic_config(which, database), revision)
