"""What arrived: the journal, and the lanes that keep a patient's messages in order."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
)

from integration_engine.store.database import Instant
from integration_engine.store.tables.schema import identity, metadata, one_of, text_column

journal = Table(
    "journal",
    metadata,
    identity(),
    text_column("sender"),
    text_column("control_id"),
    text_column("digest"),
    text_column("trigger"),
    Column("lane", Integer, nullable=False),
    Column("charge_count", Integer, nullable=False),
    text_column("state"),
    text_column("reason"),
    text_column("peer"),
    text_column("tolerances"),
    Column("raw", LargeBinary, nullable=False),
    Column("acknowledgment", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    one_of("state", "pending", "done", "parked", "refused"),
)
# The same id from a sender is accepted once; empty ids cannot be told apart and are all kept.
Index(
    "uq_journal_accepted",
    journal.c.sender,
    journal.c.control_id,
    unique=True,
    sqlite_where=(journal.c.state != "refused") & (journal.c.control_id != ""),
    postgresql_where=(journal.c.state != "refused") & (journal.c.control_id != ""),
)
Index(
    "ix_journal_refused",
    journal.c.sender,
    journal.c.control_id,
    sqlite_where=journal.c.state == "refused",
    postgresql_where=journal.c.state == "refused",
)
Index(
    "ix_journal_pending",
    journal.c.lane,
    journal.c.id,
    sqlite_where=journal.c.state == "pending",
    postgresql_where=journal.c.state == "pending",
)
lane = Table(
    "lane",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    text_column("worker"),
    Column("token", BigInteger, nullable=False),
    Column("leased_until", Instant, nullable=False),
)
