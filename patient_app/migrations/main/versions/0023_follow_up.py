"""Quiet hours of single reminders; what is done when it gets quiet, and what was told then, under a consent of its own.

Revision: 0023, after 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


ONE_ONLY = "uq_reminder_one_only"
_KINDS = "kind IN ('doses', 'refill', 'digest'{more}) AND ended_at IS NULL"


def _one_only(more: str = "") -> None:
    where = sa.text(_KINDS.format(more=more))
    op.drop_index(ONE_ONLY, table_name="reminder")
    op.create_index(
        ONE_ONLY, "reminder", ["patient_id", "kind"], unique=True, sqlite_where=where, postgresql_where=where
    )


def upgrade() -> None:
    """Add the columns and the tables; of some more kinds there is one at most."""
    _one_only(", 'appointment', 'follow_up'")
    for name in ("quiet_from", "quiet_to"):
        op.add_column("reminder", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("consent", sa.Column("tells_after", sa.Integer(), nullable=True))
    op.add_column("consent", sa.Column("asks_sealed", sa.LargeBinary(), nullable=True))
    op.create_table(
        "follow_up",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("by_mail", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("since_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("here_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("away_from", sa.Date(), nullable=True),
        sa.Column("away_until", sa.Date(), nullable=True),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("waiting_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_follow_up_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_follow_up_practice_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_follow_up")),
        sa.UniqueConstraint("tag", name=op.f("uq_follow_up_tag")),
    )
    op.create_index("ix_follow_up_look_at", "follow_up", ["look_at"], unique=False)
    op.create_table(
        "follow_up_told",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("silent_since", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_follow_up_told_consent_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_follow_up_told_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_follow_up_told_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_told")),
        sa.UniqueConstraint("consent_id", "silent_since", name=op.f("uq_follow_up_told_consent_id_silent_since")),
    )
    op.create_index("ix_follow_up_told_patient", "follow_up_told", ["patient_id", "told_at"], unique=False)


def downgrade() -> None:
    """Take them away."""
    op.drop_table("follow_up_told")
    op.drop_table("follow_up")
    for name in ("asks_sealed", "tells_after"):
        op.drop_column("consent", name)
    for name in ("quiet_to", "quiet_from"):
        op.drop_column("reminder", name)
    _one_only()
