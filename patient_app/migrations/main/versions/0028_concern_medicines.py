"""All the medicines that a concern rests on, where one named only the first of them.

Revision: 0028, after 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, with the one medicine that each concern named so far."""
    op.create_table(
        "concern_medicine",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column("medicine_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["concern_id"], ["concern.id"], name=op.f("fk_concern_medicine_concern_id")),
        sa.ForeignKeyConstraint(["medicine_id"], ["medicine.id"], name=op.f("fk_concern_medicine_medicine_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practice.id"], name=op.f("fk_concern_medicine_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern_medicine")),
        sa.UniqueConstraint("concern_id", "medicine_id", name=op.f("uq_concern_medicine_concern_id_medicine_id")),
    )
    # An id that nothing else has in this table: that of its concern.
    op.execute(
        "INSERT INTO concern_medicine (id, practice_id, concern_id, medicine_id) "
        "SELECT id, practice_id, id, medicine_id FROM concern WHERE medicine_id IS NOT NULL"
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("concern_medicine")
