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

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, insert, select, update

from integration_engine.core.findings import Finding
from integration_engine.core.money import ZERO, from_cents, to_cents
from integration_engine.domain.answer_remark import Remark, with_remarks
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.store import tables as t
from integration_engine.store.database import bulk_insert, parts
from integration_engine.store.documents import decode_remarks, decode_remit, decode_remit_claim, encode
from integration_engine.store.ids import IdFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFile:
    """One answer file as kept.

    Shapes   state: done, held (something in it waits for a person) or rejected (no answer at all). unmatched: how many
             claims of its payments fit none of ours, with the money of theirs that waits on *unapplied*. remarks: what
             needs nobody's decision but should be known.
    """

    id: int
    file_name: str
    kinds: str
    state: str
    reason: str
    tolerances: str
    taken_at: datetime
    remarks: tuple[Remark, ...] = ()
    unmatched: int = 0
    unmatched_amount: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedClaim:
    """One claim of a remit as it was taken in. claim_id: ours, None where it matches none. state: posted, unmatched, repeated."""

    claim_id: int | None
    key: str
    claim: RemitClaim
    state: str
    patient_share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptClaim:
    """One claim of a payment as it was kept. remit: its head, without claims. claim_id: ours, None where it fits none."""

    id: int
    answer_id: int
    remit_id: int
    remit: Remit
    claim_id: int | None
    key: str
    claim: RemitClaim


class AnswerFiles:
    """The journal of what came back."""

    def __init__(self, ids: IdFactory) -> None:
        self._ids = ids

    def known(self, connection: Connection, data: bytes) -> AnswerFile | None:
        """The file with these very bytes, if it was taken in before."""
        row = connection.execute(_files().where(t.answer.c.digest == _digest(data))).first()
        if row is None:
            return None
        return _file(row)

    @staticmethod
    def files(connection: Connection, state: str | None = None, limit: int = 500) -> list[AnswerFile]:
        """The files taken in, newest first."""
        query = _files().order_by(t.answer.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(_stands() == state)
        rows = connection.execute(query).all()
        waiting = _unmatched_money(connection, [row.id for row in rows])
        return [_file(row, *waiting.get(row.id, (0, 0))) for row in rows]

    @staticmethod
    def file(connection: Connection, answer_id: int) -> AnswerFile:
        """One file taken in before.

        Raises   LookupError when there is none with this id.
        """
        row = connection.execute(_files().where(t.answer.c.id == answer_id)).first()
        if row is None:
            msg = f"there is no answer file {answer_id}"
            raise LookupError(msg)
        return _file(row, *_unmatched_money(connection, [answer_id]).get(answer_id, (0, 0)))

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
        return self._keep(connection, name, data, _digest(data), kinds, tolerances, now)

    def _keep(
        self, connection: Connection, name: str, data: bytes, digest: str, kinds: str, tolerances: str, now: datetime
    ) -> int:
        identity = self._ids.next()
        connection.execute(
            insert(t.answer).values(
                id=identity,
                file_name=name,
                digest=digest,
                kinds=kinds,
                state="done",
                reason="",
                tolerances=tolerances,
                data=data,
                created_at=now,
            )
        )
        return identity

    def keep_unread(self, connection: Connection, name: str, size: int, reason: str, now: datetime) -> int | None:
        """Note a file that was not read because of its size, without its bytes; None where it is noted already."""
        unread = f"not read: {size} bytes, {name}"
        if connection.scalar(select(t.answer.c.id).where(t.answer.c.digest == unread)) is not None:
            return None
        answer_id = self._keep(connection, name, b"", unread, "", "", now)
        self.settle(connection, answer_id, "rejected", reason)
        return answer_id

    def settle(self, connection: Connection, answer_id: int, state: str, reason: str) -> None:
        """Say what came of a file."""
        connection.execute(update(t.answer).where(t.answer.c.id == answer_id).values(state=state, reason=reason))

    @staticmethod
    def told(connection: Connection, answer_id: int) -> list[str]:
        """What waits for a person on a file: the texts of its open holds, oldest first."""
        h = t.hold.c
        rows = select(h.text).where(h.answer_id == answer_id, h.state == "open").order_by(h.id)
        return list(connection.execute(rows).scalars())

    @staticmethod
    def retell(connection: Connection, answer_id: int, finding: Finding) -> None:
        """An open hold of a file says what is left of its cause; its age stays."""
        h = t.hold.c
        same = h.answer_id == answer_id, h.finding == finding.id, h.subject == finding.subject, h.state == "open"
        values = {"text": finding.text, "observed": finding.observed}
        connection.execute(update(t.hold).where(*same).values(values))

    @staticmethod
    def remark(connection: Connection, answer_id: int, findings: Sequence[Finding]) -> None:
        """Keep what was remarked on a file beside what waits, with what was remarked on it before."""
        kept = connection.scalar(select(t.answer.c.remarks).where(t.answer.c.id == answer_id))
        whole = with_remarks(decode_remarks(kept) if kept else (), findings)
        connection.execute(update(t.answer).where(t.answer.c.id == answer_id).values(remarks=encode(whole)))

    def posted_keys(self, connection: Connection, keys: Collection[str]) -> set[str]:
        """Those of these payments that have taken effect already, on a claim or on money that waits for one."""
        found: set[str] = set()
        for part in parts(sorted(keys)):
            c = t.remit_claim.c
            found.update(connection.execute(select(c.key).where(c.key.in_(part), c.state != "repeated")).scalars())
        return found

    @staticmethod
    def file_of(connection: Connection, key: str) -> str | None:
        """The answer file that brought the payment of a claim that took effect."""
        c, r = t.remit_claim.c, t.remit.c
        took = (
            select(t.answer.c.file_name)
            .join(t.remit, r.answer_id == t.answer.c.id)
            .join(t.remit_claim, c.remit_id == r.id)
        )
        return connection.scalar(took.where(c.key == key, c.state != "repeated"))

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

    # --- claims that fit none of ours ---------------------------------------------------------------------------------

    @staticmethod
    def unmatched(connection: Connection, answer_id: int) -> list[KeptClaim]:
        """The claims of a file's payments that fit none of ours, in its order."""
        c, r = t.remit_claim.c, t.remit.c
        waiting = r.answer_id == answer_id, c.state == "unmatched"
        rows = connection.execute(_kept().where(*waiting).order_by(r.position, c.id)).all()
        heads: dict[int, Remit] = {}
        for row in rows:
            if row.remit_id not in heads:
                heads[row.remit_id] = decode_remit(row.head)
        return [_kept_claim(row, heads[row.remit_id]) for row in rows]

    @staticmethod
    def lock_claim(connection: Connection, key: str) -> KeptClaim | None:
        """The claim of a payment that took effect under this key, kept from others until the transaction ends."""
        c = t.remit_claim.c
        connection.execute(select(c.id).where(c.key == key, c.state != "repeated").with_for_update())
        row = connection.execute(_kept().where(c.key == key, c.state != "repeated")).first()
        return _kept_claim(row, decode_remit(row.head)) if row is not None else None

    @staticmethod
    def assign(connection: Connection, row_id: int, claim_id: int, patient_share: Decimal) -> None:
        """A claim of a payment belongs to this claim of ours."""
        values = {"claim_id": claim_id, "state": "posted", "patient_cents": to_cents(patient_share)}
        connection.execute(update(t.remit_claim).where(t.remit_claim.c.id == row_id).values(values))

    @staticmethod
    def payers_paid(connection: Connection, payer_id: str) -> set[str]:
        """For claims to which payers of ours this payer has paid so far, by its identifier in remits."""
        c, r = t.remit_claim.c, t.remit.c
        rows = (
            select(t.claim.c.payer)
            .join(t.remit_claim, c.claim_id == t.claim.c.id)
            .join(t.remit, r.id == c.remit_id)
            .where(r.payer_id == payer_id, r.payer_id != "", c.state == "posted")
            .distinct()
        )
        return set(connection.execute(rows).scalars())

    # --- claims that are ours -----------------------------------------------------------------------------------------

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


def _stands() -> ColumnElement[str]:
    """Where a file stands now: one that was held is done when people have resolved all that waited in it."""
    h, r = t.hold.c, t.remit.c
    waits = exists().where(h.answer_id == t.answer.c.id, h.state == "open")
    unposted = exists().where(r.answer_id == t.answer.c.id, r.state == "held")
    resolved = and_(t.answer.c.state == "held", ~waits, ~unposted)
    return case((resolved, "done"), else_=t.answer.c.state)


def _files() -> Select[Any]:
    return select(t.answer, _stands().label("stands"))


def _unmatched_money(connection: Connection, answer_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Answer id → how many claims of it fit none of ours, and their cents."""
    found: dict[int, tuple[int, int]] = {}
    c, r = t.remit_claim.c, t.remit.c
    for part in parts(answer_ids):
        rows = connection.execute(
            select(r.answer_id, func.count().label("claims"), func.sum(c.paid_cents).label("cents"))
            .join(t.remit, r.id == c.remit_id)
            .where(r.answer_id.in_(part), c.state == "unmatched")
            .group_by(r.answer_id)
        )
        found.update({row.answer_id: (int(row.claims), int(row.cents)) for row in rows})
    return found


def _kept() -> Select[Any]:
    return select(t.remit_claim, t.remit.c.answer_id, t.remit.c.document.label("head")).join(
        t.remit, t.remit.c.id == t.remit_claim.c.remit_id
    )


def _kept_claim(row: Any, head: Remit) -> KeptClaim:
    return KeptClaim(
        id=row.id,
        answer_id=row.answer_id,
        remit_id=row.remit_id,
        remit=head,
        claim_id=row.claim_id,
        key=row.key,
        claim=decode_remit_claim(row.document),
    )


def _file(row: Any, unmatched: int = 0, cents: int = 0) -> AnswerFile:
    return AnswerFile(
        id=row.id,
        file_name=row.file_name,
        kinds=row.kinds,
        state=row.stands,
        reason=row.reason,
        tolerances=row.tolerances,
        taken_at=row.created_at,
        remarks=decode_remarks(row.remarks) if row.remarks else (),
        unmatched=unmatched,
        unmatched_amount=from_cents(cents),
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
