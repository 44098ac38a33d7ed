"""The first schema: journal, therapy model, decisions, holds, claims, batches."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from integration_engine.store.database import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("interchange", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content_digest", sa.Text(), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("mappings_version", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("published_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('rendered', 'checked', 'published', 'refused')", name=op.f("ck_batch_state_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("file_name", name=op.f("uq_batch_file_name")),
        sa.UniqueConstraint("receiver", "interchange", name=op.f("uq_batch_receiver_interchange")),
    )
    op.create_table(
        "control_number",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_control_number")),
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("control_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("charge_count", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("tolerances", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("acknowledgment", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'done', 'parked', 'refused')", name=op.f("ck_journal_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
    )
    with op.batch_alter_table("journal", schema=None) as batch_op:
        batch_op.create_index(
            "ix_journal_pending",
            ["lane", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "uq_journal_accepted",
            ["sender", "control_id"],
            unique=True,
            sqlite_where=sa.text("state != 'refused' AND control_id != ''"),
            postgresql_where=sa.text("state != 'refused' AND control_id != ''"),
        )

    op.create_table(
        "lane",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("leased_until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lane")),
    )
    op.create_table(
        "version",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("name_stated", sa.Boolean(), nullable=True),
        sa.Column("name_last", sa.Text(), nullable=True),
        sa.Column("name_first", sa.Text(), nullable=True),
        sa.Column("name_middle", sa.Text(), nullable=True),
        sa.Column("name_suffix", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("address_stated", sa.Boolean(), nullable=True),
        sa.Column("address_line1", sa.Text(), nullable=True),
        sa.Column("address_line2", sa.Text(), nullable=True),
        sa.Column("address_city", sa.Text(), nullable=True),
        sa.Column("address_state", sa.Text(), nullable=True),
        sa.Column("address_postal_code", sa.Text(), nullable=True),
        sa.Column("address_country", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("death_date", sa.Date(), nullable=True),
        sa.Column("account_number", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_patient_journal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
    )
    with op.batch_alter_table("patient", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_journal_id"), ["journal_id"], unique=False)

    op.create_table(
        "appointment",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("start", sa.Text(), nullable=True),
        sa.Column("stop", sa.Text(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("discipline", sa.Text(), nullable=True),
        sa.Column("encounter_type", sa.Text(), nullable=True),
        sa.Column("practitioner_stated", sa.Boolean(), nullable=True),
        sa.Column("practitioner_npi", sa.Text(), nullable=True),
        sa.Column("practitioner_local_id", sa.Text(), nullable=True),
        sa.Column("practitioner_name_stated", sa.Boolean(), nullable=True),
        sa.Column("practitioner_name_last", sa.Text(), nullable=True),
        sa.Column("practitioner_name_first", sa.Text(), nullable=True),
        sa.Column("practitioner_name_middle", sa.Text(), nullable=True),
        sa.Column("practitioner_name_suffix", sa.Text(), nullable=True),
        sa.Column("practitioner_credential", sa.Text(), nullable=True),
        sa.Column("practitioner_licence", sa.Text(), nullable=True),
        sa.Column("practitioner_taxonomy", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("encounter_number", sa.Text(), nullable=True),
        sa.Column("booked_by", sa.Text(), nullable=True),
        sa.Column("stated_at", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_appointment_journal_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_appointment_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    with op.batch_alter_table("appointment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_appointment_journal_id"), ["journal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_appointment_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "authorization",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("payer_id", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("allowed", sa.Text(), nullable=True),
        sa.Column("used_before", sa.Text(), nullable=True),
        sa.Column("codes", sa.Text(), nullable=True),
        sa.Column("disciplines", sa.Text(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("rendering_npi", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_authorization_journal_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_authorization_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorization")),
    )
    with op.batch_alter_table("authorization", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_authorization_journal_id"), ["journal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_authorization_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "benefit_limit",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("period", sa.Text(), nullable=True),
        sa.Column("allowed", sa.Text(), nullable=True),
        sa.Column("used", sa.Text(), nullable=True),
        sa.Column("disciplines", sa.Text(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_benefit_limit_journal_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_benefit_limit_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefit_limit")),
    )
    with op.batch_alter_table("benefit_limit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_benefit_limit_journal_id"), ["journal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_benefit_limit_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "coverage",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("payer_id", sa.Text(), nullable=True),
        sa.Column("payer_name", sa.Text(), nullable=True),
        sa.Column("plan_id", sa.Text(), nullable=True),
        sa.Column("member_id", sa.Text(), nullable=True),
        sa.Column("group_number", sa.Text(), nullable=True),
        sa.Column("group_name", sa.Text(), nullable=True),
        sa.Column("relationship", sa.Text(), nullable=True),
        sa.Column("subscriber_name_stated", sa.Boolean(), nullable=True),
        sa.Column("subscriber_name_last", sa.Text(), nullable=True),
        sa.Column("subscriber_name_first", sa.Text(), nullable=True),
        sa.Column("subscriber_name_middle", sa.Text(), nullable=True),
        sa.Column("subscriber_name_suffix", sa.Text(), nullable=True),
        sa.Column("subscriber_birth_date", sa.Date(), nullable=True),
        sa.Column("subscriber_sex", sa.Text(), nullable=True),
        sa.Column("subscriber_address_stated", sa.Boolean(), nullable=True),
        sa.Column("subscriber_address_line1", sa.Text(), nullable=True),
        sa.Column("subscriber_address_line2", sa.Text(), nullable=True),
        sa.Column("subscriber_address_city", sa.Text(), nullable=True),
        sa.Column("subscriber_address_state", sa.Text(), nullable=True),
        sa.Column("subscriber_address_postal_code", sa.Text(), nullable=True),
        sa.Column("subscriber_address_country", sa.Text(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("authorization_number", sa.Text(), nullable=True),
        sa.Column("referral_number", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_coverage_journal_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_coverage_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
    )
    with op.batch_alter_table("coverage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_coverage_journal_id"), ["journal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_coverage_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "encounter",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("date_of_service", sa.Date(), nullable=True),
        sa.Column("discipline", sa.Text(), nullable=True),
        sa.Column("encounter_type", sa.Text(), nullable=True),
        sa.Column("modality", sa.Text(), nullable=True),
        sa.Column("place_of_service", sa.Text(), nullable=True),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("start", sa.Text(), nullable=True),
        sa.Column("stop", sa.Text(), nullable=True),
        sa.Column("total_minutes", sa.Integer(), nullable=True),
        sa.Column("timed_minutes", sa.Integer(), nullable=True),
        sa.Column("telehealth_consent", sa.Boolean(), nullable=True),
        sa.Column("rendering_stated", sa.Boolean(), nullable=True),
        sa.Column("rendering_npi", sa.Text(), nullable=True),
        sa.Column("rendering_local_id", sa.Text(), nullable=True),
        sa.Column("rendering_name_stated", sa.Boolean(), nullable=True),
        sa.Column("rendering_name_last", sa.Text(), nullable=True),
        sa.Column("rendering_name_first", sa.Text(), nullable=True),
        sa.Column("rendering_name_middle", sa.Text(), nullable=True),
        sa.Column("rendering_name_suffix", sa.Text(), nullable=True),
        sa.Column("rendering_credential", sa.Text(), nullable=True),
        sa.Column("rendering_licence", sa.Text(), nullable=True),
        sa.Column("rendering_taxonomy", sa.Text(), nullable=True),
        sa.Column("supervising_stated", sa.Boolean(), nullable=True),
        sa.Column("supervising_npi", sa.Text(), nullable=True),
        sa.Column("supervising_local_id", sa.Text(), nullable=True),
        sa.Column("supervising_name_stated", sa.Boolean(), nullable=True),
        sa.Column("supervising_name_last", sa.Text(), nullable=True),
        sa.Column("supervising_name_first", sa.Text(), nullable=True),
        sa.Column("supervising_name_middle", sa.Text(), nullable=True),
        sa.Column("supervising_name_suffix", sa.Text(), nullable=True),
        sa.Column("supervising_credential", sa.Text(), nullable=True),
        sa.Column("supervising_licence", sa.Text(), nullable=True),
        sa.Column("supervising_taxonomy", sa.Text(), nullable=True),
        sa.Column("referring_stated", sa.Boolean(), nullable=True),
        sa.Column("referring_npi", sa.Text(), nullable=True),
        sa.Column("referring_local_id", sa.Text(), nullable=True),
        sa.Column("referring_name_stated", sa.Boolean(), nullable=True),
        sa.Column("referring_name_last", sa.Text(), nullable=True),
        sa.Column("referring_name_first", sa.Text(), nullable=True),
        sa.Column("referring_name_middle", sa.Text(), nullable=True),
        sa.Column("referring_name_suffix", sa.Text(), nullable=True),
        sa.Column("referring_credential", sa.Text(), nullable=True),
        sa.Column("referring_licence", sa.Text(), nullable=True),
        sa.Column("referring_taxonomy", sa.Text(), nullable=True),
        sa.Column("ordering_stated", sa.Boolean(), nullable=True),
        sa.Column("ordering_npi", sa.Text(), nullable=True),
        sa.Column("ordering_local_id", sa.Text(), nullable=True),
        sa.Column("ordering_name_stated", sa.Boolean(), nullable=True),
        sa.Column("ordering_name_last", sa.Text(), nullable=True),
        sa.Column("ordering_name_first", sa.Text(), nullable=True),
        sa.Column("ordering_name_middle", sa.Text(), nullable=True),
        sa.Column("ordering_name_suffix", sa.Text(), nullable=True),
        sa.Column("ordering_credential", sa.Text(), nullable=True),
        sa.Column("ordering_licence", sa.Text(), nullable=True),
        sa.Column("ordering_taxonomy", sa.Text(), nullable=True),
        sa.Column("supervision", sa.Text(), nullable=True),
        sa.Column("note_signed_on", sa.Date(), nullable=True),
        sa.Column("note_status", sa.Text(), nullable=True),
        sa.Column("referral_number", sa.Text(), nullable=True),
        sa.Column("accident_stated", sa.Boolean(), nullable=True),
        sa.Column("accident_occurred_on", sa.Date(), nullable=True),
        sa.Column("accident_kind", sa.Text(), nullable=True),
        sa.Column("accident_state", sa.Text(), nullable=True),
        sa.Column("medical_necessity_attested", sa.Boolean(), nullable=True),
        sa.Column("patient_paid", sa.Text(), nullable=True),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_encounter_journal_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_encounter_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_encounter")),
    )
    with op.batch_alter_table("encounter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_encounter_journal_id"), ["journal_id"], unique=False)
        batch_op.create_index("ix_encounter_number", ["number"], unique=False)
        batch_op.create_index(batch_op.f("ix_encounter_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "measurement",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("observed_on", sa.Date(), nullable=True),
        sa.Column("discipline", sa.Text(), nullable=True),
        sa.Column("encounter_number", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_measurement_journal_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_measurement_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement")),
    )
    with op.batch_alter_table("measurement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_measurement_journal_id"), ["journal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_measurement_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "patient_identifier",
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("authority", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_patient_identifier_patient_id")),
    )
    with op.batch_alter_table("patient_identifier", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_patient_identifier_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index("ix_patient_identifier_value", ["scope", "value"], unique=False)

    op.create_table(
        "plan_of_care",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("discipline", sa.Text(), nullable=True),
        sa.Column("evaluation_on", sa.Date(), nullable=True),
        sa.Column("established_on", sa.Date(), nullable=True),
        sa.Column("certified_from", sa.Date(), nullable=True),
        sa.Column("certified_to", sa.Date(), nullable=True),
        sa.Column("duration_weeks", sa.Integer(), nullable=True),
        sa.Column("frequency_per_week", sa.Integer(), nullable=True),
        sa.Column("established_by_stated", sa.Boolean(), nullable=True),
        sa.Column("established_by_npi", sa.Text(), nullable=True),
        sa.Column("established_by_local_id", sa.Text(), nullable=True),
        sa.Column("established_by_name_stated", sa.Boolean(), nullable=True),
        sa.Column("established_by_name_last", sa.Text(), nullable=True),
        sa.Column("established_by_name_first", sa.Text(), nullable=True),
        sa.Column("established_by_name_middle", sa.Text(), nullable=True),
        sa.Column("established_by_name_suffix", sa.Text(), nullable=True),
        sa.Column("established_by_credential", sa.Text(), nullable=True),
        sa.Column("established_by_licence", sa.Text(), nullable=True),
        sa.Column("established_by_taxonomy", sa.Text(), nullable=True),
        sa.Column("certifying_stated", sa.Boolean(), nullable=True),
        sa.Column("certifying_npi", sa.Text(), nullable=True),
        sa.Column("certifying_local_id", sa.Text(), nullable=True),
        sa.Column("certifying_name_stated", sa.Boolean(), nullable=True),
        sa.Column("certifying_name_last", sa.Text(), nullable=True),
        sa.Column("certifying_name_first", sa.Text(), nullable=True),
        sa.Column("certifying_name_middle", sa.Text(), nullable=True),
        sa.Column("certifying_name_suffix", sa.Text(), nullable=True),
        sa.Column("certifying_credential", sa.Text(), nullable=True),
        sa.Column("certifying_licence", sa.Text(), nullable=True),
        sa.Column("certifying_taxonomy", sa.Text(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("verbal_order_on", sa.Date(), nullable=True),
        sa.Column("transmitted_on", sa.Date(), nullable=True),
        sa.Column("order_signed_on", sa.Date(), nullable=True),
        sa.Column("delayed_certification", sa.Boolean(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("diagnoses", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_plan_of_care_journal_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_plan_of_care_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_of_care")),
    )
    with op.batch_alter_table("plan_of_care", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_plan_of_care_journal_id"), ["journal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_plan_of_care_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "progress_note",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("discipline", sa.Text(), nullable=True),
        sa.Column("written_on", sa.Date(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("covers_from", sa.Date(), nullable=True),
        sa.Column("covers_to", sa.Date(), nullable=True),
        sa.Column("author_stated", sa.Boolean(), nullable=True),
        sa.Column("author_npi", sa.Text(), nullable=True),
        sa.Column("author_local_id", sa.Text(), nullable=True),
        sa.Column("author_name_stated", sa.Boolean(), nullable=True),
        sa.Column("author_name_last", sa.Text(), nullable=True),
        sa.Column("author_name_first", sa.Text(), nullable=True),
        sa.Column("author_name_middle", sa.Text(), nullable=True),
        sa.Column("author_name_suffix", sa.Text(), nullable=True),
        sa.Column("author_credential", sa.Text(), nullable=True),
        sa.Column("author_licence", sa.Text(), nullable=True),
        sa.Column("author_taxonomy", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.Column("encounter_number", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_progress_note_journal_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_progress_note_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_progress_note")),
    )
    with op.batch_alter_table("progress_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_progress_note_journal_id"), ["journal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_progress_note_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "treatment_day",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("date_of_service", sa.Date(), nullable=False),
        sa.Column("discipline", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("payer", sa.Text(), nullable=True),
        sa.Column("codes", sa.Text(), nullable=False),
        sa.Column("allowed_cents", sa.Integer(), nullable=True),
        sa.Column("evaluation", sa.Boolean(), nullable=False),
        sa.Column("consumed", sa.Text(), nullable=False),
        sa.Column("encounters", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('held', 'ready', 'billed', 'void')", name=op.f("ck_treatment_day_state_known")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_treatment_day_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treatment_day")),
    )
    with op.batch_alter_table("treatment_day", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_treatment_day_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "adjudication",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("treatment_day_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("mappings_version", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["treatment_day_id"], ["treatment_day.id"], name=op.f("fk_adjudication_treatment_day_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjudication")),
    )
    with op.batch_alter_table("adjudication", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_adjudication_treatment_day_id"), ["treatment_day_id"], unique=False)

    op.create_table(
        "charge",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("journal_id", sa.BigInteger(), nullable=False),
        sa.Column("encounter_id", sa.BigInteger(), nullable=True),
        sa.Column("line_number", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=True),
        sa.Column("treatment_index", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'held', 'billed', 'void', 'rejected')", name=op.f("ck_charge_state_known")
        ),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_charge_encounter_id")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_charge_journal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
    )
    with op.batch_alter_table("charge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_charge_encounter_id"), ["encounter_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_charge_journal_id"), ["journal_id"], unique=False)

    op.create_table(
        "diagnosis",
        sa.Column("encounter_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("onset_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_diagnosis_encounter_id")),
    )
    with op.batch_alter_table("diagnosis", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_diagnosis_encounter_id"), ["encounter_id"], unique=False)

    op.create_table(
        "hold",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("treatment_day_id", sa.BigInteger(), nullable=True),
        sa.Column("journal_id", sa.BigInteger(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("observed", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("assigned_to", sa.Text(), nullable=False),
        sa.Column("citation", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "queue IN ('documentation', 'authorization', 'edits', 'interface')", name=op.f("ck_hold_queue_known")
        ),
        sa.CheckConstraint("state IN ('open', 'released', 'resolved', 'overridden')", name=op.f("ck_hold_state_known")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_hold_journal_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_hold_patient_id")),
        sa.ForeignKeyConstraint(["treatment_day_id"], ["treatment_day.id"], name=op.f("fk_hold_treatment_day_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    with op.batch_alter_table("hold", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hold_journal_id"), ["journal_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_hold_patient_id"), ["patient_id"], unique=False)
        batch_op.create_index("ix_hold_state", ["state", "queue", "due_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_hold_treatment_day_id"), ["treatment_day_id"], unique=False)

    op.create_table(
        "treatment",
        sa.Column("encounter_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("modifiers", sa.Text(), nullable=True),
        sa.Column("units_sent", sa.Integer(), nullable=True),
        sa.Column("start", sa.Text(), nullable=True),
        sa.Column("stop", sa.Text(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("assistant_minutes", sa.Integer(), nullable=True),
        sa.Column("joint_minutes", sa.Integer(), nullable=True),
        sa.Column("rest_minutes", sa.Integer(), nullable=True),
        sa.Column("delivery", sa.Text(), nullable=True),
        sa.Column("group_size", sa.Integer(), nullable=True),
        sa.Column("unit_charge_cents", sa.Integer(), nullable=True),
        sa.Column("charge_cents", sa.Integer(), nullable=True),
        sa.Column("diagnoses", sa.Text(), nullable=True),
        sa.Column("rendering_stated", sa.Boolean(), nullable=True),
        sa.Column("rendering_npi", sa.Text(), nullable=True),
        sa.Column("rendering_local_id", sa.Text(), nullable=True),
        sa.Column("rendering_name_stated", sa.Boolean(), nullable=True),
        sa.Column("rendering_name_last", sa.Text(), nullable=True),
        sa.Column("rendering_name_first", sa.Text(), nullable=True),
        sa.Column("rendering_name_middle", sa.Text(), nullable=True),
        sa.Column("rendering_name_suffix", sa.Text(), nullable=True),
        sa.Column("rendering_credential", sa.Text(), nullable=True),
        sa.Column("rendering_licence", sa.Text(), nullable=True),
        sa.Column("rendering_taxonomy", sa.Text(), nullable=True),
        sa.Column("assistant_stated", sa.Boolean(), nullable=True),
        sa.Column("assistant_npi", sa.Text(), nullable=True),
        sa.Column("assistant_local_id", sa.Text(), nullable=True),
        sa.Column("assistant_name_stated", sa.Boolean(), nullable=True),
        sa.Column("assistant_name_last", sa.Text(), nullable=True),
        sa.Column("assistant_name_first", sa.Text(), nullable=True),
        sa.Column("assistant_name_middle", sa.Text(), nullable=True),
        sa.Column("assistant_name_suffix", sa.Text(), nullable=True),
        sa.Column("assistant_credential", sa.Text(), nullable=True),
        sa.Column("assistant_licence", sa.Text(), nullable=True),
        sa.Column("assistant_taxonomy", sa.Text(), nullable=True),
        sa.Column("student_stated", sa.Boolean(), nullable=True),
        sa.Column("student_npi", sa.Text(), nullable=True),
        sa.Column("student_local_id", sa.Text(), nullable=True),
        sa.Column("student_name_stated", sa.Boolean(), nullable=True),
        sa.Column("student_name_last", sa.Text(), nullable=True),
        sa.Column("student_name_first", sa.Text(), nullable=True),
        sa.Column("student_name_middle", sa.Text(), nullable=True),
        sa.Column("student_name_suffix", sa.Text(), nullable=True),
        sa.Column("student_credential", sa.Text(), nullable=True),
        sa.Column("student_licence", sa.Text(), nullable=True),
        sa.Column("student_taxonomy", sa.Text(), nullable=True),
        sa.Column("supervising_stated", sa.Boolean(), nullable=True),
        sa.Column("supervising_npi", sa.Text(), nullable=True),
        sa.Column("supervising_local_id", sa.Text(), nullable=True),
        sa.Column("supervising_name_stated", sa.Boolean(), nullable=True),
        sa.Column("supervising_name_last", sa.Text(), nullable=True),
        sa.Column("supervising_name_first", sa.Text(), nullable=True),
        sa.Column("supervising_name_middle", sa.Text(), nullable=True),
        sa.Column("supervising_name_suffix", sa.Text(), nullable=True),
        sa.Column("supervising_credential", sa.Text(), nullable=True),
        sa.Column("supervising_licence", sa.Text(), nullable=True),
        sa.Column("supervising_taxonomy", sa.Text(), nullable=True),
        sa.Column("ordering_stated", sa.Boolean(), nullable=True),
        sa.Column("ordering_npi", sa.Text(), nullable=True),
        sa.Column("ordering_local_id", sa.Text(), nullable=True),
        sa.Column("ordering_name_stated", sa.Boolean(), nullable=True),
        sa.Column("ordering_name_last", sa.Text(), nullable=True),
        sa.Column("ordering_name_first", sa.Text(), nullable=True),
        sa.Column("ordering_name_middle", sa.Text(), nullable=True),
        sa.Column("ordering_name_suffix", sa.Text(), nullable=True),
        sa.Column("ordering_credential", sa.Text(), nullable=True),
        sa.Column("ordering_licence", sa.Text(), nullable=True),
        sa.Column("ordering_taxonomy", sa.Text(), nullable=True),
        sa.Column("authorization_number", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_treatment_encounter_id")),
    )
    with op.batch_alter_table("treatment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_treatment_encounter_id"), ["encounter_id"], unique=False)

    op.create_table(
        "claim",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("treatment_day_id", sa.BigInteger(), nullable=False),
        sa.Column("adjudication_id", sa.BigInteger(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("payer", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("discipline", sa.Text(), nullable=False),
        sa.Column("date_of_service", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "state IN ('drafted', 'batched', 'submitted', 'withdrawn')", name=op.f("ck_claim_state_known")
        ),
        sa.CheckConstraint("total_cents >= 0", name=op.f("ck_claim_total_not_negative")),
        sa.ForeignKeyConstraint(["adjudication_id"], ["adjudication.id"], name=op.f("fk_claim_adjudication_id")),
        sa.ForeignKeyConstraint(["treatment_day_id"], ["treatment_day.id"], name=op.f("fk_claim_treatment_day_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("number", name=op.f("uq_claim_number")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_adjudication_id"), ["adjudication_id"], unique=False)
        batch_op.create_index("ix_claim_state", ["state", "receiver"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_treatment_day_id"), ["treatment_day_id"], unique=False)

    op.create_table(
        "decision",
        sa.Column("adjudication_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["adjudication_id"], ["adjudication.id"], name=op.f("fk_decision_adjudication_id")),
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_adjudication_id"), ["adjudication_id"], unique=False)

    op.create_table(
        "batch_claim",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_claim_batch_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_batch_claim_claim_id")),
    )
    with op.batch_alter_table("batch_claim", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_batch_claim_batch_id"), ["batch_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_batch_claim_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(
            "uq_batch_claim_live",
            ["claim_id"],
            unique=True,
            sqlite_where=sa.text("live"),
            postgresql_where=sa.text("live"),
        )

    op.create_table(
        "service_line",
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("modifiers", sa.Text(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("charge_cents", sa.Integer(), nullable=False),
        sa.Column("date_of_service", sa.Date(), nullable=False),
        sa.Column("line_control", sa.Text(), nullable=True),
        sa.Column("charges", sa.Text(), nullable=False),
        sa.CheckConstraint("units > 0", name=op.f("ck_service_line_units_positive")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_service_line_claim_id")),
    )
    with op.batch_alter_table("service_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_service_line_claim_id"), ["claim_id"], unique=False)
    lane = sa.table(
        "lane", sa.column("id"), sa.column("worker"), sa.column("token"), sa.column("leased_until", Instant)
    )
    free = datetime(2000, 1, 1, tzinfo=UTC)
    op.bulk_insert(lane, [{"id": number, "worker": "", "token": 0, "leased_until": free} for number in range(64)])
