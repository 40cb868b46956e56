"""Under which name and icon a person sees the application.

Revision: 0010, after 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; everybody begins with the product's own name."""
    op.add_column("person", sa.Column("shown_as", sa.String(length=10), nullable=False, server_default="own"))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("person", "shown_as")
