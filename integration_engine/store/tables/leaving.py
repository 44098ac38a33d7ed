"""What leaves: claims, their lines, batches, and the numbers they are known by."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from integration_engine.store.database import Instant
from integration_engine.store.tables.schema import identity, metadata, one_of, reference_to, text_column

claim = Table(
    "claim",
    metadata,
    identity(),
    reference_to("treatment_day"),
    reference_to("adjudication"),
    Column("part", Integer, nullable=False),
    text_column("state"),
    text_column("number", null=True),
    text_column("payer"),
    text_column("receiver"),
    text_column("discipline"),
    Column("date_of_service", Date, nullable=False),
    Column("total_cents", Integer, nullable=False),
    text_column("document"),
    text_column("digest"),
    Column("created_at", Instant, nullable=False),
    text_column("sequence"),
    text_column("frequency"),
    reference_to("claim", null=True, name="follows_id"),
    text_column("payer_control_number", null=True),
    text_column("standing"),
    Column("submitted_on", Date),
    Column("file_by", Date),
    text_column("refusal"),
    UniqueConstraint("number"),
    one_of("state", "drafted", "batched", "submitted", "refused", "withdrawn"),
    one_of("sequence", "P", "S", "T"),
    one_of("frequency", "1", "7", "8"),
    CheckConstraint("total_cents >= 0", name="total_not_negative"),
)
Index("ix_claim_state", claim.c.state, claim.c.receiver)
Index("ix_claim_payer_control_number", claim.c.payer_control_number)
service_line = Table(
    "service_line",
    metadata,
    reference_to("claim"),
    Column("number", Integer, nullable=False),
    text_column("code"),
    text_column("modifiers"),
    Column("units", Integer, nullable=False),
    Column("charge_cents", Integer, nullable=False),
    Column("date_of_service", Date, nullable=False),
    text_column("line_control", null=True),
    text_column("charges"),
    CheckConstraint("units > 0", name="units_positive"),
)
batch = Table(
    "batch",
    metadata,
    identity(),
    text_column("receiver"),
    text_column("payer"),
    text_column("state"),
    Column("interchange", Integer, nullable=False),
    text_column("file_name"),
    Column("data", LargeBinary, nullable=False),
    text_column("digest"),
    text_column("content_digest"),
    Column("claims", Integer, nullable=False),
    Column("total_cents", BigInteger, nullable=False),
    text_column("mappings_version"),
    text_column("reason"),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    UniqueConstraint("receiver", "interchange"),
    UniqueConstraint("file_name"),
    one_of("state", "rendered", "checked", "published", "refused"),
)
batch_claim = Table(
    "batch_claim",
    metadata,
    reference_to("batch"),
    reference_to("claim"),
    Column("live", Boolean, nullable=False),
)
Index(
    "uq_batch_claim_live",
    batch_claim.c.claim_id,
    unique=True,
    sqlite_where=batch_claim.c.live,
    postgresql_where=batch_claim.c.live,
)
held_back = Table(
    "held_back",
    metadata,
    Column("treatment_day_id", BigInteger, ForeignKey("treatment_day.id"), primary_key=True, autoincrement=False),
    text_column("who"),
    text_column("reason"),
    Column("created_at", Instant, nullable=False),
    text_column("visits"),
)
control_number = Table(
    "control_number",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
