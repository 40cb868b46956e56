"""From when on a reminder could not be looked at; whether a notification asked how somebody is.

Revision: 0025, after 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("reminder", sa.Column("fault_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "notification_action", sa.Column("asks_mood", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    """Take the columns away."""
    op.drop_column("notification_action", "asks_mood")
    op.drop_column("reminder", "fault_since")
