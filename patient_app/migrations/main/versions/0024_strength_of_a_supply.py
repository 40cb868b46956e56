"""Of which strength a supply is, and when nobody else could see a side effect.

Revision: 0023, after 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns: what is there was written without them, and of it nothing more is known."""
    op.add_column("supply_entry", sa.Column("strength_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("side_effect", sa.Column("hidden", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take them away again."""
    op.drop_column("side_effect", "hidden")
    op.drop_column("supply_entry", "strength_sealed")
