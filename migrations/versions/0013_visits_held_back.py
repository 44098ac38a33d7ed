"""A hold-back names its visits, so that it follows them to another treatment day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply; what was held back before is bound to the visits its day has now."""
    with op.batch_alter_table("held_back") as batch:
        batch.add_column(sa.Column("visits", sa.Text(), nullable=False, server_default="[]"))
    op.execute(
        "UPDATE held_back SET visits ="
        " (SELECT d.encounters FROM treatment_day d WHERE d.id = held_back.treatment_day_id)"
    )
