"""When a patient had notice of a new member of the team, and the seal of a consent.

Revision: 0005, after 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Members who are there already keep the notice that was counted from their joining.

    Consents that are there are sealed right afterwards, with a key that no database can reach (`set_up`).
    """
    op.add_column("team_membership", sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE team_membership SET noticed_at = assigned_at")
    op.add_column("mail_message", sa.Column("membership_id", sa.Uuid(), nullable=True))
    op.add_column("consent", sa.Column("seal", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("consent", "seal")
    op.drop_column("mail_message", "membership_id")
    op.drop_column("team_membership", "noticed_at")
