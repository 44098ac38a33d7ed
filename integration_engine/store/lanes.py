"""Lanes: messages of one patient take effect in arrival order, whatever the number of workers.

Every message belongs to one of a fixed number of lanes, by its patient. A worker leases free lanes, takes their oldest
messages, and saves under a fencing token: a worker that was silent for longer than its lease loses its lanes, and
whatever it then tries to save is refused. Source  house rule; leases outlast a database failover of 17 s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select, update

from integration_engine.core.errors import EngineError
from integration_engine.store.database import Database, parts
from integration_engine.store.tables import journal, lane, patient

LANE_COUNT = 64
_FREE = datetime(2000, 1, 1, tzinfo=UTC)


class LeaseLost(EngineError):
    """Another worker took these lanes over; nothing of this batch may be saved."""


class RecordChanged(LeaseLost):
    """A claim of these patients went on its way after they were read; nothing of this batch may be saved, read again.

    Why      The batcher takes claims, not lanes. Saved over, a billed day would be drafted, and sent, a second time.
    """


@dataclass(frozen=True, slots=True)
class JournalItem:
    """One message to be taken through."""

    journal_id: int
    lane: int
    raw: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """Lanes held until ``until`` under one token, and their oldest messages in arrival order."""

    token: int
    lanes: tuple[int, ...]
    items: tuple[JournalItem, ...]


class Lanes:
    """Hands out leases. One instance a worker process; ``worker`` names it."""

    def __init__(self, database: Database, worker: str, next_token: Callable[[], int], lease_seconds: int = 30) -> None:
        self._database = database
        self._worker = worker
        self._next_token = next_token
        self._lease = timedelta(seconds=lease_seconds)

    def take(self, now: datetime, *, limit: int = 100, most_lanes: int = 32) -> Lease | None:
        """Lease free lanes that have messages waiting, and read up to ``limit`` of them; None when nothing waits."""
        with self._database.read() as connection:
            wanted = [row.id for row in connection.execute(_WAITING, {"now": now, "most": most_lanes})]
        if not wanted:
            return None
        token = self._next_token()
        with self._database.write() as connection:
            free = connection.execute(
                select(lane.c.id)
                .where(lane.c.id.in_(wanted), lane.c.leased_until < now)
                .order_by(lane.c.id)
                .with_for_update(skip_locked=True)
            ).scalars()
            lanes = tuple(free)
            if not lanes:
                return None
            connection.execute(
                update(lane)
                .where(lane.c.id.in_(lanes))
                .values(worker=self._worker, token=token, leased_until=now + self._lease)
            )
            rows = connection.execute(
                select(journal.c.id, journal.c.lane, journal.c.raw, journal.c.created_at)
                .where(_PENDING, journal.c.lane.in_(lanes))
                .order_by(journal.c.id)
                .limit(limit)
            )
            items = tuple(JournalItem(*row) for row in rows)
        lease = Lease(token, lanes, items)
        if not items:
            self.release(lease)
            return None
        return lease

    def hold_patient(self, patient_id: int, now: datetime) -> Lease | None:
        """Lease the lane one patient's messages come in by, without messages; None while another worker has it."""
        with self._database.write() as connection:
            wanted = connection.scalar(
                select(journal.c.lane)
                .join(patient, patient.c.journal_id == journal.c.id)
                .where(patient.c.id == patient_id)
            )
            token = self._next_token()
            taken = connection.execute(
                update(lane)
                .where(lane.c.id == wanted, lane.c.leased_until < now)
                .values(worker=self._worker, token=token, leased_until=now + self._lease)
            ).rowcount
        return Lease(token, (wanted,), ()) if taken and wanted is not None else None

    def hold_patients(
        self, patient_ids: Sequence[int], now: datetime, *, limit: int = 100, most_lanes: int = 32
    ) -> tuple[Lease, list[int]] | None:
        """Lease the free lanes of several patients, without messages; returns the lease and the patients in it.

        Shapes   at most ``limit`` patients in ``most_lanes`` lanes, so that other workers find some; None while others
                 have all of these lanes.
        """
        with self._database.write() as connection:
            lane_of: dict[int, int] = {}
            for part in parts(patient_ids):
                rows = connection.execute(
                    select(patient.c.id, journal.c.lane)
                    .join(journal, patient.c.journal_id == journal.c.id)
                    .where(patient.c.id.in_(part))
                )
                lane_of.update((row.id, row.lane) for row in rows)
            free = set(
                connection.execute(
                    select(lane.c.id)
                    .where(lane.c.id.in_(set(lane_of.values())), lane.c.leased_until < now)
                    .order_by(lane.c.id)
                    .limit(most_lanes)
                    .with_for_update(skip_locked=True)
                ).scalars()
            )
            held = [one for one in patient_ids if lane_of.get(one) in free][:limit]
            lanes = tuple(sorted({lane_of[one] for one in held}))
            if not held:
                return None
            token = self._next_token()
            connection.execute(
                update(lane)
                .where(lane.c.id.in_(lanes))
                .values(worker=self._worker, token=token, leased_until=now + self._lease)
            )
        return Lease(token, lanes, ()), held

    def guard(self, connection: Connection, lease: Lease, now: datetime) -> None:
        """Inside the saving transaction: prove that the lanes are still ours, and hold them on.

        Raises   LeaseLost.
        """
        renewed = connection.execute(
            update(lane)
            .where(lane.c.id.in_(lease.lanes), lane.c.token == lease.token)
            .values(leased_until=now + self._lease)
        ).rowcount
        if renewed != len(lease.lanes):
            raise LeaseLost("the lease ran out and another worker took these patients over")

    def release(self, lease: Lease) -> None:
        """Give the lanes back, if they are still ours."""
        with self._database.write() as connection:
            connection.execute(update(lane).where(lane.c.token == lease.token).values(leased_until=_FREE, worker=""))


# A literal, not a parameter: only then does SQLite use the partial index on what is pending.
_PENDING: ColumnElement[bool] = literal_column("journal.state = 'pending'")
_OLDEST = select(func.min(journal.c.id)).where(_PENDING, journal.c.lane == lane.c.id).correlate(lane).scalar_subquery()
# Free lanes with something waiting, longest waiting first: one index look-up a lane, however long the backlog.
_FREE_LANES = select(lane.c.id, _OLDEST.label("oldest")).where(lane.c.leased_until < bindparam("now")).subquery()
_WAITING = (
    select(_FREE_LANES.c.id)
    .where(_FREE_LANES.c.oldest.is_not(None))
    .order_by(_FREE_LANES.c.oldest)
    .limit(bindparam("most"))
)
