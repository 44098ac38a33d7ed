"""How often each claim went back and forth, who had to touch it, and how long its money took.

A claim here is what one payer is asked for one visit day and part, over all its submissions: the first, what was sent
again after a refusal, replacements and voids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, func, select

from integration_engine.domain.round_trip import RoundTrip
from integration_engine.store import tables as t
from integration_engine.store.database import parts


def round_trips(connection: Connection, payer: str | None = None) -> list[RoundTrip]:
    """Every claim that has left, those with the most trips first."""
    chains = _chains(connection, payer)
    claims = {row.id: key for key, rows in chains.items() for row in rows}
    answers = _counted(connection, claims, t.claim_event, t.claim_event.c.answer_id)
    denials = _counted(connection, claims, t.denial, t.denial.c.id)
    money = _money(connection, claims)
    touches = _touches(connection, claims, chains)
    found = []
    for key, rows in chains.items():
        ids = [row.id for row in rows]
        paid = [entry for claim_id in ids for entry in money.get(claim_id, ())]
        cash = [entry.paid_on for entry in paid if entry.paid_on is not None and entry.paid_cents > 0]
        found.append(
            RoundTrip(
                numbers=tuple(row.number for row in rows),
                visits=" ".join(orjson.loads(rows[0].encounters)),
                payer=rows[0].payer,
                discipline=rows[0].discipline,
                date_of_service=rows[0].date_of_service,
                submissions=len(rows),
                refused=sum(row.state == "refused" for row in rows),
                answers=sum(answers[claim_id] for claim_id in ids),
                denials=sum(denials[claim_id] for claim_id in ids),
                touches=touches[key],
                first_cash_on=min(cash, default=None),
                paid_cents=sum(entry.paid_cents for entry in paid),
                allowed_cents=sum(entry.paid_cents + entry.patient_cents for entry in paid),
            )
        )
    return sorted(found, key=lambda one: (-one.submissions, -one.answers, -one.touches, one.numbers))


_Key = tuple[int, int, str, str]


def _chains(connection: Connection, payer: str | None) -> dict[_Key, list[Any]]:
    c = t.claim.c
    query = (
        select(t.claim, t.treatment_day.c.encounters)
        .join(t.treatment_day, t.treatment_day.c.id == c.treatment_day_id)
        .where(c.state.in_(("submitted", "refused")))
        .order_by(c.id)
    )
    if payer is not None:
        query = query.where(c.payer == payer)
    found: dict[_Key, list[Any]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.treatment_day_id, row.part, row.sequence, row.payer].append(row)
    return found


def _counted(connection: Connection, claims: Iterable[int], table: Any, what: Any) -> dict[int, int]:
    """How many different ones each claim has."""
    found: dict[int, int] = defaultdict(int)
    for part in parts(sorted(claims)):
        rows = connection.execute(
            select(table.c.claim_id, func.count(func.distinct(what)).label("known"))
            .where(table.c.claim_id.in_(part), what.is_not(None))
            .group_by(table.c.claim_id)
        )
        found.update({row.claim_id: int(row.known) for row in rows})
    return found


def _money(connection: Connection, claims: Iterable[int]) -> dict[int, list[Any]]:
    """What each answer paid and left to the patient; what was taken back takes its patient's share with it."""
    p, found = t.remit_claim.c, defaultdict(list)
    for part in parts(sorted(claims)):
        rows = connection.execute(
            select(p.claim_id, p.paid_cents, p.patient_cents, t.remit.c.paid_on)
            .join(t.remit, t.remit.c.id == p.remit_id)
            .where(p.claim_id.in_(part), p.state == "posted")
        )
        for row in rows:
            found[row.claim_id].append(row)
    return found


def _touches(connection: Connection, claims: dict[int, _Key], chains: dict[_Key, list[Any]]) -> dict[_Key, int]:
    """What people did about a claim: on it, on its denials, on its holds and on the rejections of its day."""
    of_day: dict[int, list[_Key]] = defaultdict(list)
    for key in chains:
        of_day[key[0]].append(key)
    subjects: dict[str, _Key] = {f"claim {claim_id}": key for claim_id, key in claims.items()}
    h, d = t.hold.c, t.denial.c
    for part in parts(sorted(claims)):
        for row in connection.execute(select(h.id, h.claim_id).where(h.claim_id.in_(part))):
            subjects[f"hold {row.id}"] = claims[row.claim_id]
        for row in connection.execute(select(d.id, d.claim_id).where(d.claim_id.in_(part))):
            subjects[f"denial {row.id}"] = claims[row.claim_id]
    for part in parts(sorted(of_day)):
        days = select(h.id, h.treatment_day_id).where(h.treatment_day_id.in_(part), h.queue == "rejections")
        for row in connection.execute(days):
            subjects[f"hold {row.id}"] = of_day[row.treatment_day_id][0]
    acts: dict[_Key, set[tuple[str, datetime]]] = defaultdict(set)  # a denial worked and its hold resolved are one act
    for part in parts(sorted(subjects)):
        a = t.audit_event.c
        told = select(a.subject, a.who, a.created_at).where(a.subject.in_(part), a.who != "engine")
        for subject, who, at in connection.execute(told):
            acts[subjects[subject]].add((who, at))
    return {key: len(acts[key]) for key in chains}
