"""Which check-ins were written in a session that began with a clinic code and was still in question.

Revision: 0007, after 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Of what is there, nothing is known; so nothing of it is open to a session in question."""
    op.add_column("check_in", sa.Column("while_closed", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("check_in", "while_closed")
