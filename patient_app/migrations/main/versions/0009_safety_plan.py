"""Safety plans, each step versioned by itself.

Revision: 0009, after 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "safety_plan_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("about_use", sa.Boolean(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_safety_plan_step_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_safety_plan_step_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_plan_step")),
        sa.UniqueConstraint("patient_id", "step", "version", name=op.f("uq_safety_plan_step_patient_id_step_version")),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("safety_plan_step")
