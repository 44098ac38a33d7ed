"""One-on-one time of clinicians, so that visits of several patients can be laid side by side."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from integration_engine.domain.encounter import Encounter
from integration_engine.domain.parties import Practitioner
from integration_engine.domain.treatment import Delivery, Treatment
from integration_engine.store.clinician_times import clinician_rows
from integration_engine.store.database import bulk_insert
from integration_engine.store.tables import clinician_time

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply, and derive the times of the encounters that are there."""
    op.create_table(
        "clinician_time",
        sa.Column("encounter_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("visit", sa.Text(), nullable=False),
        sa.Column("date_of_service", sa.Date(), nullable=False),
        sa.Column("practitioner", sa.Text(), nullable=False),
        sa.Column("start", sa.Text(), nullable=False),
        sa.Column("stop", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["encounter_id"], ["encounter.id"], name=op.f("fk_clinician_time_encounter_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_clinician_time_patient_id")),
    )
    with op.batch_alter_table("clinician_time") as batch:
        batch.create_index(batch.f("ix_clinician_time_encounter_id"), ["encounter_id"])
        batch.create_index(batch.f("ix_clinician_time_patient_id"), ["patient_id"])
        batch.create_index("ix_clinician_time_practitioner", ["practitioner", "date_of_service"])
    _derive(op.get_bind())


def _derive(connection: sa.Connection) -> None:
    visits = sa.text(
        "SELECT id, patient_id, number, date_of_service, start, stop, rendering_npi, rendering_local_id FROM encounter"
        " WHERE date_of_service IS NOT NULL"
    ).columns(date_of_service=sa.Date())
    done = sa.text(
        "SELECT encounter_id, code, start, stop, minutes, assistant_minutes, joint_minutes, rest_minutes, delivery,"
        " rendering_npi, rendering_local_id, assistant_stated, assistant_npi, assistant_local_id FROM treatment"
        " ORDER BY encounter_id, position"
    )
    treatments = defaultdict(list)
    for row in connection.execute(done):
        treatments[row.encounter_id].append(_treatment(row))
    rows: list[tuple[Any, ...]] = []
    for row in connection.execute(visits):
        encounter = Encounter(
            number=row.number,
            date_of_service=row.date_of_service,
            start=_moment(row.start),
            stop=_moment(row.stop),
            rendering=_person(row.rendering_npi, row.rendering_local_id),
            treatments=tuple(treatments[row.id]),
        )
        rows.extend(clinician_rows(row.id, row.patient_id, encounter))
    bulk_insert(connection, clinician_time, rows)


def _treatment(row: Any) -> Treatment:
    return Treatment(
        code=row.code,
        start=_moment(row.start),
        stop=_moment(row.stop),
        minutes=row.minutes,
        assistant_minutes=row.assistant_minutes,
        joint_minutes=row.joint_minutes,
        rest_minutes=row.rest_minutes,
        delivery=Delivery(row.delivery) if row.delivery else None,
        rendering=_person(row.rendering_npi, row.rendering_local_id),
        assistant=Practitioner(npi=row.assistant_npi, local_id=row.assistant_local_id)
        if row.assistant_stated
        else None,
    )


def _person(npi: Any, local_id: str | None) -> Practitioner | None:
    return Practitioner(npi=npi, local_id=local_id) if npi or local_id else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
