"""Charge conservation: every message and every charge line is somewhere, and a query proves it.

``received`` counts FT1 segments as they stood in the journaled bytes; the other counts come from the charge rows and
from the journal's states, so that the two sides are counted independently. Source  REQUIREMENTS X.16.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from integration_engine.store.tables import charge, journal

STATES = ("billed", "held", "void", "rejected", "pending")


def conserve(connection: Connection) -> dict[str, Any]:
    """Counts by state, and received minus all of them: 0 when nothing is lost."""
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
    return {"messages": messages, "charges": lines, "difference": difference}
