"""Whose authorizations and bookings there are, and who a record number is: where to look, not what it means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import Connection, select

from integration_engine.domain.authorization import AppointmentStatus
from integration_engine.domain.hold import HoldStage
from integration_engine.store.database import parts
from integration_engine.store.records import MERGED_NUMBER
from integration_engine.store.tables import appointment, authorization, hold, patient_identifier


def patients_with_authorizations(connection: Connection) -> list[int]:
    """Every patient an authorization is on file for."""
    found = select(authorization.c.patient_id).distinct().order_by(authorization.c.patient_id)
    return list(connection.execute(found).scalars())


def patients_booked(connection: Connection, first: date, days: int) -> list[int]:
    """Every patient with an appointment booked within so many days, the first included."""
    start, after = first.isoformat(), (first + timedelta(days=days)).isoformat()
    found = (
        select(appointment.c.patient_id)
        .where(
            appointment.c.status == AppointmentStatus.BOOKED.value,
            appointment.c.start >= start,  # kept as ISO text, so that text order is time order
            appointment.c.start < after,
        )
        .distinct()
        .order_by(appointment.c.patient_id)
    )
    return list(connection.execute(found).scalars())


def patients_known_as(connection: Connection, numbers: Collection[str]) -> dict[str, dict[str, int]]:
    """Record number → sender scope → patient id; several scopes where several senders use the number."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    column = patient_identifier.c
    for part in parts(sorted(set(numbers))):
        rows = connection.execute(
            select(column.value, column.scope, column.patient_id).where(
                column.value.in_(part), column.position.in_((0, MERGED_NUMBER))
            )
        )
        for value, scope, patient_id in rows:
            found[value][scope] = patient_id
    return found


def booking_stages(connection: Connection, patient_ids: Collection[int]) -> dict[tuple[int, str], HoldStage]:
    """How far the open hold of each booked appointment has come, by patient and subject."""
    found: dict[tuple[int, str], HoldStage] = {}
    for part in parts(sorted(patient_ids)):
        rows = connection.execute(
            select(hold.c.patient_id, hold.c.subject, hold.c.stage).where(
                hold.c.patient_id.in_(part), hold.c.treatment_day_id.is_(None), hold.c.state == "open"
            )
        )
        found.update({(patient_id, subject): HoldStage(stage) for patient_id, subject, stage in rows})
    return found
