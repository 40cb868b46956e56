"""What a patient keeps of the library, and a supporter's notes for themselves.

Revision: 0031, after 0030
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "learning",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_learning_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_learning_practice_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_learning")),
    )
    op.create_table(
        "own_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("utc_offset", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("feels", sa.Integer(), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("feels IS NULL OR feels BETWEEN 1 AND 5", name=op.f("ck_own_note_feels")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_own_note_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_own_note_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_note")),
    )
    op.create_index("ix_own_note_person", "own_note", ["person_id", "occurred_at"], unique=False)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_own_note_person", table_name="own_note")
    op.drop_table("own_note")
    op.drop_table("learning")
