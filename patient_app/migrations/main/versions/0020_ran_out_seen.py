"""Who has seen that a medicine ran out, and an index of those entries, by which a clinician's list finds them.

Revision: 0024, after 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

RAN_OUT = sa.text("kind = 'ran_out'")


def upgrade() -> None:
    """Add both."""
    op.create_table(
        "ran_out_seen",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinician_id"], ["person.id"], name=op.f("fk_ran_out_seen_clinician_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["supply_entry.id"], name=op.f("fk_ran_out_seen_entry_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_ran_out_seen_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ran_out_seen")),
        sa.UniqueConstraint("entry_id", "clinician_id", name=op.f("uq_ran_out_seen_entry_id_clinician_id")),
    )
    op.create_index(
        "ix_supply_entry_ran_out",
        "supply_entry",
        ["practice_id", "on_date"],
        sqlite_where=RAN_OUT,
        postgresql_where=RAN_OUT,
    )


def downgrade() -> None:
    """Take both away."""
    op.drop_index("ix_supply_entry_ran_out", "supply_entry")
    op.drop_table("ran_out_seen")
