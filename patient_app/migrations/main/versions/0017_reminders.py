"""Reminders, their occurrences and deliveries, and what the engine keeps of itself.

Revision: 0017, after 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ONE_ONLY = sa.text("kind IN ('doses', 'refill', 'digest') AND ended_at IS NULL")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "reminder_outage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_outage")),
    )
    op.create_index("ix_reminder_outage_ended_at", "reminder_outage", ["ended_at"], unique=False)
    op.create_table(
        "reminder_tick",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_tick")),
    )
    op.create_table(
        "reminder",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("times", sa.JSON(), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        sa.Column("only", sa.JSON(), nullable=True),
        sa.Column("wording", sa.String(length=10), nullable=False),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("about_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_reminder_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_reminder_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
    )
    op.create_index("ix_reminder_next_at", "reminder", ["next_at"], unique=False)
    op.create_index("ix_reminder_patient", "reminder", ["patient_id"], unique=False)
    op.create_index(
        "uq_reminder_one_only",
        "reminder",
        ["patient_id", "kind"],
        unique=True,
        sqlite_where=_ONE_ONLY,
        postgresql_where=_ONE_ONLY,
    )
    op.create_table(
        "reminder_settings",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_to", sa.Integer(), nullable=True),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("zone_asked", sa.String(length=64), nullable=True),
        sa.Column("offer_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("feed_hash", sa.LargeBinary(), nullable=True),
        sa.Column("feed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_reminder_settings_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_reminder_settings_practice_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_reminder_settings")),
        sa.UniqueConstraint("feed_hash", name=op.f("uq_reminder_settings_feed_hash")),
    )
    op.create_table(
        "occurrence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reminder_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("local_day", sa.Date(), nullable=False),
        sa.Column("slot", sa.String(length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=True),
        sa.Column("act_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claim", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handled_how", sa.String(length=16), nullable=True),
        sa.CheckConstraint("due_at <= until", name=op.f("ck_occurrence_window")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_occurrence_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_occurrence_practice_id")),
        sa.ForeignKeyConstraint(["reminder_id"], ["reminder.id"], name=op.f("fk_occurrence_reminder_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occurrence")),
        sa.UniqueConstraint("reminder_id", "local_day", "slot", name=op.f("uq_occurrence_reminder_id_local_day_slot")),
    )
    op.create_index("ix_occurrence_act_at", "occurrence", ["act_at"], unique=False)
    op.create_index("ix_occurrence_due_at", "occurrence", ["due_at"], unique=False)
    op.create_index("ix_occurrence_patient", "occurrence", ["patient_id", "due_at"], unique=False)
    op.create_table(
        "delivery",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occurrence_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"], ["occurrence.id"], name=op.f("fk_delivery_occurrence_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_delivery_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint(
            "occurrence_id",
            "round",
            "channel",
            "device_id",
            name=op.f("uq_delivery_occurrence_id_round_channel_device_id"),
        ),
    )
    op.create_index("ix_delivery_patient", "delivery", ["patient_id", "at"], unique=False)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_delivery_patient", table_name="delivery")
    op.drop_table("delivery")
    op.drop_index("ix_occurrence_patient", table_name="occurrence")
    op.drop_index("ix_occurrence_due_at", table_name="occurrence")
    op.drop_index("ix_occurrence_act_at", table_name="occurrence")
    op.drop_table("occurrence")
    op.drop_table("reminder_settings")
    op.drop_index("uq_reminder_one_only", table_name="reminder", sqlite_where=_ONE_ONLY, postgresql_where=_ONE_ONLY)
    op.drop_index("ix_reminder_patient", table_name="reminder")
    op.drop_index("ix_reminder_next_at", table_name="reminder")
    op.drop_table("reminder")
    op.drop_table("reminder_tick")
    op.drop_index("ix_reminder_outage_ended_at", table_name="reminder_outage")
    op.drop_table("reminder_outage")
