"""A mute of a sender is its clinician's own: several may mute one sender, and each takes back only theirs.

Revision: 0035, after 0034
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def _table(*key: str) -> tuple[Any, ...]:
    return (
        "worry_mute",
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("muted_by", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("muted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["muted_by"], ["person.id"], name=op.f("fk_worry_mute_muted_by")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_worry_mute_practice_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["person.id"], name=op.f("fk_worry_mute_sender_id")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_worry_mute")),
    )


def _made_anew(*key: str) -> None:
    """Make the table anew with another key: SQLite cannot change one. There are few rows, so they are carried over."""
    names = ("sender_id", "muted_by", "practice_id", "muted_at", "muted_until")
    there = op.get_bind()
    mutes = sa.table("worry_mute", *(sa.column(name) for name in names))  # Without types: as the database has it.
    rows = there.execute(sa.select(mutes).order_by(mutes.c.muted_at, mutes.c.muted_by)).mappings().all()
    op.drop_table("worry_mute")
    op.create_table(*_table(*key))
    last = {tuple(row[name] for name in key): dict(row) for row in rows}  # Of one key, the last to mute.
    if last:
        there.execute(sa.insert(mutes), list(last.values()))


def upgrade() -> None:
    """Key mutes by sender and clinician; each that holds stays that of who muted last."""
    _made_anew("sender_id", "muted_by")


def downgrade() -> None:
    """Key them by sender again: the last to mute counts."""
    _made_anew("sender_id")
