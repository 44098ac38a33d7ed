"""Payments are found by their amount: the same one may come again in other words."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply."""
    op.create_index("ix_remit_amount_cents", "remit", ["amount_cents"])
