"""Batches: which claims went into which 837P file, under which numbers, and how far that file has come.

A claim reaches a file only through ``ready_claims``. Control numbers are counted in the transaction that uses them, so
that only a file a check refused leaves a gap; reuse does not happen. The bytes are kept before a file exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, exists, func, insert, select, update

from integration_engine.core.money import to_cents
from integration_engine.domain.claim import Claim
from integration_engine.store import tables as t
from integration_engine.store.database import Database, bulk_insert, insert_if_absent
from integration_engine.store.ids import IdFactory
from integration_engine.store.ready_claims import ReadyClaim, ready_claim, ready_query

CLAIMS = "claim"  # the counter of claim numbers
LARGEST_INTERCHANGE = 999_999_999
_DIGITS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and O: claim numbers are read out on the telephone


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What was allotted to one file: its interchange control number and a claim number for each claim."""

    interchange: int
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingBatch:
    """A rendered batch on its way out."""

    id: int
    file_name: str
    data: bytes
    claims: int
    total_cents: int
    checked: bool = False

    @property
    def text(self) -> str:
        """The file as text; 837P is ASCII."""
        return self.data.decode("ascii")


class Batches:
    """The life of 837P files in the store."""

    def __init__(self, database: Database, ids: IdFactory) -> None:
        self._database = database
        self._ids = ids

    @staticmethod
    def plan_alone(connection: Connection) -> None:
        """Let no other batcher plan until the transaction ends: it waits, and then sees what this one took.

        Why      What a receiver may still have today, which claims are free and which number comes next are asked and
                 answered as one. The lock ends with the connection, so that a batcher that is killed leaves none.
        """
        insert_if_absent(connection, t.control_number, scope=CLAIMS, last=0)
        connection.execute(select(t.control_number.c.last).where(t.control_number.c.scope == CLAIMS).with_for_update())

    def ready_claims(
        self, connection: Connection, receivers: Collection[str], *, limit: int = 5000
    ) -> list[ReadyClaim]:
        """Claims to these receivers that may go out now, locked until the transaction ends."""
        query = ready_query().where(t.claim.c.receiver.in_(list(receivers))).order_by(t.claim.c.id).limit(limit)
        query = query.with_for_update(skip_locked=True, of=t.claim)
        return [ready_claim(row) for row in connection.execute(query)]

    def preview(self, connection: Connection, *, aside: str = "") -> list[ReadyClaim]:
        """Every claim that would go out now; nothing is locked or numbered.

        Shapes   aside: a kind of finding whose holds are not looked at.
        """
        return [ready_claim(row) for row in connection.execute(ready_query(aside=aside).order_by(t.claim.c.id))]

    @staticmethod
    def made_since(connection: Connection, moment: datetime) -> dict[str, int]:
        """How many files of each receiver were made since then; those a check refused do not count."""
        rows = connection.execute(
            select(t.batch.c.receiver, func.count().label("files"))
            .where(t.batch.c.created_at >= moment, t.batch.c.state != "refused")
            .group_by(t.batch.c.receiver)
        )
        return {row.receiver: row.files for row in rows}

    @staticmethod
    def last_created(connection: Connection) -> dict[str, datetime]:
        """When the last file of each receiver was made."""
        rows = connection.execute(
            select(t.batch.c.receiver, func.max(t.batch.c.created_at).label("last")).group_by(t.batch.c.receiver)
        )
        return {row.receiver: row.last for row in rows}

    def allot(self, connection: Connection, receiver: str, claims: int) -> Numbers:
        """Numbers for one file: never given out before to this receiver, in any file that ever existed."""
        first = self._count(connection, CLAIMS, claims)  # first of all, so that two batchers never wait for each other
        interchange = self._count(connection, f"interchange {receiver}", 1)
        if interchange > LARGEST_INTERCHANGE:
            msg = f"receiver {receiver}: interchange control numbers are used up"
            raise OverflowError(msg)
        return Numbers(interchange=interchange, claims=tuple(_claim_number(first + offset) for offset in range(claims)))

    @staticmethod
    def _count(connection: Connection, scope: str, count: int) -> int:
        """The first of ``count`` fresh numbers."""
        column = t.control_number.c
        insert_if_absent(connection, t.control_number, scope=scope, last=0)
        connection.execute(update(t.control_number).where(column.scope == scope).values(last=column.last + count))
        last = connection.scalar(select(column.last).where(column.scope == scope))
        assert last is not None
        return int(last) - count + 1

    def create(
        self,
        connection: Connection,
        *,
        receiver: str,
        payer: str,
        claims: Sequence[Claim],
        interchange: int,
        data: bytes,
        content_digest: str,
        file_name: str,
        mappings_version: str,
        now: datetime,
    ) -> PendingBatch:
        """Keep a rendered file and number its claims."""
        batch = self.keep(
            connection,
            receiver=receiver,
            payer=payer,
            claims=claims,
            interchange=interchange,
            data=data,
            content_digest=content_digest,
            file_name=file_name,
            mappings_version=mappings_version,
            now=now,
        )
        connection.execute(
            update(t.claim)
            .where(t.claim.c.id == bindparam("claim"))
            .values(state="batched", number=bindparam("given")),
            [{"claim": claim.id, "given": claim.number} for claim in claims],
        )
        connection.execute(
            update(t.service_line)
            .where(t.service_line.c.claim_id == bindparam("claim"), t.service_line.c.number == bindparam("line"))
            .values(line_control=bindparam("control")),
            [
                {"claim": claim.id, "line": line.number, "control": line.line_control}
                for claim in claims
                for line in claim.draft.lines
            ],
        )
        bulk_insert(connection, t.batch_claim, [(batch.id, claim.id, True) for claim in claims])
        return batch

    def keep(
        self,
        connection: Connection,
        *,
        receiver: str,
        payer: str,
        claims: Sequence[Claim],
        interchange: int,
        data: bytes,
        content_digest: str,
        file_name: str,
        mappings_version: str,
        now: datetime,
    ) -> PendingBatch:
        """Keep the bytes of a rendered file, before any claim is said to lie in it."""
        batch_id = self._ids.next()
        total = sum(to_cents(claim.draft.total_charge) for claim in claims)
        connection.execute(
            insert(t.batch).values(
                id=batch_id,
                receiver=receiver,
                payer=payer,
                state="rendered",
                interchange=interchange,
                file_name=file_name,
                data=data,
                digest=hashlib.sha256(data).hexdigest(),
                content_digest=content_digest,
                claims=len(claims),
                total_cents=total,
                mappings_version=mappings_version,
                reason="",
                created_at=now,
            )
        )
        return PendingBatch(id=batch_id, file_name=file_name, data=data, claims=len(claims), total_cents=total)

    def unfinished(self, *, rerouted: bool = False) -> list[PendingBatch]:
        """Files that a crash left between rendering and publication.

        Shapes   rerouted: those of claims that left before, to another receiver; else those of claims that never left.
        """
        left_before = exists().where(
            t.batch_claim.c.batch_id == t.batch.c.id,
            t.claim.c.id == t.batch_claim.c.claim_id,
            t.claim.c.state.in_(("submitted", "refused")),
        )
        with self._database.read() as connection:
            rows = connection.execute(
                select(t.batch)
                .where(t.batch.c.state.in_(("rendered", "checked")), left_before if rerouted else ~left_before)
                .order_by(t.batch.c.id)
            )
            return [
                PendingBatch(
                    id=row.id,
                    file_name=row.file_name,
                    data=bytes(row.data),
                    claims=row.claims,
                    total_cents=row.total_cents,
                    checked=row.state == "checked",
                )
                for row in rows
            ]

    @staticmethod
    def may_leave(connection: Connection, batch: PendingBatch) -> bool:
        """Was the file accepted, and has nobody published or refused it meanwhile? Locks it until the transaction ends.

        Why      Two processes may have taken up the same file. Whoever holds this lock publishes; the other one waits,
                 sees the file where it ended, and leaves it alone, also when it lies in outbound/ no more.
        """
        query = select(t.batch.c.state).where(t.batch.c.id == batch.id).with_for_update()
        return connection.scalar(query) == "checked"

    @staticmethod
    def mark_checked(connection: Connection, batch: PendingBatch, told: str = "") -> None:
        """The gate accepted the file. told: what it said all the same, kept for the list of files."""
        of_batch = t.batch.c.id == batch.id, t.batch.c.state == "rendered"
        connection.execute(update(t.batch).where(*of_batch).values(state="checked", reason=told))

    @staticmethod
    def settle(connection: Connection, batch: PendingBatch, state: str, **more: Any) -> bool:
        """Bring a file on its way to where it ends; False when another process has done so already."""
        on_its_way = t.batch.c.id == batch.id, t.batch.c.state.in_(("rendered", "checked"))
        return bool(connection.execute(update(t.batch).where(*on_its_way).values(state=state, **more)).rowcount)


def _claim_number(serial: int) -> str:
    """CLM01: at most 17 of A-Z and 0-9, unique, opaque; a check character catches a slip on the telephone."""
    text, rest = "", serial
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        text = _DIGITS[digit] + text
    return f"C{text.rjust(7, '0')}{_DIGITS[serial % 31]}"
