"""Who alone may read an exercise; what somebody planned in one and wants to be reminded of; pages made simple.

Revision: 0030, after 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

ONE_ONLY = "uq_reminder_one_only"
_KINDS = "kind IN ('doses', 'refill', 'digest', 'appointment', 'follow_up'{more}) AND ended_at IS NULL"


def _one_only(more: str = "") -> None:
    where = sa.text(_KINDS.format(more=more))
    op.drop_index(ONE_ONLY, table_name="reminder")
    op.create_index(
        ONE_ONLY, "reminder", ["patient_id", "kind"], unique=True, sqlite_where=where, postgresql_where=where
    )


def upgrade() -> None:
    """Add the column and the tables; of reminders of what was planned there is one at most."""
    _one_only(", 'plan'")
    op.add_column("person", sa.Column("shown_simply", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "exercise_reader",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("tag", sa.LargeBinary(), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.CheckConstraint("(run_id IS NULL) <> (tag IS NULL)", name=op.f("ck_exercise_reader_one_of")),
        sa.CheckConstraint("(tag IS NULL) = (from_day IS NULL)", name=op.f("ck_exercise_reader_from_day")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_exercise_reader_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_exercise_reader_practice_id")),
        sa.ForeignKeyConstraint(["reader_id"], ["person.id"], name=op.f("fk_exercise_reader_reader_id")),
        sa.ForeignKeyConstraint(["run_id"], ["exercise_run.id"], name=op.f("fk_exercise_reader_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exercise_reader")),
        sa.UniqueConstraint("run_id", "reader_id", name=op.f("uq_exercise_reader_run_id_reader_id")),
        sa.UniqueConstraint("patient_id", "tag", "reader_id", name=op.f("uq_exercise_reader_patient_id_tag_reader_id")),
    )
    op.create_table(
        "exercise_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_exercise_plan_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_exercise_plan_practice_id")),
        sa.ForeignKeyConstraint(["run_id"], ["exercise_run.id"], name=op.f("fk_exercise_plan_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exercise_plan")),
        sa.UniqueConstraint("run_id", "place", name=op.f("uq_exercise_plan_run_id_place")),
    )
    op.create_index("ix_exercise_plan_patient_date", "exercise_plan", ["patient_id", "local_date"], unique=False)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_exercise_plan_patient_date", table_name="exercise_plan")
    op.drop_table("exercise_plan")
    op.drop_table("exercise_reader")
    op.drop_column("person", "shown_simply")
    _one_only()
