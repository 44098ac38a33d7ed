"""Batches: which claims went into which 837P file, under which numbers, and how far that file has come.

A claim reaches a file only through ``ready_claims``: drafted, its day ready (or billed already, for a correction or
a later payer's claim), nobody holding it back, and no open hold on it. Control numbers are counted in the transaction that
uses them; gaps happen, reuse does not. The bytes are kept before a file exists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Connection, Exists, ScalarSelect, Select, and_, bindparam, exists, func, insert, select, update

from integration_engine.core.findings import Finding, Queue
from integration_engine.core.money import from_cents, to_cents
from integration_engine.domain.claim import Claim, ClaimDraft, numbered
from integration_engine.domain.hold import OVER_LIMIT
from integration_engine.domain.record import ChargeState, DayState
from integration_engine.store import tables as t
from integration_engine.store.audit import Audit
from integration_engine.store.database import Database, bulk_insert, insert_if_absent, parts
from integration_engine.store.documents import decode_draft
from integration_engine.store.holds import Holds
from integration_engine.store.ids import IdFactory
from integration_engine.store.submissions import UNDECIDED, Submissions, charge_ids

LARGEST_INTERCHANGE = 999_999_999
FIRST_PAYER = "P"
SENT = "sent"  # where a claim stands when its file was published and nothing has come back
_DIGITS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no I and O: claim numbers are read out on the telephone


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyClaim:
    """A drafted claim that may go out."""

    id: int
    draft: ClaimDraft
    follows_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """A treatment day a person keeps out of every file until they let it go. total: of its claims that wait."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What was allotted to one file: its interchange control number and a claim number for each claim."""

    interchange: int
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftClaim:
    """A claim at the moment its file was published. follows_id: the claim it replaces or voids, or the earlier
    payer's claim that a later payer's comes after.
    """

    id: int
    number: str
    draft: ClaimDraft
    follows_id: int | None


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

    def __init__(
        self, database: Database, ids: IdFactory, holds: Holds, submissions: Submissions, audit: Audit
    ) -> None:
        self._database = database
        self._ids = ids
        self._holds = holds
        self._submissions = submissions
        self._audit = audit

    def ready_claims(
        self, connection: Connection, receivers: Collection[str], *, limit: int = 5000
    ) -> list[ReadyClaim]:
        """Claims to these receivers that may go out now, locked until the transaction ends."""
        query = _ready().where(t.claim.c.receiver.in_(list(receivers))).order_by(t.claim.c.id).limit(limit)
        query = query.with_for_update(skip_locked=True, of=t.claim)
        return [_ready_claim(row) for row in connection.execute(query)]

    def preview(self, connection: Connection) -> list[ReadyClaim]:
        """Every claim that would go out now; nothing is locked or numbered."""
        return [_ready_claim(row) for row in connection.execute(_ready().order_by(t.claim.c.id))]

    def hold_back(self, connection: Connection, day_id: int, *, by: str, reason: str, now: datetime) -> None:
        """Keep a treatment day out of every file until it is let go.

        Raises   ValueError without name and reason; LookupError for a day that is not there or has left already.
        """
        if not by.strip() or not reason.strip():
            msg = "--by and --reason must not be empty: they are kept in the audit"
            raise ValueError(msg)
        state = connection.scalar(select(t.treatment_day.c.state).where(t.treatment_day.c.id == day_id))
        if state is None or state == DayState.BILLED.value:
            msg = f"treatment day {day_id} " + ("has left already" if state else "is not known")
            raise LookupError(msg)
        insert_if_absent(connection, t.held_back, treatment_day_id=day_id, who=by, reason=reason, created_at=now)
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

    @staticmethod
    def held_back(connection: Connection) -> list[HeldBack]:
        """What is held back, and by whom."""
        rows = connection.execute(
            select(t.held_back, t.treatment_day.c.encounters, _waiting_cents().label("cents"))
            .join(t.treatment_day, t.treatment_day.c.id == t.held_back.c.treatment_day_id)
            .order_by(t.held_back.c.created_at)
        )
        return [
            HeldBack(
                day_id=row.treatment_day_id,
                visits=" ".join(orjson.loads(row.encounters)),
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
        interchange = self._count(connection, f"interchange {receiver}", 1)
        if interchange > LARGEST_INTERCHANGE:
            msg = f"receiver {receiver}: interchange control numbers are used up"
            raise OverflowError(msg)
        first = self._count(connection, "claim", claims)
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
    def mark_checked(connection: Connection, batch: PendingBatch) -> None:
        """The gate accepted the file."""
        of_batch = t.batch.c.id == batch.id, t.batch.c.state == "rendered"
        connection.execute(update(t.batch).where(*of_batch).values(state="checked"))

    @staticmethod
    def settle(connection: Connection, batch: PendingBatch, state: str, **more: Any) -> bool:
        """Bring a file on its way to where it ends; False when another process has done so already."""
        on_its_way = t.batch.c.id == batch.id, t.batch.c.state.in_(("rendered", "checked"))
        return bool(connection.execute(update(t.batch).where(*on_its_way).values(state=state, **more)).rowcount)

    def mark_published(self, connection: Connection, batch: PendingBatch, now: datetime, on: date) -> list[LeftClaim]:
        """The file lies in outbound/: its claims are submitted, their days and charge lines billed; returns them.

        Shapes   on: the date in the practice's zone. Nothing comes back where another process was first.
        """
        if not self.settle(connection, batch, "published", published_at=now):
            return []
        claims = self._claims_of(connection, batch)
        days = self._lock_days(connection, claims)
        rows = list(connection.execute(select(t.claim).where(t.claim.c.id.in_(claims)).order_by(t.claim.c.id)))
        connection.execute(
            update(t.claim).where(t.claim.c.id.in_(claims)).values(state="submitted", submitted_on=on, standing=SENT)
        )
        unsent = self._unsent(connection, days)
        whole = [day for day in days if day not in unsent]
        connection.execute(
            update(t.treatment_day)
            .where(t.treatment_day.c.id.in_(whole))
            .values(state=DayState.BILLED.value, sent=True)
        )
        self._settle_charges(connection, rows, batch)
        return [
            LeftClaim(
                id=row.id,
                number=row.number,
                follows_id=row.follows_id,
                draft=numbered(decode_draft(row.document), row.number),
            )
            for row in rows
        ]

    def _settle_charges(self, connection: Connection, rows: Sequence[Any], batch: PendingBatch) -> None:
        """Charge lines of original claims and replacements are billed; what a correction took the place of is void."""
        by_claim: dict[int, list[int]] = {row.id: [] for row in rows}
        for part in parts(sorted(by_claim)):
            lines = connection.execute(
                select(t.service_line.c.claim_id, t.service_line.c.charges).where(t.service_line.c.claim_id.in_(part))
            )
            for claim_id, document in lines:
                by_claim[claim_id].extend(charge_ids(document))
        first = [row for row in rows if row.sequence == FIRST_PAYER]
        kept = sorted({c for row in first if row.frequency != "8" for c in by_claim[row.id]})
        self._bill(connection, kept, batch)
        for row in first:
            if row.frequency != "1":
                self._void_corrected(connection, row, set(kept), batch)

    @staticmethod
    def _void_corrected(connection: Connection, correction: Any, kept: set[int], batch: PendingBatch) -> None:
        before = connection.execute(
            select(t.service_line.c.charges).where(t.service_line.c.claim_id == correction.follows_id)
        )
        gone = sorted({c for document in before.scalars() for c in charge_ids(document)} - kept)
        what = "voided" if correction.frequency == "8" else "replaced"
        connection.execute(
            update(t.charge)
            .where(t.charge.c.id.in_(gone), t.charge.c.state == ChargeState.BILLED.value)
            .values(state=ChargeState.VOID.value, reason=f"{what} in file {batch.file_name}")
        )
        if correction.frequency == "8":
            # Another part of the day may stand at the payer, or wait to go: then the day is still billed.
            connection.execute(
                update(t.treatment_day)
                .where(t.treatment_day.c.id == correction.treatment_day_id, ~_part_left())
                .values(state=DayState.VOID.value)
            )

    def refuse(
        self,
        connection: Connection,
        batch: PendingBatch,
        findings: Sequence[Finding],
        bad: Mapping[str, tuple[Finding, ...]],
        now: datetime,
    ) -> None:
        """A check refused the file: claims it names go to the edits queue, all others are free for the next file.

        Shapes   bad: claim number → what is wrong with it; empty when the fault lies in no claim: then all of them wait.
        """
        claims = self._claims_of(connection, batch)
        self._lock_days(connection, claims)
        reason = "; ".join(sorted({finding.text for finding in findings}))
        if not self.settle(connection, batch, "refused", reason=reason):
            return
        connection.execute(update(t.batch_claim).where(t.batch_claim.c.batch_id == batch.id).values(live=False))
        rows = list(
            connection.execute(
                select(t.claim, t.treatment_day.c.patient_id)
                .join(t.treatment_day, t.treatment_day.c.id == t.claim.c.treatment_day_id)
                .where(t.claim.c.id.in_(claims))
            )
        )
        connection.execute(update(t.claim).where(t.claim.c.id.in_(claims)).values(state="drafted", number=None))
        self._hold(connection, rows, {r.id: bad.get(r.number, ()) if bad else tuple(findings) for r in rows}, now)

    def unwritable(self, connection: Connection, wrong: Mapping[int, tuple[Finding, ...]], now: datetime) -> None:
        """Claims that cannot be written as 837P: they wait with the reason, and go in no file.

        Shapes   wrong: claim id → what is wrong with it.
        """
        self._lock_days(connection, list(wrong))
        rows = connection.execute(
            select(t.claim, t.treatment_day.c.patient_id)
            .join(t.treatment_day, t.treatment_day.c.id == t.claim.c.treatment_day_id)
            .where(t.claim.c.id.in_(list(wrong)))
        )
        self._hold(connection, list(rows), wrong, now)

    def _hold(
        self, connection: Connection, rows: Sequence[Any], wrong: Mapping[int, tuple[Finding, ...]], now: datetime
    ) -> None:
        """Let claims wait: a first payer's with its day, a later payer's by itself."""
        later = [row for row in rows if wrong[row.id] and row.sequence != FIRST_PAYER]
        first = [row for row in rows if wrong[row.id] and row.sequence == FIRST_PAYER]
        for row in first:
            # A correction waits on a day that stays billed; only a day that never left is held as a whole.
            connection.execute(
                update(t.treatment_day)
                .where(t.treatment_day.c.id == row.treatment_day_id, t.treatment_day.c.state != DayState.BILLED.value)
                .values(state=DayState.HELD.value)
            )
            self._hold_lines(connection, row.id)
        days = [(row.treatment_day_id, row.patient_id, wrong[row.id]) for row in first]
        self._holds.sync_days(connection, days, now)
        for row in later:
            self._holds.sync(connection, wrong[row.id], now, claim_id=row.id)

    @staticmethod
    def _hold_lines(connection: Connection, claim_id: int) -> None:
        documents = connection.execute(select(t.service_line.c.charges).where(t.service_line.c.claim_id == claim_id))
        charges = [charge for document in documents.scalars() for charge in charge_ids(document)]
        connection.execute(
            update(t.charge)
            .where(t.charge.c.id.in_(charges), t.charge.c.state != ChargeState.BILLED.value)
            .values(state=ChargeState.HELD.value, reason="refused by the check of the 837P")
        )

    @staticmethod
    def _bill(connection: Connection, charges: list[int], batch: PendingBatch) -> None:
        for start in range(0, len(charges), 500):
            connection.execute(
                update(t.charge)
                .where(t.charge.c.id.in_(charges[start : start + 500]), t.charge.c.treatment_index.is_not(None))
                .values(state=ChargeState.BILLED.value, reason=f"in file {batch.file_name}")
            )

    @staticmethod
    def _claims_of(connection: Connection, batch: PendingBatch) -> list[int]:
        return list(
            connection.execute(select(t.batch_claim.c.claim_id).where(t.batch_claim.c.batch_id == batch.id)).scalars()
        )

    @staticmethod
    def _lock_days(connection: Connection, claims: Sequence[int]) -> list[int]:
        """The days of these claims, locked in the order in which workers lock them, so that none waits for ever."""
        of_claims = select(t.claim.c.treatment_day_id).where(t.claim.c.id.in_(claims))
        rows = connection.execute(
            select(t.treatment_day.c.id)
            .where(t.treatment_day.c.id.in_(of_claims))
            .order_by(t.treatment_day.c.id)
            .with_for_update(key_share=True)
        )
        return list(rows.scalars())

    @staticmethod
    def _unsent(connection: Connection, days: Sequence[int]) -> set[int]:
        """The days of which some claim has not left yet."""
        return set(
            connection.execute(
                select(t.claim.c.treatment_day_id).where(
                    t.claim.c.treatment_day_id.in_(days), t.claim.c.state.in_(("drafted", "batched"))
                )
            ).scalars()
        )


def _waiting_cents() -> ScalarSelect[Any]:
    """What the claims of a held back day come to that have not left."""
    claim = t.claim.c
    of_day = claim.treatment_day_id == t.held_back.c.treatment_day_id, claim.state == "drafted"
    return select(func.coalesce(func.sum(claim.total_cents), 0)).where(*of_day).scalar_subquery()


def _ready() -> Select[Any]:
    day = t.treatment_day.c
    of_day = t.hold.c.treatment_day_id == t.claim.c.treatment_day_id
    held = exists().where(of_day | (t.hold.c.claim_id == t.claim.c.id), t.hold.c.state == "open")
    kept_back = exists().where(t.held_back.c.treatment_day_id == t.claim.c.treatment_day_id)
    undecided = exists().where(t.decide_again.c.patient_id == day.patient_id)
    # A void at a later payer leaves after the day was voided at its first.
    withdrawal = (t.claim.c.sequence != FIRST_PAYER) & (t.claim.c.frequency == "8")
    return (
        select(t.claim.c.id, t.claim.c.document, t.claim.c.follows_id)
        .join(t.treatment_day, day.id == t.claim.c.treatment_day_id)
        .where(
            t.claim.c.state == "drafted",
            day.state.in_((DayState.READY.value, DayState.BILLED.value)) | withdrawal,
            ~held,
            ~kept_back,
            ~undecided,
            (t.claim.c.sequence == FIRST_PAYER) | ~_earlier_corrected(),
        )
    )


def _earlier_corrected() -> Exists:
    """The claim to a payer before is being corrected: its correction waits, or has left and is not decided yet."""
    before = t.claim.alias("before").c
    undecided = (before.state == "submitted") & before.standing.in_(UNDECIDED)
    return exists().where(
        before.treatment_day_id == t.claim.c.treatment_day_id,
        before.part == t.claim.c.part,
        before.sequence < t.claim.c.sequence,  # P, S, T: the alphabet's order is theirs
        before.frequency != "1",
        before.state.in_(("drafted", "batched")) | (undecided & (before.frequency == "7")),
    )


def _part_left() -> Exists:
    """Some claim of the day to its first payer waits to go, or has left and is neither corrected nor refused."""
    one, after = t.claim.alias("one"), t.claim.alias("after")
    corrected = exists().where(
        after.c.follows_id == one.c.id, after.c.sequence == FIRST_PAYER, after.c.state == "submitted"
    )
    left = one.c.state == "submitted", one.c.frequency != "8", ~corrected
    waits = one.c.state.in_(("drafted", "batched"))
    of_day = one.c.treatment_day_id == t.treatment_day.c.id, one.c.sequence == FIRST_PAYER
    return exists().where(*of_day, waits | and_(*left))


def _ready_claim(row: Any) -> ReadyClaim:
    return ReadyClaim(id=row.id, draft=decode_draft(row.document), follows_id=row.follows_id)


def _claim_number(serial: int) -> str:
    """CLM01: at most 17 of A-Z and 0-9, unique, opaque; a check character catches a slip on the telephone."""
    text, rest = "", serial
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        text = _DIGITS[digit] + text
    return f"C{text.rjust(7, '0')}{_DIGITS[serial % 31]}"
