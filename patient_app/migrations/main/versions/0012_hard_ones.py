"""An index of the few hard check-ins, by which a clinician's list is ordered.

Revision: 0012, after 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

HARD = sa.text("mood <= 1 OR craving >= 7")


def upgrade() -> None:
    """Add it."""
    op.create_index(
        "ix_check_in_version_hard", "check_in_version", ["recorded_at"], sqlite_where=HARD, postgresql_where=HARD
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_check_in_version_hard", "check_in_version")
