"""What was remarked on an answer file, beside what waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply; of files taken in before, what was remarked is not known and stays so."""
    with op.batch_alter_table("answer") as batch:
        batch.add_column(sa.Column("remarks", sa.Text(), nullable=True))
