"""Devices that get messages, and what may be done once on a notification.

Revision: 0018, after 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_hash", sa.LargeBinary(), nullable=True),
        sa.Column("vapid_key", sa.String(length=100), nullable=False),
        sa.Column("browser", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_why", sa.String(length=12), nullable=True),
        sa.Column("endpoint_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("keys_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_push_subscription_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_push_subscription_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscription")),
        sa.UniqueConstraint("endpoint_hash", name=op.f("uq_push_subscription_endpoint_hash")),
    )
    op.create_index("ix_push_subscription_person", "push_subscription", ["person_id", "retired_at"], unique=False)
    op.create_index(op.f("ix_push_subscription_session_id"), "push_subscription", ["session_id"], unique=False)
    op.create_table(
        "notification_action",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_as", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_action_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_notification_action_practice_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["push_subscription.id"], name=op.f("fk_notification_action_subscription_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_notification_action")),
    )
    op.create_index(op.f("ix_notification_action_expires_at"), "notification_action", ["expires_at"], unique=False)
    op.create_index(op.f("ix_notification_action_person_id"), "notification_action", ["person_id"], unique=False)
    op.create_index("ix_notification_action_subject", "notification_action", ["subject_id"], unique=False)
    op.create_index(
        op.f("ix_notification_action_subscription_id"), "notification_action", ["subscription_id"], unique=False
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("notification_action")
    op.drop_table("push_subscription")
