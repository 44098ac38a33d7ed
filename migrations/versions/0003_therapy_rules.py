"""Facts that the therapy rules at full depth ask for, and where and why a hold is mended."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

NEW: dict[str, list[sa.Column[object]]] = {
    "treatment": [
        sa.Column("device_days", sa.Integer()),
        sa.Column("live_contact", sa.Boolean()),
        sa.Column("denial_expected", sa.Text()),
        sa.Column("advance_notice", sa.Text()),
    ],
    "encounter": [sa.Column("habilitative", sa.Boolean())],
    "plan_of_care": [sa.Column("duration_visits", sa.Integer()), sa.Column("amount_per_day", sa.Integer())],
    "benefit_limit": [sa.Column("habilitative", sa.Boolean())],
    "treatment_day": [
        sa.Column("billing_provider", sa.Text()),
        sa.Column("separated", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("therapist_took_part", sa.Boolean()),
        sa.Column("minutes", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("habilitative", sa.Boolean()),
    ],
    "hold": [
        sa.Column("why", sa.Text(), nullable=False, server_default=""),
        sa.Column("screen", sa.Text(), nullable=False, server_default=""),
        sa.Column("stage", sa.Text(), nullable=False, server_default=""),
    ],
}


def upgrade() -> None:
    """Apply."""
    for table, columns in NEW.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.add_column(column)
