"""Messages as they were received, newest first: what came, from whom, and what became of it. Never their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from integration_engine.store.tables import journal


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One line of the journal, without what it carries."""

    id: int
    sender: str
    control_id: str
    trigger: str
    state: str
    reason: str
    charge_count: int
    received_at: datetime
    settled_at: datetime | None


def messages(
    connection: Connection,
    *,
    state: str | None = None,
    sender: str | None = None,
    control_id: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[MessageRow]:
    """A page of messages; ``before`` is the last id of the page already shown."""
    j = journal.c
    query = select(
        j.id, j.sender, j.control_id, j.trigger, j.state, j.reason, j.charge_count, j.created_at, j.settled_at
    )
    for column, wanted in ((j.state, state), (j.sender, sender), (j.control_id, control_id)):
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(j.id < before)
    return [
        MessageRow(
            id=row.id,
            sender=row.sender,
            control_id=row.control_id,
            trigger=row.trigger,
            state=row.state,
            reason=row.reason,
            charge_count=row.charge_count,
            received_at=row.created_at,
            settled_at=row.settled_at,
        )
        for row in connection.execute(query.order_by(j.id.desc()).limit(limit))
    ]
