"""Kept back: what a person keeps out of every file, and what stops a receiver or leaves claims over for another day."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, ScalarSelect, func, select

from integration_engine.core.findings import Finding, Queue
from integration_engine.core.money import from_cents
from integration_engine.domain.hold import NOT_ENROLLED, OVER_LIMIT
from integration_engine.domain.record import DayState
from integration_engine.store import tables as t
from integration_engine.store.audit import Audit
from integration_engine.store.database import insert_if_absent, parts
from integration_engine.store.holds import Holds


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """A treatment day a person keeps out of every file until they let it go.

    Shapes   visits: those that were named, wherever they are now. total: of the day's claims that wait.
    """

    day_id: int
    visits: str
    who: str
    reason: str
    since: datetime
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Why a receiver takes no further file until a person resolves the hold. file: the one it refused."""

    receiver: str
    hold_id: int
    file: str
    text: str
    fix: str
    since: datetime


class KeptBack:
    """Days that are held back, and receivers that are stopped."""

    def __init__(self, holds: Holds, audit: Audit) -> None:
        self._holds = holds
        self._audit = audit

    def hold_back(self, connection: Connection, day_id: int, *, by: str, reason: str, now: datetime) -> None:
        """Keep a treatment day out of every file until it is let go; its visits stay kept back if their date changes.

        Raises   ValueError without name and reason; LookupError for a day that is not there or has left already.
        """
        if not by.strip() or not reason.strip():
            msg = "--by and --reason must not be empty: they are kept in the audit"
            raise ValueError(msg)
        day = t.treatment_day.c
        row = connection.execute(select(day.state, day.encounters).where(day.id == day_id)).first()
        if row is None:
            msg = f"treatment day {day_id} is not known"
            raise LookupError(msg)
        if row.state == DayState.BILLED.value:
            visits = " ".join(orjson.loads(row.encounters))
            msg = f"visit {visits} has left already: `explain {visits.split()[0]}` says in which file"
            raise LookupError(msg)
        values = {"who": by, "reason": reason, "created_at": now, "visits": row.encounters}
        insert_if_absent(connection, t.held_back, treatment_day_id=day_id, **values)
        self._audit.append(connection, who=by, what="hold back", subject=f"day {day_id}", reason=reason, now=now)

    def let_go(self, connection: Connection, day_id: int, *, by: str, reason: str, now: datetime) -> None:
        """Let a held back day go into the next file.

        Raises   ValueError without name and reason; LookupError when it is not held back.
        """
        if not by.strip() or not reason.strip():
            msg = "--by and --reason must not be empty: they are kept in the audit"
            raise ValueError(msg)
        gone = connection.execute(t.held_back.delete().where(t.held_back.c.treatment_day_id == day_id)).rowcount
        if not gone:
            msg = f"treatment day {day_id} is not held back"
            raise LookupError(msg)
        self._audit.append(connection, who=by, what="let go", subject=f"day {day_id}", reason=reason, now=now)

    def follow_visits(self, connection: Connection, patient_ids: Collection[int], now: datetime) -> None:
        """Hold the days back to which visits of these patients went that are kept back.

        Shapes   a day that none of them is on any more is let go once another day has them; one whose visits are gone
                 stays held back, and follows them when they are said again.
        """
        for row, days in _with_days(connection, patient_ids):
            wanted = orjson.loads(row.visits)
            now_on = {day_id: found for day_id, on in days.items() if (found := [v for v in wanted if v in on])}
            elsewhere = {day_id: found for day_id, found in now_on.items() if day_id != row.treatment_day_id}
            for day_id, found in sorted(elsewhere.items()):
                values = {"who": row.who, "reason": row.reason, "created_at": row.created_at}
                visits = orjson.dumps(found).decode()
                insert_if_absent(connection, t.held_back, treatment_day_id=day_id, visits=visits, **values)
            if elsewhere:
                self._moved(connection, row.treatment_day_id, now_on, elsewhere, now)

    def _moved(
        self,
        connection: Connection,
        day_id: int,
        now_on: Mapping[int, list[str]],
        elsewhere: Mapping[int, list[str]],
        now: datetime,
    ) -> None:
        """The day that was held back keeps those of the visits that are still on it, and is let go without any."""
        same = t.held_back.c.treatment_day_id == day_id
        if stay := now_on.get(day_id):
            connection.execute(t.held_back.update().where(same).values(visits=orjson.dumps(stay).decode()))
        else:
            connection.execute(t.held_back.delete().where(same))
        for other, found in sorted(elsewhere.items()):
            what, reason = "hold back", f"{' '.join(found)} came from day {day_id}, which was held back"
            self._audit.append(connection, who="engine", what=what, subject=f"day {other}", reason=reason, now=now)

    @staticmethod
    def waits_for_enrollment(connection: Connection) -> bool:
        """Does any open hold tell of an enrollment that is missing?"""
        missing = t.hold.c.finding == NOT_ENROLLED, t.hold.c.state == "open"
        return connection.scalar(select(t.hold.c.id).where(*missing).limit(1)) is not None

    def tell_enrollment(self, connection: Connection, waiting: Mapping[int, Finding], now: datetime) -> set[int]:
        """Hold the days of claims that wait for an enrollment, release those that wait no more; the claims that wait.

        Shapes   waiting: claim id → finding. A claim whose hold a person has overridden does not wait.
        """
        days = _days_of(connection, waiting)
        wanted = {day_id: (patient_id, waiting[claim_id]) for claim_id, (day_id, patient_id) in days.items()}
        told = self._told(connection)
        for day_id in sorted(told - wanted.keys()):
            self._holds.sync(connection, (), now, day_id=day_id, families=(NOT_ENROLLED,))
        for day_id in sorted(wanted.keys() - told):
            patient_id, finding = wanted[day_id]
            self._holds.sync(
                connection, (finding,), now, day_id=day_id, patient_id=patient_id, families=(NOT_ENROLLED,)
            )
        told = self._told(connection)
        return {claim_id for claim_id, (day_id, _) in days.items() if day_id in told}

    @staticmethod
    def _told(connection: Connection) -> set[int]:
        missing = t.hold.c.finding == NOT_ENROLLED, t.hold.c.state == "open", t.hold.c.treatment_day_id.is_not(None)
        return set(connection.execute(select(t.hold.c.treatment_day_id).where(*missing)).scalars())

    @staticmethod
    def held_back(connection: Connection) -> list[HeldBack]:
        """What is held back, and by whom."""
        rows = connection.execute(
            select(t.held_back, _waiting_cents().label("cents")).order_by(t.held_back.c.created_at)
        )
        return [
            HeldBack(
                day_id=row.treatment_day_id,
                visits=" ".join(orjson.loads(row.visits)),
                who=row.who,
                reason=row.reason,
                since=row.created_at,
                total=from_cents(row.cents),
            )
            for row in rows
        ]

    @classmethod
    def stopped(cls, connection: Connection) -> set[str]:
        """Receivers that refused a whole file for a fault of no claim; they wait until a person resolves the hold."""
        return {stop.receiver for stop in cls.stops(connection)}

    @staticmethod
    def stops(connection: Connection) -> list[Stop]:
        """The open holds that stop a receiver, oldest first."""
        h = t.hold.c
        rows = connection.execute(
            select(t.batch.c.receiver, t.batch.c.file_name, h.id, h.text, h.fix, h.created_at)
            .join(t.hold, h.batch_id == t.batch.c.id)
            .where(h.state == "open", h.queue == Queue.REJECTIONS.value, h.finding != OVER_LIMIT)
            .order_by(h.id)
        )
        return [
            Stop(
                receiver=row.receiver,
                hold_id=row.id,
                file=row.file_name,
                text=row.text,
                fix=row.fix,
                since=row.created_at,
            )
            for row in rows
        ]

    def tell_limits(self, connection: Connection, over: Mapping[str, Finding], now: datetime) -> None:
        """Open a hold for each receiver that has had its files of the day, and release those whose cause is gone.

        Shapes   over: receiver → finding. A hold hangs on the receiver's last file.
        """
        last = connection.execute(
            select(t.batch.c.receiver, func.max(t.batch.c.id).label("id"))
            .where(t.batch.c.receiver.in_(list(over)))
            .group_by(t.batch.c.receiver)
        )
        wanted = {row.id: over[row.receiver] for row in last}
        self._holds.sync_finding(connection, OVER_LIMIT, wanted, now)


def _with_days(
    connection: Connection, patient_ids: Collection[int]
) -> Iterator[tuple[Any, Mapping[int, Collection[str]]]]:
    """What is held back of these patients, each with all days of the patient and the visits on them."""
    day = t.treatment_day.c
    for part in parts(sorted(patient_ids)):
        held = connection.execute(
            select(t.held_back, day.patient_id)
            .join(t.treatment_day, day.id == t.held_back.c.treatment_day_id)
            .where(day.patient_id.in_(part))
            .order_by(day.id)
        ).all()
        days: dict[int, dict[int, Collection[str]]] = {row.patient_id: {} for row in held}
        for patient_part in parts(sorted(days)):
            rows = select(day.patient_id, day.id, day.encounters).where(day.patient_id.in_(patient_part))
            for row in connection.execute(rows):
                days[row.patient_id][row.id] = orjson.loads(row.encounters)
        yield from ((row, days[row.patient_id]) for row in held)


def _waiting_cents() -> ScalarSelect[Any]:
    """What the claims of a held back day come to that have not left."""
    claim = t.claim.c
    of_day = claim.treatment_day_id == t.held_back.c.treatment_day_id, claim.state == "drafted"
    return select(func.coalesce(func.sum(claim.total_cents), 0)).where(*of_day).scalar_subquery()


def _days_of(connection: Connection, claim_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Claim id → its treatment day and patient."""
    found = {}
    for part in parts(sorted(claim_ids)):
        rows = connection.execute(
            select(t.claim.c.id, t.claim.c.treatment_day_id, t.treatment_day.c.patient_id)
            .join(t.treatment_day, t.treatment_day.c.id == t.claim.c.treatment_day_id)
            .where(t.claim.c.id.in_(part))
        )
        found.update({row.id: (row.treatment_day_id, row.patient_id) for row in rows})
    return found
