"""Who invited whom, and when an account was closed: so that nobody confirms a code with an account of their own making.

Revision: 0006, after 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The first invitation tells who made the account; where that one was removed long ago, nobody is known.
_FILL = """
UPDATE person SET invited_by = (
    SELECT link.created_by FROM one_time_link AS link
    WHERE link.person_id = person.id AND link.purpose = 'join'
    ORDER BY link.created_at LIMIT 1
) WHERE role IN ('administrator', 'clinician')
"""


def upgrade() -> None:
    """Add the columns, and fill in what is known."""
    op.add_column("person", sa.Column("invited_by", sa.Uuid(), nullable=True))
    op.add_column("person", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_FILL)


def downgrade() -> None:
    """Take them away."""
    op.drop_column("person", "closed_at")
    op.drop_column("person", "invited_by")
