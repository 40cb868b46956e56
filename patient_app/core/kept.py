"""Values as the database's driver gives them: of a long list, few are needed as more than that.

SQLite gives ids, days and moments as text of fixed width, PostgreSQL as what they are; both compare and sort as they
are, and each database gives one value in one way.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, type_coerce
from sqlalchemy.types import NullType

from patient_app.core.ids import read_id


def as_kept(column: Any) -> ColumnElement[Any]:
    """Return a column whose values come as the driver gives them, under its own name."""
    return type_coerce(column, NullType()).label(column.key)


def id_of(value: Any) -> uuid.UUID:
    """Return a kept id: of one text, mostly the very same object, which is found again faster."""
    return value if isinstance(value, uuid.UUID) else _read(value)


@lru_cache(maxsize=2048)
def _read(text: str) -> uuid.UUID:
    found = read_id(text)
    assert found is not None  # noqa: S101 - a kept id is there.
    return found


@lru_cache(maxsize=4096)
def day_of(value: Any) -> date:
    """Return a kept civil date."""
    return value if isinstance(value, date) else date.fromisoformat(value)


def moment_of(value: Any) -> datetime:
    """Return a kept moment, in UTC."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
