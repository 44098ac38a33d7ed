"""Facts that later payers, workers' compensation and auto claims ask for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NEW: dict[str, list[sa.Column[object]]] = {
    "coverage": [sa.Column("insurance_type", sa.Text())],
    "encounter": [
        sa.Column("accident_claim_number", sa.Text()),
        sa.Column("accident_disabled_from", sa.Date()),
        sa.Column("accident_disabled_to", sa.Date()),
        sa.Column("accident_last_worked_on", sa.Date()),
        sa.Column("accident_returned_to_work_on", sa.Date()),
        sa.Column("accident_first_contact_on", sa.Date()),
    ],
}


def upgrade() -> None:
    """Apply."""
    for table, columns in NEW.items():
        with op.batch_alter_table(table) as batch:
            for column in columns:
                batch.add_column(column)
