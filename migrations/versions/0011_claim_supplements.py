"""What the EMR says for the claim alone: note, documents, reasons, contract; consent by coverage; unlisted codes described."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TEXTS = (
    "primary_care_npi",
    "primary_care_local_id",
    "primary_care_name_last",
    "primary_care_name_first",
    "primary_care_name_middle",
    "primary_care_name_suffix",
    "primary_care_credential",
    "primary_care_licence",
    "primary_care_taxonomy",
    "supplement_note",
    "supplement_note_kind",
    "supplement_delay_reason",
    "supplement_special_program",
    "supplement_authorization_exception",
    "supplement_signature_source",
    "supplement_contract_kind",
    "supplement_contract_amount",
    "supplement_contract_code",
)
MARKS = ("primary_care_stated", "primary_care_name_stated", "supplement_stated")
DAYS = ("supplement_last_seen_on", "supplement_admitted_on", "supplement_discharged_on")


def upgrade() -> None:
    """Apply; of visits taken in before, none of this is stated."""
    with op.batch_alter_table("encounter") as batch:
        for kind, names in ((sa.Text(), TEXTS), (sa.Boolean(), MARKS), (sa.Date(), DAYS)):
            for name in names:
                batch.add_column(sa.Column(name, kind, nullable=True))
        # no documents: an empty list, which is what a visit without any says
        batch.add_column(sa.Column("enclosures", sa.Text(), nullable=True, server_default="[]"))
        batch.alter_column("enclosures", server_default=None)
    with op.batch_alter_table("coverage") as batch:
        batch.add_column(sa.Column("benefits_assigned", sa.Text(), nullable=True))
        batch.add_column(sa.Column("release_of_information", sa.Text(), nullable=True))
    with op.batch_alter_table("treatment") as batch:
        batch.add_column(sa.Column("description", sa.Text(), nullable=True))
        batch.add_column(sa.Column("screening_referral", sa.Boolean(), nullable=True))
