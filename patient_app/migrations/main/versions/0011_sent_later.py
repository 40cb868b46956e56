"""Check-ins that waited on a phone: which version is shown, when its words were written, how wrong that clock was.

Revision: 0011, after 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# The release before shows the highest version: where another is shown, the two change numbers.
SWAP = (
    """
    UPDATE check_in_version SET version = 0 WHERE EXISTS (
        SELECT 1 FROM check_in WHERE check_in.id = check_in_version.check_in_id
        AND check_in.shown_version <> check_in.newest_version AND check_in.shown_version = check_in_version.version)
    """,
    """
    UPDATE check_in_version
    SET version = (SELECT shown_version FROM check_in WHERE check_in.id = check_in_version.check_in_id)
    WHERE EXISTS (
        SELECT 1 FROM check_in WHERE check_in.id = check_in_version.check_in_id
        AND check_in.shown_version <> check_in.newest_version AND check_in.newest_version = check_in_version.version)
    """,
    """
    UPDATE check_in_version
    SET version = (SELECT newest_version FROM check_in WHERE check_in.id = check_in_version.check_in_id)
    WHERE version = 0
    """,
)


def upgrade() -> None:
    """Add the columns; of what is there, the newest version is shown, and was written when it was recorded."""
    op.add_column("check_in", sa.Column("shown_version", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE check_in SET shown_version = newest_version")
    op.add_column("check_in", sa.Column("clock_skew", sa.Integer(), nullable=True))
    op.add_column("check_in_version", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("check_in_version", sa.Column("clock_skew", sa.Integer(), nullable=True))
    op.add_column("check_in_version", sa.Column("ever_shown", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("check_in_version", sa.Column("sent_print", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take them away."""
    for statement in SWAP:
        op.execute(statement)
    op.drop_column("check_in_version", "sent_print")
    op.drop_column("check_in_version", "ever_shown")
    op.drop_column("check_in_version", "clock_skew")
    op.drop_column("check_in_version", "edited_at")
    op.drop_column("check_in", "clock_skew")
    op.drop_column("check_in", "shown_version")
