"""How a supporter sees a patient: the words that the patient chose for them. Ties that are there: the chart's name.

Revision: 0034, after 0033
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, empty: nobody chose anything yet."""
    op.add_column("support_link", sa.Column("shown_name_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("support_link", sa.Column("shown_pronouns_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("support_link", "shown_pronouns_sealed")
    op.drop_column("support_link", "shown_name_sealed")
