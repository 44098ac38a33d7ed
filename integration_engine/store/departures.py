"""Departures: how a file ends, published with its claims submitted and billed, or refused with its claims free or held.

Days are locked before claims are changed, in the order of their ids, as workers do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Exists, and_, exists, select, update

from integration_engine.core.findings import Finding
from integration_engine.domain.claim import ClaimDraft, numbered
from integration_engine.domain.record import ChargeState, DayState
from integration_engine.store import tables as t
from integration_engine.store.batches import Batches, PendingBatch
from integration_engine.store.database import parts
from integration_engine.store.documents import decode_draft
from integration_engine.store.holds import Holds
from integration_engine.store.ready_claims import FIRST_PAYER
from integration_engine.store.submissions import charge_ids

SENT = "sent"  # where a claim stands when its file was published and nothing has come back


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftClaim:
    """A claim at the moment its file was published. follows_id: the claim it replaces or voids, or the earlier
    payer's claim that a later payer's comes after.
    """

    id: int
    number: str
    draft: ClaimDraft
    follows_id: int | None


class Departures:
    """Noting how files ended."""

    def __init__(self, holds: Holds) -> None:
        self._holds = holds

    def mark_published(self, connection: Connection, batch: PendingBatch, now: datetime, on: date) -> list[LeftClaim]:
        """The file lies in outbound/: its claims are submitted, their days and charge lines billed; returns them.

        Shapes   on: the date in the practice's zone. Nothing comes back where another process was first.
        """
        if not Batches.settle(connection, batch, "published", published_at=now):
            return []
        claims = self._claims_of(connection, batch)
        days = self._lock_days(connection, claims)
        rows = list(connection.execute(select(t.claim).where(t.claim.c.id.in_(claims)).order_by(t.claim.c.id)))
        connection.execute(
            update(t.claim).where(t.claim.c.id.in_(claims)).values(state="submitted", submitted_on=on, standing=SENT)
        )
        unsent = self._unsent(connection, days)
        whole = [day for day in days if day not in unsent]
        connection.execute(
            update(t.treatment_day)
            .where(t.treatment_day.c.id.in_(whole))
            .values(state=DayState.BILLED.value, sent=True)
        )
        self._settle_charges(connection, rows, batch)
        return [
            LeftClaim(
                id=row.id,
                number=row.number,
                follows_id=row.follows_id,
                draft=numbered(decode_draft(row.document), row.number),
            )
            for row in rows
        ]

    def _settle_charges(self, connection: Connection, rows: Sequence[Any], batch: PendingBatch) -> None:
        """Charge lines of original claims and replacements are billed; what a correction took the place of is void."""
        by_claim: dict[int, list[int]] = {row.id: [] for row in rows}
        for part in parts(sorted(by_claim)):
            lines = connection.execute(
                select(t.service_line.c.claim_id, t.service_line.c.charges).where(t.service_line.c.claim_id.in_(part))
            )
            for claim_id, document in lines:
                by_claim[claim_id].extend(charge_ids(document))
        first = [row for row in rows if row.sequence == FIRST_PAYER]
        kept = sorted({c for row in first if row.frequency != "8" for c in by_claim[row.id]})
        self._bill(connection, kept, batch)
        for row in first:
            if row.frequency != "1":
                self._void_corrected(connection, row, set(kept), batch)

    @staticmethod
    def _void_corrected(connection: Connection, correction: Any, kept: set[int], batch: PendingBatch) -> None:
        before = connection.execute(
            select(t.service_line.c.charges).where(t.service_line.c.claim_id == correction.follows_id)
        )
        gone = sorted({c for document in before.scalars() for c in charge_ids(document)} - kept)
        what = "voided" if correction.frequency == "8" else "replaced"
        connection.execute(
            update(t.charge)
            .where(t.charge.c.id.in_(gone), t.charge.c.state == ChargeState.BILLED.value)
            .values(state=ChargeState.VOID.value, reason=f"{what} in file {batch.file_name}")
        )
        if correction.frequency == "8":
            # Another part of the day may stand at the payer, or wait to go: then the day is still billed.
            connection.execute(
                update(t.treatment_day)
                .where(t.treatment_day.c.id == correction.treatment_day_id, ~_part_left())
                .values(state=DayState.VOID.value)
            )

    def refuse(
        self,
        connection: Connection,
        batch: PendingBatch,
        findings: Sequence[Finding],
        bad: Mapping[str, tuple[Finding, ...]],
        now: datetime,
    ) -> bool:
        """A check refused the file: claims it names go to the edits queue, all others are free for the next file.

        Shapes   bad: claim number → what is wrong with it; where it names no claim of the file, all of them wait, or the
                 next file would be the same again. False: another process has published or refused the file.
        """
        claims = self._claims_of(connection, batch)
        self._lock_days(connection, claims)
        reason = "; ".join(sorted({finding.text for finding in findings}))
        if not Batches.settle(connection, batch, "refused", reason=reason):
            return False
        connection.execute(update(t.batch_claim).where(t.batch_claim.c.batch_id == batch.id).values(live=False))
        rows = list(
            connection.execute(
                select(t.claim, t.treatment_day.c.patient_id)
                .join(t.treatment_day, t.treatment_day.c.id == t.claim.c.treatment_day_id)
                .where(t.claim.c.id.in_(claims))
            )
        )
        connection.execute(update(t.claim).where(t.claim.c.id.in_(claims)).values(state="drafted", number=None))
        named = any(row.number in bad for row in rows)
        self._hold(connection, rows, {r.id: bad.get(r.number, ()) if named else tuple(findings) for r in rows}, now)
        return True

    def unwritable(self, connection: Connection, wrong: Mapping[int, tuple[Finding, ...]], now: datetime) -> None:
        """Claims that cannot be written as 837P: they wait with the reason, and go in no file.

        Shapes   wrong: claim id → what is wrong with it.
        """
        self._lock_days(connection, list(wrong))
        rows = connection.execute(
            select(t.claim, t.treatment_day.c.patient_id)
            .join(t.treatment_day, t.treatment_day.c.id == t.claim.c.treatment_day_id)
            .where(t.claim.c.id.in_(list(wrong)))
        )
        self._hold(connection, list(rows), wrong, now)

    def _hold(
        self, connection: Connection, rows: Sequence[Any], wrong: Mapping[int, tuple[Finding, ...]], now: datetime
    ) -> None:
        """Let claims wait: a first payer's with its day, a later payer's by itself."""
        later = [row for row in rows if wrong[row.id] and row.sequence != FIRST_PAYER]
        first = [row for row in rows if wrong[row.id] and row.sequence == FIRST_PAYER]
        for row in first:
            # A correction waits on a day that stays billed; only a day that never left is held as a whole.
            connection.execute(
                update(t.treatment_day)
                .where(t.treatment_day.c.id == row.treatment_day_id, t.treatment_day.c.state != DayState.BILLED.value)
                .values(state=DayState.HELD.value)
            )
            self._hold_lines(connection, row.id)
        days = [(row.treatment_day_id, row.patient_id, wrong[row.id]) for row in first]
        self._holds.sync_days(connection, days, now)
        for row in later:
            self._holds.sync(connection, wrong[row.id], now, claim_id=row.id)

    @staticmethod
    def _hold_lines(connection: Connection, claim_id: int) -> None:
        documents = connection.execute(select(t.service_line.c.charges).where(t.service_line.c.claim_id == claim_id))
        charges = [charge for document in documents.scalars() for charge in charge_ids(document)]
        connection.execute(
            update(t.charge)
            .where(t.charge.c.id.in_(charges), t.charge.c.state != ChargeState.BILLED.value)
            .values(state=ChargeState.HELD.value, reason="refused by the check of the 837P")
        )

    @staticmethod
    def _bill(connection: Connection, charges: list[int], batch: PendingBatch) -> None:
        for start in range(0, len(charges), 500):
            connection.execute(
                update(t.charge)
                .where(t.charge.c.id.in_(charges[start : start + 500]), t.charge.c.treatment_index.is_not(None))
                .values(state=ChargeState.BILLED.value, reason=f"in file {batch.file_name}")
            )

    @staticmethod
    def _claims_of(connection: Connection, batch: PendingBatch) -> list[int]:
        return list(
            connection.execute(select(t.batch_claim.c.claim_id).where(t.batch_claim.c.batch_id == batch.id)).scalars()
        )

    @staticmethod
    def _lock_days(connection: Connection, claims: Sequence[int]) -> list[int]:
        """The days of these claims, locked in the order in which workers lock them, so that none waits for ever."""
        of_claims = select(t.claim.c.treatment_day_id).where(t.claim.c.id.in_(claims))
        rows = connection.execute(
            select(t.treatment_day.c.id)
            .where(t.treatment_day.c.id.in_(of_claims))
            .order_by(t.treatment_day.c.id)
            .with_for_update(key_share=True)
        )
        return list(rows.scalars())

    @staticmethod
    def _unsent(connection: Connection, days: Sequence[int]) -> set[int]:
        """The days of which some claim has not left yet."""
        return set(
            connection.execute(
                select(t.claim.c.treatment_day_id).where(
                    t.claim.c.treatment_day_id.in_(days), t.claim.c.state.in_(("drafted", "batched"))
                )
            ).scalars()
        )


def _part_left() -> Exists:
    """Some claim of the day to its first payer waits to go, or has left and is neither corrected nor refused."""
    one, after = t.claim.alias("one"), t.claim.alias("after")
    corrected = exists().where(
        after.c.follows_id == one.c.id, after.c.sequence == FIRST_PAYER, after.c.state == "submitted"
    )
    left = one.c.state == "submitted", one.c.frequency != "8", ~corrected
    waits = one.c.state.in_(("drafted", "batched"))
    of_day = one.c.treatment_day_id == t.treatment_day.c.id, one.c.sequence == FIRST_PAYER
    return exists().where(*of_day, waits | and_(*left))
