"""Denied lines with their root cause, what comes next, and until when; each is open until money or a decision ends it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select, update

from integration_engine.core.findings import Queue
from integration_engine.core.money import from_cents, to_cents
from integration_engine.domain.posting import LineResult
from integration_engine.store import tables as t
from integration_engine.store.audit import Audit
from integration_engine.store.database import bulk_insert, parts
from integration_engine.store.ids import IdFactory

ENDINGS = ("resubmitted", "appealed", "written_off")
STATES = ("open", *ENDINGS, "recovered", "denied_again")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDenial:
    """One denied line of a posted claim. on: date of the remit."""

    claim_id: int
    remit_claim_id: int
    line: LineResult
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialRow:
    """One line of the denial list. amount in dollars."""

    id: int
    claim: str
    payer: str
    discipline: str
    date_of_service: date
    line_number: int | None
    code: str
    category: str
    secondary: str
    reason: str
    remarks: str
    amount: str
    text: str
    next_action: str
    owner: str
    denied_on: date
    follow_up_on: date | None
    appeal_by: date | None
    state: str


class Denials:
    """Append, end, list and count."""

    def __init__(self, ids: IdFactory, audit: Audit) -> None:
        self._ids = ids
        self._audit = audit

    def append(self, connection: Connection, denials: Sequence[NewDenial], now: datetime) -> None:
        """Keep denied lines."""
        bulk_insert(connection, t.denial, [self._row(new, now) for new in denials])

    def _row(self, new: NewDenial, now: datetime) -> tuple[object, ...]:
        denial = new.line.denial
        return (
            self._ids.next(),
            new.claim_id,
            new.remit_claim_id,
            new.line.line.number if new.line.line is not None else None,
            new.line.line.code if new.line.line is not None else "",
            denial.category.value if denial.category is not None else "",
            denial.secondary.value if denial.secondary is not None else "",
            denial.group,
            denial.reason,
            " ".join(denial.remarks),
            to_cents(denial.amount),
            denial.rule,
            denial.text,
            denial.next_action,
            denial.owner,
            denial.follow_up_on(new.on),
            denial.appeal_by(new.on),
            "open",
            new.on,
            now,
        )

    @staticmethod
    def decided_again(connection: Connection, claims: Mapping[int, bool]) -> None:
        """The payer decided these claims anew: True where money came, False where they were denied again."""
        for state, wanted in (("recovered", True), ("denied_again", False)):
            for part in parts(sorted(claim for claim, paid in claims.items() if paid is wanted)):
                connection.execute(
                    update(t.denial)
                    .where(t.denial.c.claim_id.in_(part), t.denial.c.state.in_(("open", "resubmitted", "appealed")))
                    .values(state=state)
                )

    @staticmethod
    def resubmitted(connection: Connection, claim_ids: Collection[int], now: datetime) -> None:
        """These claims were replaced or voided: what was denied of them is worked with the correction."""
        for part in parts(sorted(claim_ids)):
            d, h = t.denial.c, t.hold.c
            connection.execute(
                update(t.denial).where(d.claim_id.in_(part), d.state == "open").values(state="resubmitted")
            )
            connection.execute(
                update(t.hold)
                .where(h.claim_id.in_(part), h.queue == Queue.DENIALS.value, h.state == "open")
                .values(state="resolved", closed_at=now, closed_by="engine", reason="a corrected claim took its place")
            )

    def move(
        self, connection: Connection, denial_id: int, state: str, *, by: str, reason: str, now: datetime
    ) -> DenialRow:
        """Say what was done about a denial; returns it as it was before.

        Raises   ValueError without name and reason, or for an unknown ending; LookupError when it is not open.
        """
        if not by.strip() or not reason.strip():
            msg = "--by and --reason must not be empty: they are kept in the audit"
            raise ValueError(msg)
        if state not in ENDINGS:
            msg = f"a denial is {', '.join(ENDINGS)}"
            raise ValueError(msg)
        before = self.list(connection, denial_id=denial_id)
        if not before or before[0].state not in {"open", "resubmitted", "appealed"}:
            msg = f"there is no open denial {denial_id}"
            raise LookupError(msg)
        connection.execute(update(t.denial).where(t.denial.c.id == denial_id).values(state=state))
        self._audit.append(connection, who=by, what=state, subject=f"denial {denial_id}", reason=reason, now=now)
        return before[0]

    @staticmethod
    def claim_of(connection: Connection, denial_id: int) -> int:
        """The claim of a denial, held until the transaction ends, so that two decisions on one claim follow each other.

        Raises   LookupError when there is no such denial.
        """
        claim: int | None = connection.scalar(select(t.denial.c.claim_id).where(t.denial.c.id == denial_id))
        if claim is None:
            msg = f"there is no denial {denial_id}"
            raise LookupError(msg)
        connection.execute(select(t.claim.c.id).where(t.claim.c.id == claim).with_for_update())
        return claim

    @staticmethod
    def untouched(connection: Connection, claim_id: int) -> int:
        """How many denials of a claim nobody has done anything about."""
        d = t.denial.c
        return connection.scalar(select(func.count()).where(d.claim_id == claim_id, d.state == "open")) or 0

    @staticmethod
    def open_holds(connection: Connection, claim_id: int) -> Sequence[int]:
        """The open holds of a claim in the denial queue."""
        h = t.hold.c
        rows = select(h.id).where(h.claim_id == claim_id, h.queue == Queue.DENIALS.value, h.state == "open")
        return tuple(connection.execute(rows.order_by(h.id)).scalars())

    @staticmethod
    def list(
        connection: Connection, *, state: str | None = None, category: str | None = None, denial_id: int | None = None
    ) -> list[DenialRow]:
        """Denials by the day the appeal has to be in; where there is none, by the day someone should look again."""
        d, c = t.denial.c, t.claim.c
        query = select(t.denial, c.number.label("claim"), c.payer, c.discipline, c.date_of_service).join(
            t.claim, c.id == d.claim_id
        )
        for column, wanted in ((d.state, state), (d.category, category), (d.id, denial_id)):
            if wanted is not None:
                query = query.where(column == wanted)
        rows = connection.execute(query.order_by(func.coalesce(d.appeal_by, d.follow_up_on, d.denied_on), d.id))
        return [
            DenialRow(
                id=row.id,
                claim=row.claim,
                payer=row.payer,
                discipline=row.discipline,
                date_of_service=row.date_of_service,
                line_number=row.line_number,
                code=row.code,
                category=row.category,
                secondary=row.secondary,
                reason=f"{row.group_code}-{row.carc}",
                remarks=row.rarcs,
                amount=str(from_cents(row.amount_cents)),
                text=row.text,
                next_action=row.next_action,
                owner=row.owner,
                denied_on=row.denied_on,
                follow_up_on=row.follow_up_on,
                appeal_by=row.appeal_by,
                state=row.state,
            )
            for row in rows
        ]
