"""Every table, by topic. They never leave the store.

Conventions: singular names from the glossary, ids made in Python, money in integer cents, enumerations by value,
instants in UTC, constraint names by rule so that migrations are stable.
"""

from __future__ import annotations

from typing import Any

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
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from integration_engine.core.findings import Queue
from integration_engine.domain.authorization import Appointment, Authorization
from integration_engine.domain.coverage import BenefitLimit, Coverage
from integration_engine.domain.encounter import Diagnosis, Encounter
from integration_engine.domain.hold import HoldStage
from integration_engine.domain.parties import Identifier, Patient
from integration_engine.domain.plan_of_care import Measurement, PlanOfCare, ProgressNote
from integration_engine.domain.treatment import Treatment
from integration_engine.store.columns import RecordColumns
from integration_engine.store.database import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[Any]:
    return Column("id", BigInteger, primary_key=True, autoincrement=False)


def _to(table: str, *, null: bool = False, name: str = "") -> Column[Any]:
    return Column(name or f"{table}_id", BigInteger, ForeignKey(f"{table}.id"), nullable=null, index=True)


def _text(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, Text, nullable=null)


def _states(name: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{name} IN ({listed})", name=f"{name}_known")


# --- what arrived ----------------------------------------------------------------------------------------------------

journal = Table(
    "journal",
    metadata,
    _id(),
    _text("sender"),
    _text("control_id"),
    _text("digest"),
    _text("trigger"),
    Column("lane", Integer, nullable=False),
    Column("charge_count", Integer, nullable=False),
    _text("state"),
    _text("reason"),
    _text("peer"),
    _text("tolerances"),
    Column("raw", LargeBinary, nullable=False),
    Column("acknowledgment", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    _states("state", "pending", "done", "parked", "refused"),
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
    _text("worker"),
    Column("token", BigInteger, nullable=False),
    Column("leased_until", Instant, nullable=False),
)

# --- the therapy model -----------------------------------------------------------------------------------------------

PATIENT = RecordColumns(Patient, leave_out=("identifiers",))
IDENTIFIER = RecordColumns(Identifier)
COVERAGE = RecordColumns(Coverage)
ENCOUNTER = RecordColumns(Encounter, leave_out=("diagnoses", "treatments"))
DIAGNOSIS = RecordColumns(Diagnosis)
TREATMENT = RecordColumns(Treatment)
PLAN_OF_CARE = RecordColumns(PlanOfCare)
PROGRESS_NOTE = RecordColumns(ProgressNote)
AUTHORIZATION = RecordColumns(Authorization)
BENEFIT_LIMIT = RecordColumns(BenefitLimit)
MEASUREMENT = RecordColumns(Measurement)
APPOINTMENT = RecordColumns(Appointment)

patient = Table(
    "patient",
    metadata,
    _id(),
    _text("scope"),
    _to("journal"),
    *PATIENT.columns(),
)
patient_identifier = Table(
    "patient_identifier",
    metadata,
    _to("patient"),
    Column("position", Integer, nullable=False),
    _text("scope"),
    *IDENTIFIER.columns(),
    Index("ix_patient_identifier_value", "scope", "value"),
)


def _kept(name: str, columns: RecordColumns[Any]) -> Table:
    return Table(name, metadata, _id(), _to("patient"), _to("journal"), *columns.columns())


coverage = _kept("coverage", COVERAGE)
plan_of_care = _kept("plan_of_care", PLAN_OF_CARE)
progress_note = _kept("progress_note", PROGRESS_NOTE)
authorization = _kept("authorization", AUTHORIZATION)
benefit_limit = _kept("benefit_limit", BENEFIT_LIMIT)
measurement = _kept("measurement", MEASUREMENT)
appointment = _kept("appointment", APPOINTMENT)
encounter = Table(
    "encounter",
    metadata,
    _id(),
    _to("patient"),
    _to("journal"),
    *ENCOUNTER.columns(),
    _text("findings"),
    Index("ix_encounter_number", "number"),
)
diagnosis = Table(
    "diagnosis", metadata, _to("encounter"), Column("position", Integer, nullable=False), *DIAGNOSIS.columns()
)
treatment = Table(
    "treatment", metadata, _to("encounter"), Column("position", Integer, nullable=False), *TREATMENT.columns()
)
# One-on-one time of clinicians, to lay one patient's visit beside another's; derived from the encounter, saved with it.
clinician_time = Table(
    "clinician_time",
    metadata,
    _to("encounter"),
    _to("patient"),
    _text("visit"),
    Column("date_of_service", Date, nullable=False),
    _text("practitioner"),
    _text("start"),
    _text("stop"),
    _text("code"),
    Column("minutes", Integer, nullable=False),
    Index("ix_clinician_time_practitioner", "practitioner", "date_of_service"),
)
charge = Table(
    "charge",
    metadata,
    _id(),
    _to("journal"),
    _to("encounter", null=True),
    Column("line_number", Integer, nullable=False),
    _text("line_id", null=True),
    Column("treatment_index", Integer),
    _text("state"),
    _text("reason"),
    _states("state", "pending", "held", "billed", "void", "rejected"),
)

# --- what was decided ------------------------------------------------------------------------------------------------

treatment_day = Table(
    "treatment_day",
    metadata,
    _id(),
    _to("patient"),
    Column("date_of_service", Date, nullable=False),
    _text("discipline", null=True),
    _text("state"),
    _text("payer", null=True),
    _text("codes"),
    Column("allowed_cents", Integer),
    Column("evaluation", Boolean, nullable=False),
    _text("consumed"),
    _text("encounters"),
    _text("billing_provider", null=True),
    _text("separated"),
    Column("therapist_took_part", Boolean),
    Column("minutes", Integer, nullable=False),
    Column("habilitative", Boolean),
    Column("sent", Boolean, nullable=False),
    _states("state", "held", "ready", "billed", "void"),
)
adjudication = Table(
    "adjudication",
    metadata,
    _id(),
    _to("treatment_day"),
    _text("state"),
    _text("mappings_version"),
    _text("facts"),
    _text("findings"),
    Column("created_at", Instant, nullable=False),
)
decision = Table(
    "decision",
    metadata,
    _to("adjudication"),
    Column("position", Integer, nullable=False),
    _text("station"),
    _text("subject"),
    _text("rule"),
    _text("value"),
    _text("outcome"),
    _text("document"),
)
hold = Table(
    "hold",
    metadata,
    _id(),
    _to("patient", null=True),
    _to("treatment_day", null=True),
    _to("journal", null=True),
    _to("claim", null=True),
    _to("answer", null=True),
    _to("batch", null=True),
    _text("queue"),
    _text("finding"),
    _text("subject"),
    _text("observed"),
    _text("text"),
    _text("fix"),
    _text("owner"),
    _text("assigned_to"),
    _text("citation"),
    _text("state"),
    Column("due_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    _text("closed_by"),
    _text("reason"),
    _text("why"),
    _text("screen"),
    _text("stage"),
    _text("evidence"),
    _text("reference"),
    _states("stage", *(stage.value for stage in HoldStage)),
    _states("state", "open", "released", "resolved", "overridden"),
    _states("queue", *(queue.value for queue in Queue)),
)
Index("ix_hold_state", hold.c.state, hold.c.queue, hold.c.due_on)
audit_event = Table(
    "audit_event",
    metadata,
    _id(),
    _text("who"),
    _text("what"),
    _text("subject"),
    _text("reason"),
    Column("created_at", Instant, nullable=False),
    _text("chain"),
)
version = Table(
    "version",
    metadata,
    Column("id", Text, primary_key=True),
    _text("kind"),
    _text("files"),
    Column("created_at", Instant, nullable=False),
)

# Patients whose days have to be decided again, since an answer came or another patient's visit changed, until they were.
decide_again = Table(
    "decide_again",
    metadata,
    Column("patient_id", BigInteger, ForeignKey("patient.id"), primary_key=True, autoincrement=False),
    Column("created_at", Instant, nullable=False),
)

# --- what leaves -----------------------------------------------------------------------------------------------------

claim = Table(
    "claim",
    metadata,
    _id(),
    _to("treatment_day"),
    _to("adjudication"),
    Column("part", Integer, nullable=False),
    _text("state"),
    _text("number", null=True),
    _text("payer"),
    _text("receiver"),
    _text("discipline"),
    Column("date_of_service", Date, nullable=False),
    Column("total_cents", Integer, nullable=False),
    _text("document"),
    _text("digest"),
    Column("created_at", Instant, nullable=False),
    _text("sequence"),
    _text("frequency"),
    _to("claim", null=True, name="follows_id"),
    _text("payer_control_number", null=True),
    _text("standing"),
    Column("submitted_on", Date),
    Column("file_by", Date),
    _text("refusal"),
    UniqueConstraint("number"),
    _states("state", "drafted", "batched", "submitted", "refused", "withdrawn"),
    _states("sequence", "P", "S", "T"),
    _states("frequency", "1", "7", "8"),
    CheckConstraint("total_cents >= 0", name="total_not_negative"),
)
Index("ix_claim_state", claim.c.state, claim.c.receiver)
Index("ix_claim_payer_control_number", claim.c.payer_control_number)
service_line = Table(
    "service_line",
    metadata,
    _to("claim"),
    Column("number", Integer, nullable=False),
    _text("code"),
    _text("modifiers"),
    Column("units", Integer, nullable=False),
    Column("charge_cents", Integer, nullable=False),
    Column("date_of_service", Date, nullable=False),
    _text("line_control", null=True),
    _text("charges"),
    CheckConstraint("units > 0", name="units_positive"),
)
batch = Table(
    "batch",
    metadata,
    _id(),
    _text("receiver"),
    _text("payer"),
    _text("state"),
    Column("interchange", Integer, nullable=False),
    _text("file_name"),
    Column("data", LargeBinary, nullable=False),
    _text("digest"),
    _text("content_digest"),
    Column("claims", Integer, nullable=False),
    Column("total_cents", BigInteger, nullable=False),
    _text("mappings_version"),
    _text("reason"),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    UniqueConstraint("receiver", "interchange"),
    UniqueConstraint("file_name"),
    _states("state", "rendered", "checked", "published", "refused"),
)
batch_claim = Table(
    "batch_claim",
    metadata,
    _to("batch"),
    _to("claim"),
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
    _text("who"),
    _text("reason"),
    Column("created_at", Instant, nullable=False),
)
control_number = Table(
    "control_number",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)

# --- what came back --------------------------------------------------------------------------------------------------

answer = Table(
    "answer",
    metadata,
    _id(),
    _text("file_name"),
    _text("digest"),
    _text("kinds"),
    _text("state"),
    _text("reason"),
    _text("tolerances"),
    _text("remarks", null=True),
    Column("data", LargeBinary, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("digest"),
    _states("state", "done", "held", "rejected"),
)
claim_event = Table(
    "claim_event",
    metadata,
    _id(),
    _to("claim"),
    _to("answer", null=True),
    _to("batch", null=True),
    _text("kind"),
    _text("code"),
    _text("text"),
    Column("happened_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
)
remit = Table(
    "remit",
    metadata,
    _id(),
    _to("answer"),
    Column("position", Integer, nullable=False),
    _text("payer_id"),
    _text("payer_name"),
    _text("trace"),
    _text("method"),
    Column("amount_cents", BigInteger, nullable=False),
    Column("paid_on", Date),
    _text("state"),
    _text("document"),
    Column("created_at", Instant, nullable=False),
    _states("state", "posted", "held"),
)
remit_claim = Table(
    "remit_claim",
    metadata,
    _id(),
    _to("remit"),
    _to("claim", null=True),
    _text("key"),
    _text("number"),
    _text("status"),
    Column("charge_cents", BigInteger, nullable=False),
    Column("paid_cents", BigInteger, nullable=False),
    Column("patient_cents", BigInteger, nullable=False),
    Column("allowed_cents", BigInteger),
    _text("payer_control_number", null=True),
    _text("state"),
    _text("document"),
    Column("created_at", Instant, nullable=False),
    _states("state", "posted", "unmatched", "repeated"),
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
    _id(),
    _to("claim"),
    _to("remit_claim", null=True),
    Column("line_number", Integer),
    _text("code"),
    _text("category"),
    _text("secondary"),
    _text("group_code"),
    _text("carc"),
    _text("rarcs"),
    Column("amount_cents", BigInteger, nullable=False),
    _text("rule"),
    _text("text"),
    _text("next_action"),
    _text("owner"),
    Column("follow_up_on", Date),
    Column("appeal_by", Date),
    _text("state"),
    Column("denied_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
    _to("denial", null=True, name="earlier_id"),
    _to("claim", null=True, name="answered_by_id"),
    Column("answered_on", Date),
    Column("recovered_cents", BigInteger),
    Column("rest_cents", BigInteger),
    _states("state", "open", "resubmitted", "appealed", "recovered", "denied_again", "written_off"),
)
Index("ix_denial_state", denial.c.state, denial.c.category, denial.c.appeal_by)
ledger_entry = Table(
    "ledger_entry",
    metadata,
    _id(),
    _text("posting"),
    _to("claim", null=True),
    _to("remit", null=True),
    Column("line_number", Integer),
    _text("account"),
    _text("kind"),
    _text("code"),
    _text("trace", null=True),
    _text("undoes", null=True),
    Column("debit_cents", BigInteger, nullable=False),
    Column("credit_cents", BigInteger, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("debit_cents >= 0 AND credit_cents >= 0", name="one_side_not_negative"),
    CheckConstraint("(debit_cents > 0) <> (credit_cents > 0)", name="one_side_only"),
)
Index("ix_ledger_entry_account", ledger_entry.c.account, ledger_entry.c.claim_id)
Index("ix_ledger_entry_posting", ledger_entry.c.posting)

# --- what is measured ------------------------------------------------------------------------------------------------

# Denial history as it was frozen; a row is never changed, a further one may supersede it.
baseline = Table(
    "baseline",
    metadata,
    _id(),
    _text("name"),
    _to("baseline", null=True, name="supersedes_id"),
    _text("data_digest"),
    _text("definitions"),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    _text("who"),
    _text("document"),
    _text("digest"),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("name"),
    UniqueConstraint("supersedes_id"),
)
