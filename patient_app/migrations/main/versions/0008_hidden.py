"""Between which numbers nobody else could see a check-in, so that receipts name nobody who looked meanwhile.

Revision: 0008, after 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. Of what is there, nothing is known; so its receipts rather name somebody too many, as before."""
    op.add_column("check_in", sa.Column("hidden", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("check_in", "hidden")
