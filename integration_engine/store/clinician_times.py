"""One-on-one time of clinicians over all patients: what one visit needs to know of the others of a day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select, text

from integration_engine.core.codes import Hcpcs
from integration_engine.domain.clinician_time import ClinicianTime, clinician_times
from integration_engine.domain.encounter import Encounter
from integration_engine.store import tables as t
from integration_engine.store.database import parts


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOfOther:
    """A clinician's time in visits of other patients. patient_id: of the visit that is named."""

    on: date
    time: ClinicianTime
    patient_id: int


class ClinicianTimes:
    """Questions over the visits of all patients."""

    @staticmethod
    def among(
        connection: Connection, people: Collection[str], dates: Collection[date], but: Collection[int]
    ) -> list[TimeOfOther]:
        """What these clinicians did one-on-one on these dates, with everyone but these patients; in one query.

        Shapes   equal times of several visits come as one, named by the first visit and counted.
        """
        c = t.clinician_time.c
        same = c.date_of_service, c.practitioner, c.start, c.stop, c.code, c.minutes
        rows = connection.execute(
            select(*same, func.min(c.visit), func.min(c.patient_id), func.count(c.patient_id.distinct()))
            .where(
                c.practitioner.in_(sorted(people)),
                c.date_of_service.in_(sorted(dates)),
                c.patient_id.not_in(sorted(but)),
            )
            .group_by(*same)
            .order_by(*same)
        )
        return [
            TimeOfOther(
                on=on,
                time=ClinicianTime(
                    practitioner=practitioner,
                    start=datetime.fromisoformat(start),
                    stop=datetime.fromisoformat(stop),
                    minutes=minutes,
                    code=Hcpcs(code),
                    visit=visit,
                    visits=visits,
                ),
                patient_id=patient_id,
            )
            for on, practitioner, start, stop, code, minutes, visit, patient_id, visits in rows
        ]

    @staticmethod
    def patients(connection: Connection, other: TimeOfOther) -> set[int]:
        """All patients whose visits state this very time."""
        if other.time.visits == 1:
            return {other.patient_id}
        c, time = t.clinician_time.c, other.time
        rows = connection.execute(
            select(c.patient_id).where(
                c.practitioner == time.practitioner,
                c.date_of_service == other.on,
                c.start == time.start.isoformat(),
                c.stop == time.stop.isoformat(),
                c.code == time.code,
                c.minutes == time.minutes,
            )
        )
        return set(rows.scalars())

    @staticmethod
    def waiting_for(connection: Connection, subjects: Collection[str]) -> set[int]:
        """Patients with an open hold about one of these subjects."""
        found: set[int] = set()
        for part in parts(sorted(subjects)):
            rows = connection.execute(
                select(t.hold.c.patient_id).where(
                    t.hold.c.subject.in_(part), t.hold.c.state == "open", t.hold.c.patient_id.is_not(None)
                )
            )
            found.update(rows.scalars())
        return found

    @staticmethod
    def one_at_a_time(connection: Connection, people: Collection[str]) -> None:
        """Until this transaction ends, no other one that asks for these clinicians goes on.

        Why      Two workers that each save a visit of one clinician would else both miss the other's. SQLite has one
                 writer anyhow.
        """
        if connection.dialect.name == "sqlite":
            return
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(p, 0)) FROM unnest(CAST(:people AS text[])) AS p"),
            {"people": sorted(people)},
        )


def clinician_rows(encounter_id: int, patient_id: int, encounter: Encounter) -> list[tuple[Any, ...]]:
    """The rows of one dated encounter."""
    return [
        (
            encounter_id,
            patient_id,
            time.visit,
            encounter.date_of_service,
            time.practitioner,
            time.start.isoformat(),
            time.stop.isoformat(),
            time.code,
            time.minutes,
        )
        for time in clinician_times(encounter)
    ]
