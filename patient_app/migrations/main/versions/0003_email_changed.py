"""An e-mail address that staff set is remembered as such until the person says that it is theirs.

Revision: 0003, after 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; addresses that are there already count as the people's own."""
    op.add_column("person", sa.Column("email_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("person", sa.Column("email_before_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("person", "email_before_sealed")
    op.drop_column("person", "email_changed_at")
