"""What is measured: baselines to compare with."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Date,
    Table,
    UniqueConstraint,
)

from integration_engine.store.database import Instant
from integration_engine.store.tables.schema import identity, metadata, reference_to, text_column

# Denial history as it was frozen; a row is never changed, a further one may supersede it.
baseline = Table(
    "baseline",
    metadata,
    identity(),
    text_column("name"),
    reference_to("baseline", null=True, name="supersedes_id"),
    text_column("data_digest"),
    text_column("definitions"),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    text_column("who"),
    text_column("document"),
    text_column("digest"),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("name"),
    UniqueConstraint("supersedes_id"),
)
