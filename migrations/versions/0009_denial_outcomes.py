"""What became of a denial: the claim whose answer ended it, what was recovered, what is left, and the denial before it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply; of denials that ended before, what was recovered is not known and stays so."""
    with op.batch_alter_table("denial") as batch:
        batch.add_column(sa.Column("earlier_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("answered_by_id", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("answered_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("recovered_cents", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("rest_cents", sa.BigInteger(), nullable=True))
        batch.create_foreign_key(op.f("fk_denial_earlier_id"), "denial", ["earlier_id"], ["id"])
        batch.create_foreign_key(op.f("fk_denial_answered_by_id"), "claim", ["answered_by_id"], ["id"])
        batch.create_index(op.f("ix_denial_earlier_id"), ["earlier_id"], unique=False)
        batch.create_index(op.f("ix_denial_answered_by_id"), ["answered_by_id"], unique=False)
