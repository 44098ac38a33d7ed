"""What came back: answers, claim events, remits, denials, and the ledger."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from integration_engine.store.database import Instant
from integration_engine.store.tables.schema import identity, metadata, one_of, reference_to, text_column

answer = Table(
    "answer",
    metadata,
    identity(),
    text_column("file_name"),
    text_column("digest"),
    text_column("kinds"),
    text_column("state"),
    text_column("reason"),
    text_column("tolerances"),
    text_column("remarks", null=True),
    Column("data", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("digest"),
    one_of("state", "done", "held", "rejected"),
)
claim_event = Table(
    "claim_event",
    metadata,
    identity(),
    reference_to("claim"),
    reference_to("answer", null=True),
    reference_to("batch", null=True),
    text_column("kind"),
    text_column("code"),
    text_column("text"),
    Column("happened_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
)
remit = Table(
    "remit",
    metadata,
    identity(),
    reference_to("answer"),
    Column("position", Integer, nullable=False),
    text_column("payer_id"),
    text_column("payer_name"),
    text_column("trace"),
    text_column("method"),
    Column("amount_cents", BigInteger, nullable=False),
    Column("paid_on", Date),
    text_column("state"),
    text_column("document"),
    Column("created_at", Instant, nullable=False),
    one_of("state", "posted", "held"),
)
Index("ix_remit_amount_cents", remit.c.amount_cents)
remit_claim = Table(
    "remit_claim",
    metadata,
    identity(),
    reference_to("remit"),
    reference_to("claim", null=True),
    text_column("key"),
    text_column("number"),
    text_column("status"),
    Column("charge_cents", BigInteger, nullable=False),
    Column("paid_cents", BigInteger, nullable=False),
    Column("patient_cents", BigInteger, nullable=False),
    Column("allowed_cents", BigInteger),
    text_column("payer_control_number", null=True),
    text_column("state"),
    text_column("document"),
    Column("created_at", Instant, nullable=False),
    one_of("state", "posted", "unmatched", "repeated"),
)
# One payment of one claim takes effect once, whatever file it comes in.
Index(
    "uq_remit_claim_effect",
    remit_claim.c.key,
    unique=True,
    sqlite_where=remit_claim.c.state != "repeated",
    postgresql_where=remit_claim.c.state != "repeated",
)
denial = Table(
    "denial",
    metadata,
    identity(),
    reference_to("claim"),
    reference_to("remit_claim", null=True),
    Column("line_number", Integer),
    text_column("code"),
    text_column("category"),
    text_column("secondary"),
    text_column("group_code"),
    text_column("carc"),
    text_column("rarcs"),
    Column("amount_cents", BigInteger, nullable=False),
    text_column("rule"),
    text_column("text"),
    text_column("next_action"),
    text_column("owner"),
    Column("follow_up_on", Date),
    Column("appeal_by", Date),
    text_column("state"),
    Column("denied_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
    reference_to("denial", null=True, name="earlier_id"),
    reference_to("claim", null=True, name="answered_by_id"),
    Column("answered_on", Date),
    Column("recovered_cents", BigInteger),
    Column("rest_cents", BigInteger),
    one_of("state", "open", "resubmitted", "appealed", "recovered", "denied_again", "written_off"),
)
Index("ix_denial_state", denial.c.state, denial.c.category, denial.c.appeal_by)
ledger_entry = Table(
    "ledger_entry",
    metadata,
    identity(),
    text_column("posting"),
    reference_to("claim", null=True),
    reference_to("remit", null=True),
    Column("line_number", Integer),
    text_column("account"),
    text_column("kind"),
    text_column("code"),
    text_column("trace", null=True),
    text_column("undoes", null=True),
    Column("debit_cents", BigInteger, nullable=False),
    Column("credit_cents", BigInteger, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("debit_cents >= 0 AND credit_cents >= 0", name="one_side_not_negative"),
    CheckConstraint("(debit_cents > 0) <> (credit_cents > 0)", name="one_side_only"),
)
Index("ix_ledger_entry_account", ledger_entry.c.account, ledger_entry.c.claim_id)
Index("ix_ledger_entry_posting", ledger_entry.c.posting)
