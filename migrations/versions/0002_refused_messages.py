"""Find a refused message again by its control id, so that a resend of it gets the same answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    refused = sa.text("state = 'refused'")
    op.create_index(
        "ix_journal_refused", "journal", ["sender", "control_id"], sqlite_where=refused, postgresql_where=refused
    )
