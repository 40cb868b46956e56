"""Side effects, concerns that they raise, and the weekly note.

Revision: 0015, after 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "response_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("newest_version", sa.Integer(), nullable=False),
        sa.Column("shown_version", sa.Integer(), nullable=False),
        sa.Column("while_closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_response_note_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_response_note_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_note")),
        sa.UniqueConstraint(
            "patient_id", "week", "while_closed", name=op.f("uq_response_note_patient_id_week_while_closed")
        ),
    )
    op.create_table(
        "side_effect",
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
        sa.Column("private", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("while_closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_side_effect_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_side_effect_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_side_effect")),
    )
    op.create_index("ix_side_effect_patient_day", "side_effect", ["patient_id", "day"], unique=False)
    op.create_table(
        "concern",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("side_effect_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("medicine_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["medicine_id"], ["medicine.id"], name=op.f("fk_concern_medicine_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_concern_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_concern_practice_id")),
        sa.ForeignKeyConstraint(["side_effect_id"], ["side_effect.id"], name=op.f("fk_concern_side_effect_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern")),
        sa.UniqueConstraint("side_effect_id", "version", name=op.f("uq_concern_side_effect_id_version")),
    )
    op.create_index("ix_concern_patient", "concern", ["patient_id", "raised_at"], unique=False)
    op.create_index("ix_concern_practice", "concern", ["practice_id", "raised_at"], unique=False)
    op.create_table(
        "response_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("utc_offset", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("device_seq", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("clock_skew", sa.Integer(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("helps", sa.Integer(), nullable=True),
        sa.Column("bothers", sa.Integer(), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("words_about_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("bothers IS NULL OR bothers BETWEEN 0 AND 4", name=op.f("ck_response_version_bothers")),
        sa.CheckConstraint("helps IS NULL OR helps BETWEEN 0 AND 4", name=op.f("ck_response_version_helps")),
        sa.ForeignKeyConstraint(["note_id"], ["response_note.id"], name=op.f("fk_response_version_note_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_response_version_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response_version")),
        sa.UniqueConstraint("note_id", "version", name=op.f("uq_response_version_note_id_version")),
    )
    op.create_table(
        "side_effect_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("side_effect_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("sent_print", sa.LargeBinary(), nullable=True),
        sa.Column("medicine_id", sa.Uuid(), nullable=True),
        sa.Column("severity", sa.Integer(), nullable=True),
        sa.Column("bother", sa.Integer(), nullable=True),
        sa.Column("going_on", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=True),
        sa.Column("over_on", sa.Date(), nullable=True),
        sa.Column("flagged", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("about_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("effect_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("note_about_use", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("bother IS NULL OR bother BETWEEN 0 AND 4", name=op.f("ck_side_effect_version_bother")),
        sa.CheckConstraint(
            "severity IS NULL OR severity BETWEEN 1 AND 3", name=op.f("ck_side_effect_version_severity")
        ),
        sa.ForeignKeyConstraint(["medicine_id"], ["medicine.id"], name=op.f("fk_side_effect_version_medicine_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_side_effect_version_patient_id")),
        sa.ForeignKeyConstraint(
            ["side_effect_id"], ["side_effect.id"], name=op.f("fk_side_effect_version_side_effect_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_side_effect_version")),
        sa.UniqueConstraint("side_effect_id", "version", name=op.f("uq_side_effect_version_side_effect_id_version")),
    )
    op.create_table(
        "concern_seen",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinician_id"], ["person.id"], name=op.f("fk_concern_seen_clinician_id")),
        sa.ForeignKeyConstraint(["concern_id"], ["concern.id"], name=op.f("fk_concern_seen_concern_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_concern_seen_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern_seen")),
        sa.UniqueConstraint("concern_id", "clinician_id", name=op.f("uq_concern_seen_concern_id_clinician_id")),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("concern_seen")
    op.drop_table("side_effect_version")
    op.drop_table("response_version")
    op.drop_index("ix_concern_practice", table_name="concern")
    op.drop_index("ix_concern_patient", table_name="concern")
    op.drop_table("concern")
    op.drop_index("ix_side_effect_patient_day", table_name="side_effect")
    op.drop_table("side_effect")
    op.drop_table("response_note")
