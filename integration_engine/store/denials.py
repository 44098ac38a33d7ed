"""Denied lines with their root cause, what comes next, and until when; each is open until money or a decision ends it.

A denial goes with the correction that replaces its claim, comes back when that correction is refused, and is answered by
the payer's next decision on either claim (rules/denials/outcomes.py).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, select, update

from integration_engine.core.findings import Queue
from integration_engine.core.money import from_cents, to_cents
from integration_engine.domain.claim import Frequency
from integration_engine.domain.denial_outcome import UNDECIDED, DenialState
from integration_engine.domain.posting import LineResult
from integration_engine.store import tables as t
from integration_engine.store.audit import Audit
from integration_engine.store.database import bulk_insert, parts
from integration_engine.store.ids import IdFactory

ENDINGS = (DenialState.RESUBMITTED, DenialState.APPEALED, DenialState.WRITTEN_OFF)
TOOK_ITS_PLACE = "a corrected claim took its place"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDenial:
    """One denied line of a posted claim. on: date of the remit. earlier_id: the denial that was denied again by it."""

    claim_id: int
    remit_claim_id: int
    line: LineResult
    on: date
    earlier_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DenialRow:
    """One line of the denial list.

    Shapes   earlier_id: the denial that this one repeats. answered_by, answered_on: the claim and day of the decision that
             ended it, empty and None while there is none.
    Units    amount, recovered, rest: dollars; recovered was paid on it later, rest is still open; None while not decided.
    """

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
    earlier_id: int | None = None
    answered_by: str = ""
    answered_on: date | None = None
    recovered: str | None = None
    rest: str | None = None


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
            new.earlier_id,
            None,
            None,
            None,
            None,
        )

    # --- with corrections ---------------------------------------------------------------------------------------------

    def follow_corrections(self, connection: Connection, claim_ids: Collection[int], now: datetime) -> None:
        """Let the denials of these claims go with the correction that stands, or come back where it was refused.

        Shapes   safe to repeat: what counts is whether a replacement or void of the claim is with the payer now.
        """
        with_payer: set[int] = set()
        for part in parts(sorted(claim_ids)):
            c = t.claim.c
            rows = select(c.follows_id).where(
                c.follows_id.in_(part), c.frequency != Frequency.ORIGINAL.value, c.state == "submitted"
            )
            with_payer.update(one for one in connection.execute(rows).scalars() if one is not None)
        self.resubmitted(connection, with_payer, now)
        self._reopen(connection, set(claim_ids) - with_payer, now)

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
                .values(state="resolved", closed_at=now, closed_by="engine", reason=TOOK_ITS_PLACE)
            )

    @staticmethod
    def worked_again(connection: Connection, claim_ids: Collection[int]) -> None:
        """These claims were replaced or voided, which gave back what had been written off: their denials go with that."""
        for part in parts(sorted(claim_ids)):
            d = t.denial.c
            gone = d.claim_id.in_(part), d.state == DenialState.WRITTEN_OFF.value
            connection.execute(update(t.denial).where(*gone).values(state=DenialState.RESUBMITTED.value))

    def _reopen(self, connection: Connection, claim_ids: Collection[int], now: datetime) -> None:
        """What had gone with a correction is open again, its hold the same hold with its age."""
        for part in parts(sorted(claim_ids)):
            d = t.denial.c
            back = select(d.claim_id).where(d.claim_id.in_(part), d.state == "resubmitted").distinct()
            claims = list(connection.execute(back).scalars())
            connection.execute(
                update(t.denial).where(d.claim_id.in_(claims), d.state == "resubmitted").values(state="open")
            )
            self._reopen_holds(connection, claims, "the corrected claim was refused: the denial stands", now)

    def _reopen_holds(self, connection: Connection, claims: Sequence[int], reason: str, now: datetime) -> None:
        """The last denial hold of each claim is open again, with its age; who had it has it."""
        h = t.hold.c
        last = (
            select(func.max(h.id))
            .where(
                h.claim_id.in_(claims),
                h.queue == Queue.DENIALS.value,
                h.state.in_(("resolved", "open")),
                h.finding.not_like("%deadline"),
            )
            .group_by(h.claim_id)
        )
        closed = select(h.id).where(h.id.in_(list(connection.execute(last).scalars())), h.state == "resolved")
        holds = list(connection.execute(closed).scalars())
        values = {"state": "open", "closed_at": None, "closed_by": "", "reason": ""}
        connection.execute(update(t.hold).where(h.id.in_(holds)).values(values))
        for hold in holds:
            self._audit.append(
                connection, who="engine", what="reopened", subject=f"hold {hold}", reason=reason, now=now
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
        if not before or before[0].state not in UNDECIDED:
            msg = f"there is no open denial {denial_id}"
            raise LookupError(msg)
        still = t.denial.c.id == denial_id, t.denial.c.state.in_(UNDECIDED)  # the payer may decide at this moment
        if not connection.execute(update(t.denial).where(*still).values(state=state)).rowcount:
            msg = f"there is no open denial {denial_id}"
            raise LookupError(msg)
        self._audit.append(connection, who=by, what=state, subject=f"denial {denial_id}", reason=reason, now=now)
        return before[0]

    @staticmethod
    def given_up(connection: Connection, claim_id: int) -> tuple[int, ...]:
        """Nothing is owed by the payer on this claim any more, by a decision of ours: its open denials end; their ids."""
        d = t.denial.c
        ids = connection.execute(select(d.id).where(d.claim_id == claim_id, d.state.in_(UNDECIDED)).order_by(d.id))
        found = tuple(ids.scalars())
        connection.execute(update(t.denial).where(d.id.in_(found)).values(state=DenialState.WRITTEN_OFF.value))
        return found

    def owed_again(self, connection: Connection, claim_id: int, now: datetime) -> tuple[int, ...]:
        """What was given up on this claim is owed again: the denials that had ended so are open, with their hold; their ids."""
        d = t.denial.c
        gone = d.claim_id == claim_id, d.state == DenialState.WRITTEN_OFF.value
        found = tuple(connection.execute(select(d.id).where(*gone).order_by(d.id)).scalars())
        connection.execute(update(t.denial).where(d.id.in_(found)).values(state=DenialState.OPEN.value))
        if found:
            self._reopen_holds(connection, [claim_id], "the write-off was taken back: it is owed again", now)
        return found

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
        connection: Connection,
        *,
        state: str | None = None,
        category: str | None = None,
        payer: str | None = None,
        discipline: str | None = None,
        denial_id: int | None = None,
    ) -> list[DenialRow]:
        """Denials by the day the appeal has to be in; where there is none, by the day someone should look again."""
        d, c, answer = t.denial.c, t.claim.c, t.claim.alias("answer")
        query = (
            select(
                t.denial,
                c.number.label("claim"),
                c.payer,
                c.discipline,
                c.date_of_service,
                answer.c.number.label("answered_by"),
            )
            .join(t.claim, c.id == d.claim_id)
            .join(answer, answer.c.id == d.answered_by_id, isouter=True)
        )
        filters = ((d.state, state), (d.category, category), (c.payer, payer), (c.discipline, discipline))
        for column, wanted in (*filters, (d.id, denial_id)):
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
                earlier_id=row.earlier_id,
                answered_by=row.answered_by or "",
                answered_on=row.answered_on,
                recovered=_dollars(row.recovered_cents),
                rest=_dollars(row.rest_cents),
            )
            for row in rows
        ]


def _dollars(cents: int | None) -> str | None:
    return None if cents is None else str(from_cents(cents))
