"""Submitted claims as billing staff ask about them: where each stands, what came back, what is still owed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from sqlalchemy import Connection, select

from integration_engine.core.money import from_cents
from integration_engine.store import tables as t
from integration_engine.store.database import parts
from integration_engine.store.ledger import Ledger

RECEIVABLES = ("receivable_payer", "receivable_patient")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRow:
    """One claim that has left.

    Shapes   file_by: None while the limit is not known; file_by_unknown: then why, which only the mappings can tell.
    Units    payer_owes, patient_owes: open balance in dollars.
    """

    id: int
    number: str
    visits: str
    payer: str
    discipline: str
    date_of_service: date
    sequence: str
    frequency: str
    standing: str
    total: str
    payer_owes: str
    patient_owes: str
    payer_control_number: str
    submitted_on: date | None
    file_by: date | None
    file_by_unknown: str = ""


def claims(
    connection: Connection, *, standing: str | None = None, payer: str | None = None, limit: int = 1000
) -> list[ClaimRow]:
    """Claims that have left, by the last day on which they may be filed."""
    c = t.claim.c
    query = (
        select(t.claim, t.treatment_day.c.encounters)
        .join(t.treatment_day, t.treatment_day.c.id == c.treatment_day_id)
        .where(c.state.in_(("submitted", "refused")))
        .order_by(c.file_by, c.id)
        .limit(limit)
    )
    for column, wanted in ((c.standing, standing), (c.payer, payer)):
        if wanted is not None:
            query = query.where(column == wanted)
    rows = connection.execute(query).all()
    owed = Ledger.balances(connection, [row.id for row in rows])
    return [
        ClaimRow(
            id=row.id,
            number=row.number,
            visits=" ".join(orjson.loads(row.encounters)),
            payer=row.payer,
            discipline=row.discipline,
            date_of_service=row.date_of_service,
            sequence=row.sequence,
            frequency=row.frequency,
            standing=row.standing,
            total=str(from_cents(row.total_cents)),
            payer_owes=str(from_cents(owed.get(row.id, {}).get("receivable_payer", 0))),
            patient_owes=str(from_cents(owed.get(row.id, {}).get("receivable_patient", 0))),
            payer_control_number=row.payer_control_number or "",
            submitted_on=row.submitted_on,
            file_by=row.file_by,
        )
        for row in rows
    ]


def life_of(connection: Connection, claim_ids: Collection[int]) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """What happened to each claim after it was drafted: events, payments, denials, ledger balances."""
    found: dict[int, dict[str, list[dict[str, Any]]]] = {
        claim_id: {"events": [], "payments": [], "denials": [], "balances": []} for claim_id in claim_ids
    }
    for part in parts(sorted(claim_ids)):
        _events(connection, part, found)
        _payments(connection, part, found)
        _denials(connection, part, found)
    for claim_id, accounts in Ledger.balances(connection, claim_ids).items():
        found[claim_id]["balances"] = [
            {"account": account, "balance": str(from_cents(cents))}
            for account, cents in sorted(accounts.items())
            if cents
        ]
    return found


def _events(connection: Connection, part: Collection[int], found: dict[int, Any]) -> None:
    e = t.claim_event.c
    rows = connection.execute(
        select(t.claim_event, t.answer.c.file_name)
        .join(t.answer, t.answer.c.id == e.answer_id, isouter=True)
        .where(e.claim_id.in_(part))
        .order_by(e.happened_on, e.id)
    )
    for row in rows:
        found[row.claim_id]["events"].append(
            {"on": row.happened_on, "what": row.kind, "code": row.code, "text": row.text, "file": row.file_name}
        )


def _payments(connection: Connection, part: Collection[int], found: dict[int, Any]) -> None:
    p = t.remit_claim.c
    rows = connection.execute(
        select(t.remit_claim, t.remit.c.trace, t.remit.c.paid_on, t.remit.c.payer_name)
        .join(t.remit, t.remit.c.id == p.remit_id)
        .where(p.claim_id.in_(part))
        .order_by(p.id)
    )
    for row in rows:
        found[row.claim_id]["payments"].append(
            {
                "on": row.paid_on,
                "payer": row.payer_name,
                "trace": row.trace,
                "status": row.status,
                "paid": str(from_cents(row.paid_cents)),
                "patient": str(from_cents(row.patient_cents)),
                "state": row.state,
            }
        )


def _denials(connection: Connection, part: Collection[int], found: dict[int, Any]) -> None:
    d = t.denial.c
    for row in connection.execute(select(t.denial).where(d.claim_id.in_(part)).order_by(d.id)):
        found[row.claim_id]["denials"].append(
            {
                "line": row.line_number,
                "code": row.code,
                "category": row.category,
                "reason": f"{row.group_code}-{row.carc} {row.rarcs}".strip(),
                "amount": str(from_cents(row.amount_cents)),
                "text": row.text,
                "next": row.next_action,
                "appeal_by": row.appeal_by,
                "state": row.state,
                "recovered": None if row.recovered_cents is None else str(from_cents(row.recovered_cents)),
                "rest": None if row.rest_cents is None else str(from_cents(row.rest_cents)),
                "answered_on": row.answered_on,
            }
        )
