"""What comes back: answers, events of claims, remits, denials, the ledger; corrections and later payers of a claim."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

from integration_engine.store.database import Instant

revision = "0005"
down_revision = "0004"

QUEUES = ("documentation", "authorization", "edits", "interface", "rejections", "denials", "remittance")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "answer",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tolerances", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("state IN ('done', 'held', 'rejected')", name=op.f("ck_answer_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("digest", name=op.f("uq_answer_digest")),
    )
    op.create_table(
        "remit",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("payer_name", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("state IN ('posted', 'held')", name=op.f("ck_remit_state_known")),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_remit_answer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remit")),
    )
    with op.batch_alter_table("remit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remit_answer_id"), ["answer_id"], unique=False)

    op.create_table(
        "claim_event",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_claim_event_answer_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_claim_event_batch_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_event_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_event")),
    )
    with op.batch_alter_table("claim_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_event_answer_id"), ["answer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_event_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_event_claim_id"), ["claim_id"], unique=False)

    op.create_table(
        "remit_claim",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("remit_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("charge_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("patient_cents", sa.BigInteger(), nullable=False),
        sa.Column("allowed_cents", sa.BigInteger(), nullable=True),
        sa.Column("payer_control_number", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("state IN ('posted', 'unmatched', 'repeated')", name=op.f("ck_remit_claim_state_known")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_remit_claim_claim_id")),
        sa.ForeignKeyConstraint(["remit_id"], ["remit.id"], name=op.f("fk_remit_claim_remit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remit_claim")),
    )
    with op.batch_alter_table("remit_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_remit_claim_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_remit_claim_remit_id"), ["remit_id"], unique=False)
        batch_op.create_index(
            "uq_remit_claim_effect",
            ["key"],
            unique=True,
            sqlite_where=sa.text("state != 'repeated'"),
            postgresql_where=sa.text("state != 'repeated'"),
        )

    op.create_table(
        "denial",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("remit_claim_id", sa.BigInteger(), nullable=True),
        sa.Column("line_number", sa.Integer(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("secondary", sa.Text(), nullable=False),
        sa.Column("group_code", sa.Text(), nullable=False),
        sa.Column("carc", sa.Text(), nullable=False),
        sa.Column("rarcs", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("next_action", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("appeal_by", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("denied_on", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'resubmitted', 'appealed', 'recovered', 'denied_again', 'written_off')",
            name=op.f("ck_denial_state_known"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_denial_claim_id")),
        sa.ForeignKeyConstraint(["remit_claim_id"], ["remit_claim.id"], name=op.f("fk_denial_remit_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_denial")),
    )
    with op.batch_alter_table("denial", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_denial_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_denial_remit_claim_id"), ["remit_claim_id"], unique=False)
        batch_op.create_index("ix_denial_state", ["state", "category", "appeal_by"], unique=False)

    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("posting", sa.Text(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=True),
        sa.Column("remit_id", sa.BigInteger(), nullable=True),
        sa.Column("line_number", sa.Integer(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.Column("undoes", sa.Text(), nullable=True),
        sa.Column("debit_cents", sa.BigInteger(), nullable=False),
        sa.Column("credit_cents", sa.BigInteger(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("(debit_cents > 0) <> (credit_cents > 0)", name=op.f("ck_ledger_entry_one_side_only")),
        sa.CheckConstraint(
            "debit_cents >= 0 AND credit_cents >= 0", name=op.f("ck_ledger_entry_one_side_not_negative")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_ledger_entry_claim_id")),
        sa.ForeignKeyConstraint(["remit_id"], ["remit.id"], name=op.f("fk_ledger_entry_remit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
    )
    with op.batch_alter_table("ledger_entry", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entry_account", ["account", "claim_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index("ix_ledger_entry_posting", ["posting"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_remit_id"), ["remit_id"], unique=False)

    op.create_table(
        "decide_again",
        sa.Column("patient_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_decide_again_patient_id")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_decide_again")),
    )
    op.create_table(
        "held_back",
        sa.Column("treatment_day_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["treatment_day_id"], ["treatment_day.id"], name=op.f("fk_held_back_treatment_day_id")),
        sa.PrimaryKeyConstraint("treatment_day_id", name=op.f("pk_held_back")),
    )
    _extend_claim()
    _extend_hold()
    with op.batch_alter_table("treatment_day") as batch:
        batch.add_column(sa.Column("sent", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE treatment_day SET sent = (state = 'billed')")


def _extend_claim() -> None:
    table = "claim"
    with op.batch_alter_table(table) as batch:
        batch.add_column(sa.Column("sequence", sa.Text(), nullable=False, server_default="P"))
        batch.add_column(sa.Column("frequency", sa.Text(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("follows_id", sa.BigInteger()))
        batch.add_column(sa.Column("payer_control_number", sa.Text()))
        batch.add_column(sa.Column("standing", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("submitted_on", sa.Date()))
        batch.add_column(sa.Column("file_by", sa.Date()))
        batch.add_column(sa.Column("refusal", sa.Text(), nullable=False, server_default=""))
        batch.create_index(batch.f("ix_claim_follows_id"), ["follows_id"])
        batch.create_index("ix_claim_payer_control_number", ["payer_control_number"])
        batch.create_foreign_key(batch.f("fk_claim_follows_id"), "claim", ["follows_id"], ["id"])
        _replace_check(
            batch, table, "state_known", "state IN ('drafted', 'batched', 'submitted', 'refused', 'withdrawn')"
        )
        batch.create_check_constraint(batch.f("ck_claim_sequence_known"), "sequence IN ('P', 'S', 'T')")
        batch.create_check_constraint(batch.f("ck_claim_frequency_known"), "frequency IN ('1', '7', '8')")


def _extend_hold() -> None:
    table = "hold"
    with op.batch_alter_table(table) as batch:
        for other in ("claim", "answer", "batch"):
            batch.add_column(sa.Column(f"{other}_id", sa.BigInteger()))
            batch.create_index(batch.f(f"ix_hold_{other}_id"), [f"{other}_id"])
            batch.create_foreign_key(batch.f(f"fk_hold_{other}_id"), other, [f"{other}_id"], ["id"])
        _replace_check(batch, table, "queue_known", f"queue IN ({', '.join(repr(queue) for queue in QUEUES)})")


def _replace_check(batch: BatchOperations, table: str, name: str, condition: str) -> None:
    batch.drop_constraint(batch.f(f"ck_{table}_{name}"), type_="check")
    batch.create_check_constraint(batch.f(f"ck_{table}_{name}"), condition)
