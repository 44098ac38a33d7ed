"""Answer files as they came, the remits in them, and what of each was posted. The bytes are kept for ever.

A file is taken in once by its content; a payment of a claim takes effect once by its key, whatever file brings it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from integration_engine.core.money import to_cents
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.store import tables as t
from integration_engine.store.database import bulk_insert, parts
from integration_engine.store.documents import decode_remit, decode_remit_claim, encode
from integration_engine.store.ids import IdFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFile:
    """One answer file as kept. state: done, held (something in it waits for a person) or rejected (no answer at all)."""

    id: int
    file_name: str
    kinds: str
    state: str
    reason: str
    tolerances: str
    taken_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedClaim:
    """One claim of a remit as it was taken in. claim_id: ours, None where it matches none. state: posted, unmatched, repeated."""

    claim_id: int | None
    key: str
    claim: RemitClaim
    state: str
    patient_share: Decimal


class AnswerFiles:
    """The journal of what came back."""

    def __init__(self, ids: IdFactory) -> None:
        self._ids = ids

    def known(self, connection: Connection, data: bytes) -> AnswerFile | None:
        """The file with these very bytes, if it was taken in before."""
        row = connection.execute(select(t.answer).where(t.answer.c.digest == _digest(data))).first()
        if row is None:
            return None
        return _file(row)

    @staticmethod
    def files(connection: Connection, state: str | None = None, limit: int = 500) -> list[AnswerFile]:
        """The files taken in, newest first."""
        query = select(t.answer).order_by(t.answer.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(t.answer.c.state == state)
        return [_file(row) for row in connection.execute(query)]

    def bytes_of(self, connection: Connection, answer_id: int) -> tuple[str, bytes]:
        """Name and bytes of a file taken in before.

        Raises   LookupError when there is none with this id.
        """
        row = connection.execute(
            select(t.answer.c.file_name, t.answer.c.data).where(t.answer.c.id == answer_id)
        ).first()
        if row is None:
            msg = f"there is no answer file {answer_id}"
            raise LookupError(msg)
        return row.file_name, bytes(row.data)

    def keep(self, connection: Connection, name: str, data: bytes, kinds: str, tolerances: str, now: datetime) -> int:
        """Keep a file's bytes; what came of it is said by ``settle``."""
        identity = self._ids.next()
        connection.execute(
            insert(t.answer).values(
                id=identity,
                file_name=name,
                digest=_digest(data),
                kinds=kinds,
                state="done",
                reason="",
                tolerances=tolerances,
                data=data,
                created_at=now,
            )
        )
        return identity

    def settle(self, connection: Connection, answer_id: int, state: str, reason: str) -> None:
        """Say what came of a file."""
        connection.execute(update(t.answer).where(t.answer.c.id == answer_id).values(state=state, reason=reason))

    def posted_keys(self, connection: Connection, keys: Collection[str]) -> set[str]:
        """Those of these payments that have taken effect already, on a claim or on money that waits for one."""
        found: set[str] = set()
        for part in parts(sorted(keys)):
            c = t.remit_claim.c
            found.update(connection.execute(select(c.key).where(c.key.in_(part), c.state != "repeated")).scalars())
        return found

    def keep_remit(
        self, connection: Connection, answer_id: int, position: int, remit: Remit, state: str, now: datetime
    ) -> int:
        """Keep one payment; state posted, or held where it does not balance. position: its place in the file, from 0."""
        identity = self._ids.next()
        connection.execute(
            insert(t.remit).values(
                id=identity,
                answer_id=answer_id,
                position=position,
                payer_id=remit.payer_id,
                payer_name=remit.payer_name,
                trace=remit.trace,
                method=remit.method,
                amount_cents=to_cents(remit.amount),
                paid_on=remit.paid_on,
                state=state,
                document=encode(replace(remit, claims=())),
                created_at=now,
            )
        )
        return identity

    def release(self, connection: Connection, remit_id: int) -> None:
        """A payment that was held is posted now."""
        connection.execute(update(t.remit).where(t.remit.c.id == remit_id).values(state="posted"))

    def held_remits(self, connection: Connection, answer_id: int) -> dict[int, int]:
        """The payments of a file that wait for a person: place in the file → remit id."""
        rows = connection.execute(
            select(t.remit.c.position, t.remit.c.id).where(t.remit.c.answer_id == answer_id, t.remit.c.state == "held")
        )
        return {row.position: row.id for row in rows}

    def keep_claims(
        self, connection: Connection, remit_id: int, claims: Sequence[PostedClaim], now: datetime
    ) -> list[int]:
        """Keep the claims of a payment; returns their ids in order."""
        identities = [self._ids.next() for _ in claims]
        bulk_insert(
            connection,
            t.remit_claim,
            [
                (
                    identity,
                    remit_id,
                    one.claim_id,
                    one.key,
                    one.claim.number,
                    one.claim.status,
                    to_cents(one.claim.charge),
                    to_cents(one.claim.paid),
                    to_cents(one.patient_share),
                    to_cents(one.claim.allowed) if one.claim.allowed is not None else None,
                    one.claim.payer_control_number,
                    one.state,
                    encode(one.claim),
                    now,
                )
                for identity, one in zip(identities, claims, strict=True)
            ],
        )
        return identities

    @staticmethod
    def payer_numbers(connection: Connection, claim_ids: Collection[int]) -> dict[int, str]:
        """The payer's own number of each claim by its latest remit (CLP07); none for those no remit has numbered."""
        found: dict[int, str] = {}
        c, r = t.remit_claim.c, t.remit.c
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(c.claim_id, c.payer_control_number, r.paid_on)
                .join(t.remit, r.id == c.remit_id)
                .where(c.claim_id.in_(part), c.state == "posted", c.payer_control_number.is_not(None))
                .order_by(c.id)
            ).all()
            for row in sorted(rows, key=lambda row: row.paid_on or date.min):
                if row.payer_control_number:
                    found[row.claim_id] = row.payer_control_number
        return found

    def posted_for(
        self, connection: Connection, claim_ids: Collection[int]
    ) -> dict[int, list[tuple[Remit, RemitClaim]]]:
        """The payments of each claim, oldest first; the remit's head without its other claims."""
        found: dict[int, list[tuple[Remit, RemitClaim]]] = {}
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(t.remit_claim.c.claim_id, t.remit_claim.c.document, t.remit.c.document.label("head"))
                .join(t.remit, t.remit.c.id == t.remit_claim.c.remit_id)
                .where(t.remit_claim.c.claim_id.in_(part), t.remit_claim.c.state == "posted")
                .order_by(t.remit_claim.c.id)
            )
            for row in rows:
                pair = (decode_remit(row.head), decode_remit_claim(row.document))
                found.setdefault(row.claim_id, []).append(pair)
        return found


def _file(row: Any) -> AnswerFile:
    return AnswerFile(
        id=row.id,
        file_name=row.file_name,
        kinds=row.kinds,
        state=row.state,
        reason=row.reason,
        tolerances=row.tolerances,
        taken_at=row.created_at,
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
