"""What was decided: treatment days, adjudications, holds, the audit, and versions of the rules."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from integration_engine.core.findings import Queue
from integration_engine.domain.hold import HoldStage, HoldState
from integration_engine.store.database import Instant
from integration_engine.store.tables.schema import identity, metadata, one_of, reference_to, text_column

treatment_day = Table(
    "treatment_day",
    metadata,
    identity(),
    reference_to("patient"),
    Column("date_of_service", Date, nullable=False),
    text_column("discipline", null=True),
    text_column("state"),
    text_column("payer", null=True),
    text_column("codes"),
    Column("allowed_cents", Integer),
    Column("evaluation", Boolean, nullable=False),
    text_column("consumed"),
    text_column("encounters"),
    text_column("billing_provider", null=True),
    text_column("separated"),
    Column("therapist_took_part", Boolean),
    Column("minutes", Integer, nullable=False),
    Column("habilitative", Boolean),
    Column("sent", Boolean, nullable=False),
    one_of("state", "held", "ready", "billed", "void"),
)
adjudication = Table(
    "adjudication",
    metadata,
    identity(),
    reference_to("treatment_day"),
    text_column("state"),
    text_column("mappings_version"),
    text_column("facts"),
    text_column("findings"),
    Column("created_at", Instant, nullable=False),
)
decision = Table(
    "decision",
    metadata,
    reference_to("adjudication"),
    Column("position", Integer, nullable=False),
    text_column("station"),
    text_column("subject"),
    text_column("rule"),
    text_column("value"),
    text_column("outcome"),
    text_column("document"),
)
hold = Table(
    "hold",
    metadata,
    identity(),
    reference_to("patient", null=True),
    reference_to("treatment_day", null=True),
    reference_to("journal", null=True),
    reference_to("claim", null=True),
    reference_to("answer", null=True),
    reference_to("batch", null=True),
    text_column("queue"),
    text_column("finding"),
    text_column("subject"),
    text_column("observed"),
    text_column("text"),
    text_column("fix"),
    text_column("owner"),
    text_column("assigned_to"),
    text_column("citation"),
    text_column("state"),
    Column("due_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    text_column("closed_by"),
    text_column("reason"),
    text_column("why"),
    text_column("screen"),
    text_column("stage"),
    text_column("evidence"),
    text_column("reference"),
    one_of("stage", *(stage.value for stage in HoldStage)),
    one_of("state", *(state.value for state in HoldState)),
    one_of("queue", *(queue.value for queue in Queue)),
)
Index("ix_hold_state", hold.c.state, hold.c.queue, hold.c.due_on)
audit_event = Table(
    "audit_event",
    metadata,
    identity(),
    text_column("who"),
    text_column("what"),
    text_column("subject"),
    text_column("reason"),
    Column("created_at", Instant, nullable=False),
    text_column("chain"),
)
version = Table(
    "version",
    metadata,
    Column("id", Text, primary_key=True),
    text_column("kind"),
    text_column("files"),
    Column("created_at", Instant, nullable=False),
)
# Patients whose days have to be decided again, since an answer came or another patient's visit changed, until they were.
decide_again = Table(
    "decide_again",
    metadata,
    Column("patient_id", BigInteger, ForeignKey("patient.id"), primary_key=True, autoincrement=False),
    Column("created_at", Instant, nullable=False),
)
