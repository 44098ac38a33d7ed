"""Everything known under one number, as plain values: messages, charges, decisions, findings, holds, claims, file."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import Connection, Table, select

from integration_engine.core.money import from_cents
from integration_engine.store import tables as t
from integration_engine.store.holds import plain_row
from integration_engine.store.queries.claims import life_of

LARGEST_ID = 2**63 - 1


def explain(connection: Connection, identity: str) -> dict[str, Any] | None:
    """Look under visit number, claim number, line control number, then day, claim, charge and journal id.

    Shapes   None when nothing is known.
    """
    line = connection.execute(_line(identity)).first()
    if line is not None:
        return _of_line(_day(connection, line.treatment_day_id), line)
    days = _days(connection, identity)
    if days:
        parts = [_day(connection, day_id) for day_id in days]
        return parts[0] if len(parts) == 1 else {"treatment_days": parts}
    if identity.isdigit() and int(identity) <= LARGEST_ID:
        message = connection.execute(_message().where(t.journal.c.id == int(identity))).mappings().first()
        if message:
            return {"message": plain_row(message), "holds": _holds(connection, t.hold.c.journal_id == message["id"])}
    return None


def _line(identity: str) -> Any:
    return (
        select(t.service_line, t.claim.c.treatment_day_id)
        .join(t.claim, t.claim.c.id == t.service_line.c.claim_id)
        .where(t.claim.c.number == identity.rpartition("L")[0], t.service_line.c.line_control == identity)
    )


def _of_line(day: dict[str, Any], line: Any) -> dict[str, Any]:
    """The day as far as it speaks of one service line: its decisions, and those of the whole day it leans on."""
    about = {
        "number": line.line_control,
        "code": line.code,
        "modifiers": line.modifiers,
        "units": line.units,
        "charge": str(from_cents(line.charge_cents)),
    }
    codes = {part.split(":")[1].split()[0] for claim in day["claims"] for part in claim["lines"]} - {line.code}
    decisions = [
        d for d in day["decisions"] if codes.isdisjoint(d["subject"].split()) or line.code in d["subject"].split()
    ]
    return {"line": about, **day, "decisions": decisions}


def _days(connection: Connection, identity: str) -> list[int]:
    by_claim = select(t.claim.c.treatment_day_id).where(t.claim.c.number == identity)
    found = list(connection.execute(by_claim).scalars())
    if found:
        return found
    visits = orjson.dumps([identity]).decode()[1:-1]
    escaped = visits.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    by_visit = select(t.treatment_day.c.id).where(t.treatment_day.c.encounters.like(f"%{escaped}%", escape="\\"))
    found = list(connection.execute(by_visit.order_by(t.treatment_day.c.date_of_service)).scalars())
    if found or not identity.isdigit() or int(identity) > LARGEST_ID:
        return found
    number = int(identity)
    for query in (
        select(t.treatment_day.c.id).where(t.treatment_day.c.id == number),
        select(t.claim.c.treatment_day_id).where(t.claim.c.id == number),
        select(t.hold.c.treatment_day_id).where(t.hold.c.id == number, t.hold.c.treatment_day_id.is_not(None)),
    ):
        found = list(connection.execute(query).scalars())
        if found:
            return found
    return []


def _day(connection: Connection, day_id: int) -> dict[str, Any]:
    day = connection.execute(select(t.treatment_day).where(t.treatment_day.c.id == day_id)).mappings().one()
    visits = orjson.loads(day["encounters"])
    last = (
        connection.execute(
            select(t.adjudication)
            .where(t.adjudication.c.treatment_day_id == day_id)
            .order_by(t.adjudication.c.id.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    encounters = list(
        connection.execute(
            select(t.encounter.c.id).where(
                t.encounter.c.patient_id == day["patient_id"], t.encounter.c.number.in_(visits)
            )
        ).scalars()
    )
    charges = _rows(connection, t.charge, t.charge.c.encounter_id.in_(encounters))
    journal_ids = sorted({charge["journal_id"] for charge in charges})
    claims = select(t.claim.c.id).where(t.claim.c.treatment_day_id == day_id)  # their denials and remits wait, too
    return {
        "treatment_day": {
            "id": day_id,
            "visits": visits,
            "date_of_service": day["date_of_service"],
            "discipline": day["discipline"],
            "payer": day["payer"],
            "state": day["state"],
            "mappings_version": last["mappings_version"] if last else None,
        },
        "messages": [
            plain_row(row) for row in connection.execute(_message().where(t.journal.c.id.in_(journal_ids))).mappings()
        ],
        "charges": charges,
        "decisions": _decisions(connection, last["id"]) if last else [],
        "findings": orjson.loads(last["findings"]) if last else [],
        "holds": _holds(connection, (t.hold.c.treatment_day_id == day_id) | t.hold.c.claim_id.in_(claims)),
        "claims": _claims(connection, day_id),
    }


def _decisions(connection: Connection, adjudication_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(t.decision.c.document)
        .where(t.decision.c.adjudication_id == adjudication_id)
        .order_by(t.decision.c.position)
    )
    return [orjson.loads(document) for document in rows.scalars()]


def _claims(connection: Connection, day_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(t.claim, t.batch.c.file_name)
        .join(t.batch_claim, (t.batch_claim.c.claim_id == t.claim.c.id) & t.batch_claim.c.live, isouter=True)
        .join(t.batch, t.batch.c.id == t.batch_claim.c.batch_id, isouter=True)
        .where(t.claim.c.treatment_day_id == day_id)
        .order_by(t.claim.c.id)
    ).all()
    lives = life_of(connection, [row.id for row in rows])
    return [
        {
            "id": row.id,
            "number": row.number,
            "state": row.state,
            "standing": row.standing,
            "payer": row.payer,
            "sequence": row.sequence,
            "frequency": row.frequency,
            "charge": str(from_cents(row.total_cents)),
            "file": row.file_name,
            "file_by": row.file_by,
            "payer_control_number": row.payer_control_number,
            "lines": [
                f"{line['number']}: {line['code']} x{line['units']} {line['modifiers']} {from_cents(line['charge_cents'])}"
                for line in _rows(connection, t.service_line, t.service_line.c.claim_id == row.id)
            ],
            **lives[row.id],
        }
        for row in rows
    ]


def _holds(connection: Connection, where: Any) -> list[dict[str, Any]]:
    keys = ("id", "queue", "finding", "state", "owner", "assigned_to", "due_on", "text", "fix", "reason", "closed_by")
    return [{key: row[key] for key in keys} for row in _rows(connection, t.hold, where)]


def _rows(connection: Connection, table: Table, where: Any) -> list[dict[str, Any]]:
    return [plain_row(row) for row in connection.execute(select(table).where(where)).mappings()]


def _message() -> Any:
    j = t.journal.c
    return select(j.id, j.sender, j.control_id, j.trigger, j.state, j.reason, j.tolerances, j.created_at).order_by(j.id)
