"""The audit: who did what to which thing and why, each entry chained to the one before by its hash."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select, text

from integration_engine.store.ids import IdFactory
from integration_engine.store.tables import audit_event

_START = "0" * 64
_ONE_AT_A_TIME = 7_241_130_002  # any number, the same in every process


class Audit:
    """Append and verify."""

    def __init__(self, ids: IdFactory) -> None:
        self._ids = ids

    def append(self, connection: Connection, *, who: str, what: str, subject: str, reason: str, now: datetime) -> None:
        """Record one act, in the transaction that does it.

        Why      One writer at a time, and an id above the last one whatever this machine's clock says: else two
                 entries would follow the same one, and the chain would look broken.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ONE_AT_A_TIME})
        newest = connection.execute(
            select(audit_event.c.id, audit_event.c.chain).order_by(audit_event.c.id.desc()).limit(1)
        ).first()
        last = newest.chain if newest else _START
        identity = max(self._ids.next(), newest.id + 1 if newest else 0)
        connection.execute(
            insert(audit_event).values(
                id=identity,
                who=who,
                what=what,
                subject=subject,
                reason=reason,
                created_at=now,
                chain=_link(last, identity, who, what, subject, reason, now),
            )
        )

    def verify(self, connection: Connection) -> int:
        """How many entries do not fit the chain; 0 when nothing was changed."""
        broken, last = 0, _START
        for row in connection.execute(select(audit_event).order_by(audit_event.c.id)):
            broken += row.chain != _link(last, row.id, row.who, row.what, row.subject, row.reason, row.created_at)
            last = row.chain
        return broken


def _link(last: str, identity: int, who: str, what: str, subject: str, reason: str, now: datetime) -> str:
    parts = (last, str(identity), who, what, subject, reason, now.astimezone(UTC).isoformat(timespec="microseconds"))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
