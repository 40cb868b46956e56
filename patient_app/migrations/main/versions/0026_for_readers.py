"""What clinicians' pages ask for: the newest hard check-ins by when they were, and what somebody read of one consent.

Revision: 0026, after 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0024"
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
    """Add the column and its index, and make that of the access records longer; what was there is asked no more."""
    op.add_column("check_in_version", sa.Column("hard_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(FILL)
    op.create_index(
        "ix_check_in_version_hard_at", "check_in_version", ["hard_at"], sqlite_where=IS_THERE, postgresql_where=IS_THERE
    )
    op.drop_index("ix_check_in_version_hard", "check_in_version")
    op.create_index(
        "ix_access_record_viewer", "access_record", ["viewer_id", "on_day", "kind", "consent_id", "recorded_at"]
    )
    op.drop_index("ix_access_record_caseload", "access_record")


def downgrade() -> None:
    """Take them away."""
    op.create_index("ix_access_record_caseload", "access_record", ["viewer_id", "on_day", "kind"])
    op.drop_index("ix_access_record_viewer", "access_record")
    op.create_index(
        "ix_check_in_version_hard", "check_in_version", ["recorded_at"], sqlite_where=HARD, postgresql_where=HARD
    )
    op.drop_index("ix_check_in_version_hard_at", "check_in_version")
    op.drop_column("check_in_version", "hard_at")
