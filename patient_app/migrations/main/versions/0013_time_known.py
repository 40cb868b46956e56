"""Check-ins that were told afterwards for a past day: noon was only their place among the others.

Revision: 0013, after 0012
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BATCH = 1000
ENTRIES = sa.table(
    "check_in",
    sa.column("id", sa.Uuid()),
    sa.column("occurred_at", sa.DateTime(timezone=True)),
    sa.column("utc_offset", sa.Integer()),
    sa.column("time_known", sa.Boolean()),
)


def upgrade() -> None:
    """Add the column; what stands at noon to the millionth of a second was put there by us."""
    op.add_column("check_in", sa.Column("time_known", sa.Boolean(), nullable=False, server_default=sa.true()))
    there = op.get_bind()
    at_noon = [
        row.id
        for row in there.execute(sa.select(ENTRIES.c.id, ENTRIES.c.occurred_at, ENTRIES.c.utc_offset))
        if _wall(row.occurred_at, row.utc_offset).time() == time(12)
    ]
    for first in range(0, len(at_noon), BATCH):
        some = ENTRIES.c.id.in_(at_noon[first : first + BATCH])
        there.execute(sa.update(ENTRIES).where(some).values(time_known=False))


def _wall(occurred_at: datetime, utc_offset: int) -> datetime:
    """Return the naive wall clock; PostgreSQL answers in a zone of its own, SQLite in UTC without saying so."""
    utc = occurred_at.astimezone(UTC).replace(tzinfo=None) if occurred_at.tzinfo else occurred_at
    return utc + timedelta(minutes=utc_offset)


def downgrade() -> None:
    """Take it away: the release before shows noon."""
    op.drop_column("check_in", "time_known")
