"""How far the work on an authorization hold has come, and what proves it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply."""
    op.execute("UPDATE hold SET stage = 'none' WHERE stage = ''")
    with op.batch_alter_table("hold") as batch:
        batch.add_column(sa.Column("evidence", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("reference", sa.Text(), nullable=False, server_default=""))
        batch.create_check_constraint(
            op.f("ck_hold_stage_known"), "stage IN ('none', 'extension_requested', 'denied', 'patient_pay_only')"
        )
