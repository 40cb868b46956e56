"""Lessons that clinicians gave to patients; what supporters saved of theirs.

Revision: 0032, after 0031
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both tables."""
    op.create_table(
        "lesson_assignment",
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
        sa.Column("lesson_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_lesson_assignment_author_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_lesson_assignment_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_lesson_assignment_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson_assignment")),
    )
    op.create_index("ix_lesson_assignment_author", "lesson_assignment", ["author_id"], unique=False)
    op.create_index("ix_lesson_assignment_patient", "lesson_assignment", ["patient_id", "tag"], unique=False)
    op.create_table(
        "own_shelf",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_own_shelf_person_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_own_shelf_practice_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_own_shelf")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("own_shelf")
    op.drop_index("ix_lesson_assignment_patient", table_name="lesson_assignment")
    op.drop_index("ix_lesson_assignment_author", table_name="lesson_assignment")
    op.drop_table("lesson_assignment")
