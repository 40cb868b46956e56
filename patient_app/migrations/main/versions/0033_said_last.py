"""When somebody last answered what was given to them, and last said how their pages look; by which item of a phone.

Revision: 0033, after 0032
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("exercise_assignment", sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("exercise_assignment", sa.Column("answered_item", sa.Uuid(), nullable=True))
    op.add_column("person", sa.Column("shown_simply_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("shown_simply_item", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("person", "shown_simply_item")
    op.drop_column("person", "shown_simply_at")
    op.drop_column("exercise_assignment", "answered_item")
    op.drop_column("exercise_assignment", "answered_at")
