"""Exercises that a person did, and what they said of who may read them.

Revision: 0027, after 0026
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "exercise_choice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("shared_from", sa.Date(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_exercise_choice_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_exercise_choice_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exercise_choice")),
        sa.UniqueConstraint("patient_id", "tag", name=op.f("uq_exercise_choice_patient_id_tag")),
    )
    op.create_table(
        "exercise_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("utc_offset", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("device_seq", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("newest_version", sa.Integer(), nullable=False),
        sa.Column("clock_skew", sa.Integer(), nullable=True),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("exercise_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("shared", sa.Boolean(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("while_closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_exercise_run_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_exercise_run_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exercise_run")),
    )
    op.create_index("ix_exercise_run_patient_day", "exercise_run", ["patient_id", "day"], unique=False)
    op.create_index("ix_exercise_run_patient_tag", "exercise_run", ["patient_id", "tag"], unique=False)
    op.create_table(
        "exercise_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("sent_print", sa.LargeBinary(), nullable=True),
        sa.Column("content_version", sa.Integer(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("after", sa.Integer(), nullable=True),
        sa.Column("finished", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("about_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("answers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("kept_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("after IS NULL OR after BETWEEN 0 AND 100", name=op.f("ck_exercise_version_after")),
        sa.CheckConstraint("before IS NULL OR before BETWEEN 0 AND 100", name=op.f("ck_exercise_version_before")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_exercise_version_patient_id")),
        sa.ForeignKeyConstraint(["run_id"], ["exercise_run.id"], name=op.f("fk_exercise_version_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exercise_version")),
        sa.UniqueConstraint("run_id", "version", name=op.f("uq_exercise_version_run_id_version")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("exercise_version")
    op.drop_index("ix_exercise_run_patient_tag", table_name="exercise_run")
    op.drop_index("ix_exercise_run_patient_day", table_name="exercise_run")
    op.drop_table("exercise_run")
    op.drop_table("exercise_choice")
