"""Appointments, and what patients want to raise at them.

Revision: 0020, after 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "appointment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("newest_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("about_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("list_index", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("while_closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("patient_says", sa.String(length=16), nullable=True),
        sa.Column("patient_said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_says", sa.String(length=16), nullable=True),
        sa.Column("clinic_said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("clinic_said_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["clinic_said_by"], ["person.id"], name=op.f("fk_appointment_clinic_said_by")),
        sa.ForeignKeyConstraint(["clinician_id"], ["person.id"], name=op.f("fk_appointment_clinician_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_appointment_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_appointment_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("practice_id", "list_index", name=op.f("uq_appointment_practice_id_list_index")),
    )
    op.create_index("ix_appointment_patient", "appointment", ["patient_id", "starts_at"], unique=False)
    op.create_index("ix_appointment_clinician", "appointment", ["clinician_id", "starts_at"], unique=False)
    op.create_table(
        "appointment_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=True),
        sa.Column("about_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("utc_offset", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("place_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("link_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("who_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_appointment_version_appointment_id")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_appointment_version_author_id")),
        sa.ForeignKeyConstraint(["clinician_id"], ["person.id"], name=op.f("fk_appointment_version_clinician_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_appointment_version_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_version")),
        sa.UniqueConstraint("appointment_id", "version", name=op.f("uq_appointment_version_appointment_id_version")),
    )
    op.create_index("ix_appointment_version_patient", "appointment_version", ["patient_id"], unique=False)
    op.create_table(
        "to_raise",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("shared_with", sa.Uuid(), nullable=True),
        sa.Column("about_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("device_seq", sa.Integer(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("lines_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name=op.f("fk_to_raise_appointment_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_to_raise_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_to_raise_practice_id")),
        sa.ForeignKeyConstraint(["shared_with"], ["person.id"], name=op.f("fk_to_raise_shared_with")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_to_raise")),
        sa.UniqueConstraint("patient_id", "version", name=op.f("uq_to_raise_patient_id_version")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("to_raise")
    op.drop_index("ix_appointment_version_patient", table_name="appointment_version")
    op.drop_table("appointment_version")
    op.drop_index("ix_appointment_clinician", table_name="appointment")
    op.drop_index("ix_appointment_patient", table_name="appointment")
    op.drop_table("appointment")
