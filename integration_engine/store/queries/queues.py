"""How the work queues stand: how much waits in each, how much of it is overdue, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, case, func, select

from integration_engine.core.findings import Queue
from integration_engine.store.tables import hold


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One queue. oldest_at: when its longest waiting hold was opened."""

    queue: str
    open: int
    overdue: int
    unassigned: int
    oldest_at: datetime | None


def queues(connection: Connection, today: date) -> list[QueueRow]:
    """Every queue, the empty ones too, in the order of ``Queue``."""
    rows = connection.execute(
        select(
            hold.c.queue,
            func.count().label("open"),
            func.sum(case((hold.c.due_on < today, 1), else_=0)).label("overdue"),
            func.sum(case((hold.c.assigned_to == "", 1), else_=0)).label("unassigned"),
            func.min(hold.c.created_at).label("oldest_at"),
        )
        .where(hold.c.state == "open")
        .group_by(hold.c.queue)
    )
    known = {
        row.queue: QueueRow(
            queue=row.queue,
            open=row.open,
            overdue=int(row.overdue),
            unassigned=int(row.unassigned),
            oldest_at=row.oldest_at,
        )
        for row in rows
    }
    empty = {"open": 0, "overdue": 0, "unassigned": 0}
    return [known.get(q.value) or QueueRow(queue=q.value, oldest_at=None, **empty) for q in Queue]
