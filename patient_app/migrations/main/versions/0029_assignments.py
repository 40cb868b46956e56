"""Exercises that clinicians gave to patients.

Revision: 0029, after 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "exercise_assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("about_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("often", sa.String(length=16), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("exercise_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_day", sa.Date(), nullable=True),
        sa.Column("word_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_exercise_assignment_author_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_exercise_assignment_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_exercise_assignment_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exercise_assignment")),
    )
    op.create_index("ix_exercise_assignment_author", "exercise_assignment", ["author_id"], unique=False)
    op.create_index("ix_exercise_assignment_patient", "exercise_assignment", ["patient_id", "tag"], unique=False)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_exercise_assignment_patient", table_name="exercise_assignment")
    op.drop_index("ix_exercise_assignment_author", table_name="exercise_assignment")
    op.drop_table("exercise_assignment")
