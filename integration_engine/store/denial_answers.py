"""Earlier denials and the payer's next word on them: which a decision may answer, what it said, what it took back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, func, select, update

from integration_engine.domain.claim import Frequency
from integration_engine.domain.denial_outcome import UNDECIDED, DenialOutcome, DenialState, EarlierDenial, PayersAnswer
from integration_engine.store import tables as t
from integration_engine.store.database import parts, update_many

RECOVERED = DenialState.RECOVERED
WRITTEN_OFF = DenialState.WRITTEN_OFF  # we gave it up, and the payer may pay it all the same


def earlier_denials(connection: Connection, claim_ids: Collection[int]) -> dict[int, list[EarlierDenial]]:
    """The denials that a decision on each of these claims may answer: its own, and those of the claims it replaced."""
    origins = _origins(connection, claim_ids)
    found: dict[int, list[EarlierDenial]] = {claim_id: [] for claim_id in claim_ids}
    d, line = t.denial.c, t.service_line
    for part in parts(sorted(origins)):
        rows = connection.execute(
            select(t.denial, line.c.modifiers, line.c.charges)
            .join(line, (line.c.claim_id == d.claim_id) & (line.c.number == d.line_number), isouter=True)
            .where(d.claim_id.in_(part), d.state.in_((*UNDECIDED, RECOVERED, WRITTEN_OFF)))
            .order_by(d.id)
            .with_for_update(of=t.denial)
        )
        for row in rows:
            for claim_id in origins[row.claim_id]:
                found[claim_id].append(_earlier(row, claim_id))
    return found


def save_outcomes(connection: Connection, outcomes: Mapping[int, Sequence[DenialOutcome]], on: date) -> None:
    """Save what the decisions of ``on`` on these claims say of earlier denials."""
    rows = [
        {
            "id": one.denial,
            "state": one.state,
            "answered_by_id": claim_id,
            "answered_on": on,
            "recovered_cents": one.recovered,
            "rest_cents": one.rest,
        }
        for claim_id, found in sorted(outcomes.items())
        for one in found
    ]
    update_many(connection, t.denial, rows)


def decided_later(connection: Connection, claim_ids: Collection[int], on: date) -> dict[int, date]:
    """Claims whose payer has paid them by a later remit that came first, with the day of that payment."""
    found: dict[int, date] = {}
    for part in parts(sorted(claim_ids)):
        p, r = t.remit_claim.c, t.remit.c
        rows = connection.execute(
            select(p.claim_id, func.max(r.paid_on).label("on"))
            .join(t.remit, r.id == p.remit_id)
            .where(p.claim_id.in_(part), r.paid_on > on, p.paid_cents > 0)
            .group_by(p.claim_id)
        )
        found.update({row.claim_id: row.on for row in rows})
    return found


def answers_on(connection: Connection, claim_ids: Collection[int]) -> list[PayersAnswer]:
    """Every answer of a payer on these claims that is in the books, whichever came first."""
    found: list[PayersAnswer] = []
    for part in parts(sorted(claim_ids)):
        p, r = t.remit_claim.c, t.remit.c
        rows = connection.execute(
            select(p.id, p.claim_id, p.status, p.remit_id, r.payer_id, r.paid_on)
            .join(t.remit, r.id == p.remit_id)
            .where(p.claim_id.in_(part), p.state == "posted", r.state == "posted")
        )
        found += [
            PayersAnswer(
                id=row.id,
                claim_id=row.claim_id,
                remit_id=row.remit_id,
                payer=row.payer_id,
                status=row.status,
                on=row.paid_on,
            )
            for row in rows
        ]
    return found


def still_open(connection: Connection, claim_ids: Collection[int], answers: Collection[int]) -> set[int]:
    """The claims with an open denial that none of these stored answers told: its hold stays, whatever they say."""
    found: set[int] = set()
    for part in parts(sorted(claim_ids)):
        d = t.denial.c
        rows = connection.execute(
            select(d.claim_id, d.remit_claim_id).where(d.claim_id.in_(part), d.state == DenialState.OPEN.value)
        )
        found.update(row.claim_id for row in rows if row.remit_claim_id not in answers)
    return found


def settled_by_later(connection: Connection, claims: Mapping[int, date]) -> None:
    """The open denials of these claims were answered before they were known: what they came to is not told line by line."""
    d = t.denial.c
    for claim_id, on in sorted(claims.items()):
        connection.execute(
            update(t.denial)
            .where(d.claim_id == claim_id, d.state == "open")
            .values(state=RECOVERED.value, answered_by_id=claim_id, answered_on=on)
        )


def taken_back(connection: Connection, claim_ids: Collection[int]) -> set[int]:
    """The payer took its decision on these claims back and made no new one: what it recovered is not decided again.

    Shapes   returns the claims whose own denials are open again.
    """
    found: set[int] = set()
    for part in parts(sorted(claim_ids)):
        d = t.denial.c
        again = d.answered_by_id.in_(part), d.state == RECOVERED
        own = select(d.claim_id).where(*again, d.answered_by_id == d.claim_id)
        found.update(connection.execute(own).scalars())
        nothing = {"answered_by_id": None, "answered_on": None, "recovered_cents": None, "rest_cents": None}
        for state, of_own in (
            ("open", d.answered_by_id == d.claim_id),
            ("resubmitted", d.claim_id != d.answered_by_id),
        ):
            connection.execute(update(t.denial).where(*again, of_own).values(state=state, **nothing))
    return found


def _origins(connection: Connection, claim_ids: Collection[int]) -> dict[int, set[int]]:
    """Claim → those of the given claims that are it or took its place, over as many corrections as there were."""
    origins: dict[int, set[int]] = {claim_id: {claim_id} for claim_id in claim_ids}
    step = set(claim_ids)
    while step:
        found: dict[int, set[int]] = {}
        for part in parts(sorted(step)):
            c = t.claim.c
            rows = connection.execute(
                select(c.id, c.follows_id).where(c.id.in_(part), c.frequency == Frequency.REPLACEMENT.value)
            )
            for row in rows:
                if row.follows_id is not None:
                    found.setdefault(row.follows_id, set()).update(origins[row.id])
        step = {one for one, of in found.items() if not of <= origins.get(one, set())}
        for one, of in found.items():
            origins.setdefault(one, set()).update(of)
    return origins


def _earlier(row: Any, claim_id: int) -> EarlierDenial:
    return EarlierDenial(
        id=row.id,
        same_claim=row.claim_id == claim_id,
        line_number=row.line_number,
        code=row.code,
        modifiers=frozenset((row.modifiers or "").split()),
        charges=frozenset(orjson.loads(row.charges)) if row.charges else frozenset(),
        amount_cents=row.amount_cents,
        decided_on=row.answered_on or row.denied_on,
    )
