"""The regimen, its versions and what was said to them, and the dose log.

Revision: 0014, after 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "medicine",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("newest_version", sa.Integer(), nullable=False),
        sa.Column("about_use", sa.Boolean(), nullable=False),
        sa.Column("private", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("hidden", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("while_closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_medicine_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_medicine_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicine")),
    )
    op.create_index("ix_medicine_patient", "medicine", ["patient_id"], unique=False)
    op.create_table(
        "medicine_hours",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_medicine_hours_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_medicine_hours_practice_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_medicine_hours")),
    )
    op.create_table(
        "dose",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("medicine_id", sa.Uuid(), nullable=False),
        sa.Column("plan_date", sa.Date(), nullable=False),
        sa.Column("slot", sa.String(length=16), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("utc_offset", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("device_seq", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("newest_version", sa.Integer(), nullable=False),
        sa.Column("shown_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("while_closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["medicine_id"], ["medicine.id"], name=op.f("fk_dose_medicine_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_dose_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_dose_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dose")),
        sa.UniqueConstraint("medicine_id", "plan_date", "slot", name=op.f("uq_dose_medicine_id_plan_date_slot")),
    )
    op.create_index("ix_dose_patient_date", "dose", ["patient_id", "plan_date"], unique=False)
    op.create_index("ix_dose_patient_day", "dose", ["patient_id", "day"], unique=False)
    op.create_table(
        "medicine_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("medicine_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(length=16), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("by_prescriber", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("says_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("schedule_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_medicine_version_author_id")),
        sa.ForeignKeyConstraint(["medicine_id"], ["medicine.id"], name=op.f("fk_medicine_version_medicine_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_medicine_version_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicine_version")),
        sa.UniqueConstraint("medicine_id", "version", name=op.f("uq_medicine_version_medicine_id_version")),
    )
    op.create_index("ix_medicine_version_patient", "medicine_version", ["patient_id"], unique=False)
    op.create_table(
        "dose_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dose_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("utc_offset", sa.Integer(), nullable=False),
        sa.Column("time_known", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("later_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("clock_skew", sa.Integer(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("sent_print", sa.LargeBinary(), nullable=True),
        sa.Column("reason_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason_about_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("amount IS NULL OR amount > 0", name=op.f("ck_dose_version_amount")),
        sa.ForeignKeyConstraint(["dose_id"], ["dose.id"], name=op.f("fk_dose_version_dose_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_dose_version_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dose_version")),
        sa.UniqueConstraint("dose_id", "version", name=op.f("uq_dose_version_dose_id_version")),
    )
    op.create_index("ix_dose_version_patient_time", "dose_version", ["patient_id", "occurred_at"], unique=False)
    op.create_table(
        "medicine_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("medicine_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["medicine_id"], ["medicine.id"], name=op.f("fk_medicine_answer_medicine_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_medicine_answer_patient_id")),
        sa.ForeignKeyConstraint(["version_id"], ["medicine_version.id"], name=op.f("fk_medicine_answer_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medicine_answer")),
    )
    op.create_index("ix_medicine_answer_patient", "medicine_answer", ["patient_id"], unique=False)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_medicine_answer_patient", table_name="medicine_answer")
    op.drop_table("medicine_answer")
    op.drop_index("ix_dose_version_patient_time", table_name="dose_version")
    op.drop_table("dose_version")
    op.drop_index("ix_medicine_version_patient", table_name="medicine_version")
    op.drop_table("medicine_version")
    op.drop_index("ix_dose_patient_day", table_name="dose")
    op.drop_index("ix_dose_patient_date", table_name="dose")
    op.drop_table("dose")
    op.drop_table("medicine_hours")
    op.drop_index("ix_medicine_patient", table_name="medicine")
    op.drop_table("medicine")
