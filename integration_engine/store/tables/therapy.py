"""The therapy model: patients and what is known of them, one table a record."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    Date,
    Index,
    Integer,
    Table,
)

from integration_engine.domain.authorization import Appointment, Authorization
from integration_engine.domain.coverage import BenefitLimit, Coverage
from integration_engine.domain.encounter import Diagnosis, Encounter
from integration_engine.domain.parties import Identifier, Patient
from integration_engine.domain.plan_of_care import Measurement, PlanOfCare, ProgressNote
from integration_engine.domain.treatment import Treatment
from integration_engine.store.columns import RecordColumns
from integration_engine.store.tables.schema import identity, metadata, one_of, reference_to, text_column

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
    identity(),
    text_column("scope"),
    reference_to("journal"),
    *PATIENT.columns(),
)
patient_identifier = Table(
    "patient_identifier",
    metadata,
    reference_to("patient"),
    Column("position", Integer, nullable=False),
    text_column("scope"),
    *IDENTIFIER.columns(),
    Index("ix_patient_identifier_value", "scope", "value"),
)


def _kept(name: str, columns: RecordColumns[Any]) -> Table:
    return Table(name, metadata, identity(), reference_to("patient"), reference_to("journal"), *columns.columns())


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
    identity(),
    reference_to("patient"),
    reference_to("journal"),
    *ENCOUNTER.columns(),
    text_column("findings"),
    Index("ix_encounter_number", "number"),
)
diagnosis = Table(
    "diagnosis", metadata, reference_to("encounter"), Column("position", Integer, nullable=False), *DIAGNOSIS.columns()
)
treatment = Table(
    "treatment", metadata, reference_to("encounter"), Column("position", Integer, nullable=False), *TREATMENT.columns()
)
# One-on-one time of clinicians, to lay one patient's visit beside another's; derived from the encounter, saved with it.
clinician_time = Table(
    "clinician_time",
    metadata,
    reference_to("encounter"),
    reference_to("patient"),
    text_column("visit"),
    Column("date_of_service", Date, nullable=False),
    text_column("practitioner"),
    text_column("start"),
    text_column("stop"),
    text_column("code"),
    Column("minutes", Integer, nullable=False),
    Index("ix_clinician_time_practitioner", "practitioner", "date_of_service"),
)
charge = Table(
    "charge",
    metadata,
    identity(),
    reference_to("journal"),
    reference_to("encounter", null=True),
    Column("line_number", Integer, nullable=False),
    text_column("line_id", null=True),
    Column("treatment_index", Integer),
    text_column("state"),
    text_column("reason"),
    one_of("state", "pending", "held", "billed", "void", "rejected"),
)
