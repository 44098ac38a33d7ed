"""The journal: what arrived, byte for byte, with the answer it got. One commit for all that arrived together.

Every row is in one state: pending (accepted, waits for a worker), done, parked (accepted, waits for a person),
refused (stored, but answered AE or AR). Rows are never removed by the engine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, literal_column, select, union_all, update
from sqlalchemy.exc import IntegrityError

from integration_engine.store.database import Database, bulk_insert
from integration_engine.store.ids import IdFactory
from integration_engine.store.tables import journal

TRIES = 5
Kept = tuple[str, int, bytes]  # digest, journal id, acknowledgment


class Verdict(StrEnum):
    """What the journal made of one arrival."""

    NEW = "new"
    DUPLICATE = "duplicate"  # same sender, control id and bytes: the stored answer again, no second row
    CONFLICT = "conflict"  # same sender and control id, other bytes: stored as refused


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message ready to be stored, with the answer it gets when it is new.

    Shapes   sender: ``application|facility``. digest: SHA-256 of ``raw`` in hex. charge_count: its FT1 segments.
             conflict: gives the answer in case the control id was used before with other bytes.
    """

    sender: str
    control_id: str
    digest: str
    trigger: str
    lane: int
    charge_count: int
    accepted: bool
    reason: str
    peer: str
    tolerances: str
    raw: bytes
    acknowledgment: bytes
    conflict: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an arrival lies, and the answer that may be sent now."""

    journal_id: int
    verdict: Verdict
    acknowledgment: bytes


class Journal:
    """Append-only; ``append`` is the whole of the receive path's database work."""

    def __init__(self, database: Database, ids: IdFactory) -> None:
        self._database = database
        self._ids = ids

    def append(self, arrivals: Sequence[Arrival], now: datetime) -> list[Receipt]:
        """Store all arrivals in one transaction; receipts in the same order.

        Raises   the database's error when the commit fails: then nothing was stored and nothing may be acknowledged.
        Why      Two listeners may take the same message at once; the unique index decides, and the loser looks again.
        """
        for _ in range(TRIES - 1):
            try:
                return self._append(arrivals, now)
            except IntegrityError:
                continue
            except Exception as error:
                if type(error).__name__ not in {
                    "UniqueViolation",
                    "IntegrityError",
                }:  # the driver's, from a bulk insert
                    raise
        return self._append(arrivals, now)

    def _append(self, arrivals: Sequence[Arrival], now: datetime) -> list[Receipt]:
        with self._database.write() as connection:
            known = _known(connection, arrivals)
            receipts, rows = [], []
            for arrival in arrivals:
                sender, control_id = _text(arrival.sender), _text(arrival.control_id)
                key = (sender, control_id)
                before = known.accepted.get(key) if control_id else None
                same = known.same(key, arrival) if control_id else None
                if same is not None:
                    receipts.append(Receipt(same[1], Verdict.DUPLICATE, same[2]))
                    continue
                journal_id = self._ids.next()
                if before is None:
                    verdict, answer, reason = Verdict.NEW, arrival.acknowledgment, arrival.reason
                    state = "pending" if arrival.accepted else "refused"
                else:
                    verdict, answer, state = Verdict.CONFLICT, arrival.conflict(), "refused"
                    reason = "control id used before with other content"
                if state == "pending":
                    known.accepted[key] = (arrival.digest, journal_id, answer)
                else:
                    known.refused[(*key, arrival.digest)] = (arrival.digest, journal_id, answer)
                receipts.append(Receipt(journal_id, verdict, answer))
                rows.append(
                    (
                        journal_id,
                        sender,
                        control_id,
                        arrival.digest,
                        _text(arrival.trigger),
                        arrival.lane,
                        arrival.charge_count,
                        state,
                        _text(reason),
                        arrival.peer,
                        _text(arrival.tolerances),
                        arrival.raw,
                        answer,
                        now,
                        None,
                    )
                )
            bulk_insert(connection, journal, rows)
        return receipts

    def keep_file(self, connection: Connection, kind: str, raw: bytes, now: datetime) -> int:
        """Keep a file that a person brought, so that what came of it can be traced to its bytes; returns its journal id.

        Shapes   kind: ``authorizations``, in place of sender and trigger. The same bytes again are the same entry.
        """
        digest = hashlib.sha256(raw).hexdigest()
        sender = f"file|{kind}"
        known = connection.scalar(
            select(journal.c.id).where(journal.c.sender == sender, journal.c.control_id == digest)
        )
        if known is not None:
            return int(known)
        journal_id = self._ids.next()
        row = (journal_id, sender, digest, digest, kind, 0, 0, "done", "", "", "", raw, b"", now, now)
        bulk_insert(connection, journal, [row])
        return journal_id

    def mark(self, connection: Connection, journal_ids: Sequence[int], state: str, reason: str, now: datetime) -> None:
        """Say what became of messages."""
        if journal_ids:
            connection.execute(
                update(journal).where(journal.c.id.in_(journal_ids)).values(state=state, reason=reason, settled_at=now)
            )

    def raw(self, connection: Connection, journal_id: int) -> bytes | None:
        """The bytes of one message as they came."""
        return connection.scalar(select(journal.c.raw).where(journal.c.id == journal_id))


def _text(value: str) -> str:
    """Text that both databases can hold; the bytes themselves are kept in ``raw``.

    Why      PostgreSQL refuses NUL in text, and one such message would cost every other of its batch its answer.
    """
    return value.replace("\0", "\ufffd")


def known_query() -> Any:
    """What was received before under the control ids of one sender.

    Why      The states stand as literals, not as parameters: only then is a partial index used, and without one the
             receive path reads the whole journal for every batch.
    """
    return union_all(_kept_under("state != 'refused'", accepted=1), _kept_under("state = 'refused'", accepted=0))


def _kept_under(state: str, *, accepted: int) -> Select[Any]:
    return select(
        journal.c.control_id,
        journal.c.digest,
        journal.c.id,
        journal.c.acknowledgment,
        literal_column(str(accepted)).label("accepted"),
    ).where(
        journal.c.sender == bindparam("sender"),
        journal.c.control_id.in_(bindparam("controls", expanding=True)),
        literal_column(f"{state} AND control_id != ''"),
    )


_KNOWN = known_query()


def _known(connection: Connection, arrivals: Sequence[Arrival]) -> _Known:
    known = _Known({}, {})
    controls: dict[str, set[str]] = {}
    for arrival in arrivals:
        if arrival.control_id:
            controls.setdefault(_text(arrival.sender), set()).add(_text(arrival.control_id))
    for sender, wanted in controls.items():
        rows = connection.execute(_KNOWN, {"sender": sender, "controls": sorted(wanted)})
        for control_id, digest, journal_id, answer, accepted in rows:
            if accepted:
                known.accepted[sender, control_id] = (digest, journal_id, answer)
            else:
                known.refused[sender, control_id, digest] = (digest, journal_id, answer)
    return known


class _Known(NamedTuple):
    """What was received before: by sender and control id, and what was refused also by its bytes."""

    accepted: dict[tuple[str, str], Kept]
    refused: dict[tuple[str, str, str], Kept]

    def same(self, key: tuple[str, str], arrival: Arrival) -> Kept | None:
        """The row that already holds this very message; none when it was refused and can now be taken."""
        before = self.accepted.get(key)
        if before is not None and before[0] == arrival.digest:
            return before
        return None if before is None and arrival.accepted else self.refused.get((*key, arrival.digest))
