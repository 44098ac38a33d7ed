"""Charge conservation: every message and every charge line is somewhere, and a query proves it.

``received`` counts FT1 segments as they stood in the journaled bytes; the other counts come from the charge rows and
from the journal's states, so that the two sides are counted independently. Source  REQUIREMENTS X.16.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from integration_engine.core.money import from_cents
from integration_engine.store.tables import charge, journal, ledger_entry

STATES = ("billed", "held", "void", "rejected", "pending")


def conserve(connection: Connection) -> dict[str, Any]:
    """Counts by state, received minus all of them, and the ledger's two sides: 0 when nothing is lost."""
    messages = {"received": 0, "pending": 0, "done": 0, "parked": 0, "refused": 0}
    lines = dict.fromkeys(("received", *STATES), 0)
    waiting = {"pending": "pending", "parked": "held", "refused": "rejected"}
    rows = connection.execute(
        select(journal.c.state, func.count(), func.coalesce(func.sum(journal.c.charge_count), 0)).group_by(
            journal.c.state
        )
    )
    for state, count, charges in rows:
        messages[state] += count
        messages["received"] += count
        lines["received"] += int(charges)
        if state in waiting:
            lines[waiting[state]] += int(charges)
    for state, count in connection.execute(select(charge.c.state, func.count()).group_by(charge.c.state)):
        lines[state] += count
    difference = lines["received"] - sum(lines[state] for state in STATES)
    return {"messages": messages, "charges": lines, "difference": difference, "ledger": _ledger(connection)}


def _ledger(connection: Connection) -> dict[str, Any]:
    """Debits and credits in dollars, their difference, and how many postings do not sum to zero by themselves."""
    e = ledger_entry.c
    debits, credit = connection.execute(
        select(func.coalesce(func.sum(e.debit_cents), 0), func.coalesce(func.sum(e.credit_cents), 0))
    ).one()
    uneven = select(e.posting).group_by(e.posting).having(func.sum(e.debit_cents) != func.sum(e.credit_cents))
    return {
        "debits": str(from_cents(int(debits))),
        "credits": str(from_cents(int(credit))),
        "difference": str(from_cents(int(debits) - int(credit))),
        "uneven_postings": connection.scalar(select(func.count()).select_from(uneven.subquery())),
    }
