"""Alembic's environment of the key store."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Engine

from patient_app.core import keys  # noqa: F401 - fills the metadata.
from patient_app.core.db import KeysBase as Metadata

engine: Engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Metadata.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
