"""Treatment days as people ask about them: visit, payer, claim, lines, and what holds them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import orjson
from sqlalchemy import Connection, select

from integration_engine.core.money import from_cents
from integration_engine.store.holds import HoldRow, list_open
from integration_engine.store.tables import claim, service_line, treatment_day


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentDayRow:
    """One treatment day. lines: ``97110 x4 GP`` joined by commas; charge in dollars."""

    id: int
    visits: str
    date_of_service: date
    discipline: str
    payer: str
    state: str
    claims: str
    lines: str
    charge: str
    holds: tuple[HoldRow, ...]


def treatment_days(connection: Connection) -> list[TreatmentDayRow]:
    """Every treatment day, by date."""
    claims = defaultdict(list)
    for row in connection.execute(select(claim).where(claim.c.state != "withdrawn").order_by(claim.c.part)):
        claims[row.treatment_day_id].append(row)
    lines = defaultdict(list)
    for row in connection.execute(select(service_line).order_by(service_line.c.claim_id, service_line.c.number)):
        lines[row.claim_id].append(f"{row.code} x{row.units} {row.modifiers}".strip())
    holds = defaultdict(list)
    for hold in list_open(connection):
        holds[hold.day_id].append(hold)
    days = connection.execute(
        select(treatment_day).order_by(treatment_day.c.date_of_service, treatment_day.c.encounters)
    )
    return [
        TreatmentDayRow(
            id=day.id,
            visits=" ".join(orjson.loads(day.encounters)),
            date_of_service=day.date_of_service,
            discipline=day.discipline or "",
            payer=day.payer or "",
            state=day.state,
            claims=" ".join(one.number or "" for one in claims[day.id]).strip(),
            lines=", ".join(line for one in claims[day.id] for line in lines[one.id]),
            charge=str(from_cents(sum(one.total_cents for one in claims[day.id]))),
            holds=tuple(holds[day.id]),
        )
        for day in days
    ]
