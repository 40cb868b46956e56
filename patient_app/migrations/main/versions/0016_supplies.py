"""What a person has of a medicine, and the blood tests that belong to one.

Revision: 0016, after 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "supply_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("medicine_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("device_seq", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("replaced", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("while_closed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("unit_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_supply_entry_amount")),
        sa.ForeignKeyConstraint(["medicine_id"], ["medicine.id"], name=op.f("fk_supply_entry_medicine_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_supply_entry_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_supply_entry_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supply_entry")),
        sa.UniqueConstraint("first_id", "version", name=op.f("uq_supply_entry_first_id_version")),
    )
    op.create_index("ix_supply_entry_medicine", "supply_entry", ["patient_id", "medicine_id"], unique=False)
    op.create_table(
        "supply_watch",
        sa.Column("medicine_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("look_from", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["medicine_id"], ["medicine.id"], name=op.f("fk_supply_watch_medicine_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_supply_watch_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_supply_watch_practice_id")),
        sa.PrimaryKeyConstraint("medicine_id", name=op.f("pk_supply_watch")),
    )
    op.create_index("ix_supply_watch_patient", "supply_watch", ["patient_id", "look_from"], unique=False)
    op.create_table(
        "blood_test",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("medicine_id", sa.Uuid(), nullable=False),
        sa.Column("newest_version", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["medicine_id"], ["medicine.id"], name=op.f("fk_blood_test_medicine_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_blood_test_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_blood_test_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blood_test")),
    )
    op.create_index("ix_blood_test_patient", "blood_test", ["patient_id", "due_on"], unique=False)
    op.create_table(
        "blood_test_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("test_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_seq", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("dropped", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("what_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_blood_test_version_author_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_blood_test_version_patient_id")),
        sa.ForeignKeyConstraint(["test_id"], ["blood_test.id"], name=op.f("fk_blood_test_version_test_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blood_test_version")),
        sa.UniqueConstraint("test_id", "version", name=op.f("uq_blood_test_version_test_id_version")),
    )
    op.create_index("ix_blood_test_version_patient", "blood_test_version", ["patient_id"], unique=False)


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_blood_test_version_patient", table_name="blood_test_version")
    op.drop_table("blood_test_version")
    op.drop_index("ix_blood_test_patient", table_name="blood_test")
    op.drop_table("blood_test")
    op.drop_index("ix_supply_watch_patient", table_name="supply_watch")
    op.drop_table("supply_watch")
    op.drop_index("ix_supply_entry_medicine", table_name="supply_entry")
    op.drop_table("supply_entry")
