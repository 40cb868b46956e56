"""When a hard check-in was stands with its version, and an index finds the newest by it.

Revision: 0026, after 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0022"
branch_labels = None
depends_on = None

IS_THERE = sa.text("hard_at IS NOT NULL")
HARD = sa.text("mood <= 1 OR craving >= 7")
FILL = """
    UPDATE check_in_version
    SET hard_at = (SELECT occurred_at FROM check_in WHERE check_in.id = check_in_version.check_in_id)
    WHERE mood <= 1 OR craving >= 7
"""


def upgrade() -> None:
    """Add both; the index by when a hard one was recorded is asked by nobody any more."""
    op.add_column("check_in_version", sa.Column("hard_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(FILL)
    op.create_index(
        "ix_check_in_version_hard_at", "check_in_version", ["hard_at"], sqlite_where=IS_THERE, postgresql_where=IS_THERE
    )
    op.drop_index("ix_check_in_version_hard", "check_in_version")


def downgrade() -> None:
    """Take both away."""
    op.create_index(
        "ix_check_in_version_hard", "check_in_version", ["recorded_at"], sqlite_where=HARD, postgresql_where=HARD
    )
    op.drop_index("ix_check_in_version_hard_at", "check_in_version")
    op.drop_column("check_in_version", "hard_at")
