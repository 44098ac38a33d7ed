"""What was decided about treatment days: the day's standing, its decisions, its holds, its claim drafts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from integration_engine.core.findings import Finding
from integration_engine.core.money import to_cents
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.record import DayState, KeptDay
from integration_engine.domain.treatment_day import Adjudication
from integration_engine.store import tables as t
from integration_engine.store.claim_rows import claim_row, line_rows
from integration_engine.store.database import bulk_delete, bulk_insert, update_many
from integration_engine.store.documents import encode
from integration_engine.store.holds import Holds
from integration_engine.store.ids import IdFactory
from integration_engine.store.lanes import RecordChanged


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """One treatment day as adjudicated.

    Shapes   visits: the visit numbers of its encounters. facts: canonical JSON of what it was decided on, so that it
             can be decided again. adjudication: None when nothing of the day is left. drafts: the claims to keep, each
             with the id of the claim it corrects, None for an original. families: how the findings begin that were looked
             for, when it was not for all.
    """

    patient_id: int
    day: KeptDay
    visits: tuple[str, ...]
    adjudication: Adjudication | None
    findings: tuple[Finding, ...]
    drafts: tuple[tuple[ClaimDraft, int | None], ...]
    facts: str
    mappings_version: str
    families: tuple[str, ...] = ()


class Adjudications:
    """Saves results in bulk."""

    def __init__(self, ids: IdFactory, holds: Holds) -> None:
        self._ids = ids
        self._holds = holds

    def save(self, connection: Connection, results: Sequence[DayResult], now: datetime) -> None:
        """Replace each day's standing and drafts, append its adjudication, bring its holds up to date.

        A day already billed keeps its claims as they were sent.

        Raises   RecordChanged when a claim of one of the days went on its way since the day was read.
        """
        if not results:
            return
        days: list[tuple[Any, ...]] = []
        adjudications: list[tuple[Any, ...]] = []
        decisions: list[tuple[Any, ...]] = []
        claims: list[tuple[Any, ...]] = []
        lines: list[tuple[Any, ...]] = []
        for result in results:
            days.append(_day_row(result))
            identity = self._ids.next()
            adjudications.append(
                (
                    identity,
                    result.day.id,
                    result.day.state.value,
                    result.mappings_version,
                    result.facts,
                    encode(result.findings),
                    now,
                )
            )
            if result.adjudication is None:
                continue
            decisions.extend(
                (identity, position, d.station, d.subject, d.rule, d.value, d.outcome.value, encode(d))
                for position, d in enumerate(result.adjudication.decisions)
            )
            for draft, follows_id in result.drafts:
                claim_id = self._ids.next()
                claims.append(claim_row(claim_id, result.day.id, identity, draft, follows_id, now))
                lines.extend(line_rows(claim_id, draft))
        self._save_days(connection, days)
        self._drop_drafts(connection, [result.day.id for result in results])
        bulk_insert(connection, t.adjudication, adjudications)
        bulk_insert(connection, t.decision, decisions)
        bulk_insert(connection, t.claim, claims)
        bulk_insert(connection, t.service_line, lines)
        for families in {result.families for result in results}:
            told = [(r.day.id, r.patient_id, r.findings) for r in results if r.families == families]
            self._holds.sync_days(connection, told, now, families=families)

    @staticmethod
    def _save_days(connection: Connection, rows: list[tuple[Any, ...]]) -> None:
        names = [column.name for column in t.treatment_day.columns]
        states = {row[0]: row[names.index("state")] for row in rows}
        known = {
            row.id: row.state
            for row in connection.execute(
                select(t.treatment_day.c.id, t.treatment_day.c.state)
                .where(t.treatment_day.c.id.in_(list(states)))
                .order_by(t.treatment_day.c.id)
                .with_for_update(key_share=True)
            )
        }
        billed = DayState.BILLED.value
        if any(state == billed != states[day_id] for day_id, state in known.items()):
            raise RecordChanged("a day of this batch was billed after it was read")
        bulk_insert(connection, t.treatment_day, [row for row in rows if row[0] not in known])
        update_many(
            connection, t.treatment_day, [dict(zip(names, row, strict=True)) for row in rows if row[0] in known]
        )

    @staticmethod
    def _drop_drafts(connection: Connection, day_ids: list[int]) -> None:
        """Take away what was drafted before; a claim to a later payer follows from a remit and stays."""
        stale = list(
            connection.execute(
                select(t.claim.c.id)
                .where(t.claim.c.treatment_day_id.in_(day_ids), t.claim.c.state == "drafted", t.claim.c.sequence == "P")
                .order_by(t.claim.c.id)
                .with_for_update()  # waits for a batcher, and then no longer sees what that one took
            ).scalars()
        )
        leaving = select(t.claim.c.id).where(
            t.claim.c.treatment_day_id.in_(day_ids), t.claim.c.state == "batched", t.claim.c.sequence == "P"
        )
        if connection.scalar(leaving.limit(1)) is not None:
            raise RecordChanged("a claim of this batch is in a file on its way")
        bulk_delete(connection, t.service_line, "claim_id", stale)
        bulk_delete(connection, t.batch_claim, "claim_id", stale)
        bulk_delete(connection, t.claim, "id", stale)


def _day_row(result: DayResult) -> tuple[Any, ...]:
    day = result.day
    return (
        day.id,
        result.patient_id,
        day.date_of_service,
        day.discipline.value if day.discipline else None,
        day.state.value,
        day.payer,
        encode(day.codes),
        to_cents(day.allowed) if day.allowed is not None else None,
        day.evaluation,
        encode(day.consumed),
        encode(result.visits),
        day.billing_provider,
        encode(day.separated),
        day.therapist_took_part,
        day.minutes,
        day.habilitative,
        day.sent,
    )
