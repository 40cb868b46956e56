"""An index by day: history and readings ask for days, and read every entry of a person without it.

Revision: 0002, after 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_check_in_patient_day", "check_in", ["patient_id", "day"], unique=False)


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_check_in_patient_day", table_name="check_in")
