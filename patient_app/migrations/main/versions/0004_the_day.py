"""The whole check-in, what a patient told of themselves, what a team leaves for each other, and supporters' worries.

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Both databases take a check together with its column, and let it go with it; a check added alone would make SQLite
# copy the whole table.
RATINGS = {"anxiety": "0 AND 10", "energy": "1 AND 5", "sleep_hours": "0 AND 24"}


def upgrade() -> None:
    """Add what is new; check-ins that are there already have none of it."""
    for name, span in RATINGS.items():
        check = f"CONSTRAINT ck_check_in_version_{name} CHECK ({name} IS NULL OR {name} BETWEEN {span})"
        op.execute(f"ALTER TABLE check_in_version ADD COLUMN {name} INTEGER {check}")
    op.add_column("check_in_version", sa.Column("use_details_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("check_in_version", sa.Column("context_sealed", sa.LargeBinary(), nullable=True))
    op.add_column(
        "check_in_version", sa.Column("context_about_use", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    op.add_column("person", sa.Column("called_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("person", sa.Column("pronouns_sealed", sa.LargeBinary(), nullable=True))
    op.create_table(
        "profile",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("welcomed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_profile_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_profile_practice_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_profile")),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinician_id"], ["person.id"], name=op.f("fk_review_clinician_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_review_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_review_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index("ix_review_patient", "review", ["patient_id", "clinician_id", "reviewed_at"], unique=False)
    op.create_table(
        "team_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_team_note_author_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_team_note_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_team_note_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_note")),
    )
    op.create_index("ix_team_note_patient", "team_note", ["patient_id", "written_at"], unique=False)
    op.create_table(
        "worry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.Uuid(), nullable=True),
        sa.Column("about_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["person.id"], name=op.f("fk_worry_patient_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_worry_practice_id")),
        sa.ForeignKeyConstraint(["read_by"], ["person.id"], name=op.f("fk_worry_read_by")),
        sa.ForeignKeyConstraint(["sender_id"], ["person.id"], name=op.f("fk_worry_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worry")),
    )
    op.create_index("ix_worry_patient", "worry", ["patient_id"], unique=False)
    op.create_index("ix_worry_practice", "worry", ["practice_id", "read_at"], unique=False)
    op.create_index("ix_worry_sender", "worry", ["sender_id", "sent_at"], unique=False)
    op.create_table(
        "worry_mute",
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("muted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("muted_by", sa.Uuid(), nullable=False),
        sa.Column("muted_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["muted_by"], ["person.id"], name=op.f("fk_worry_mute_muted_by")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_worry_mute_practice_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["person.id"], name=op.f("fk_worry_mute_sender_id")),
        sa.PrimaryKeyConstraint("sender_id", name=op.f("pk_worry_mute")),
    )


def downgrade() -> None:
    """Take away what was added."""
    for table in ("worry_mute", "worry", "team_note", "review", "profile"):
        op.drop_table(table)
    for column in ("pronouns_sealed", "called_sealed"):
        op.drop_column("person", column)
    for column in ("context_about_use", "context_sealed", "use_details_sealed", *RATINGS):
        op.drop_column("check_in_version", column)
