"""Claims to later payers as they wait and as they left, one family for each part of a treatment day.

They follow from a remit, not from an adjudication, so they are kept, drawn anew and dropped here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from integration_engine.core.findings import Finding
from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.store import tables as t
from integration_engine.store.claim_rows import claim_row, line_rows
from integration_engine.store.database import bulk_delete, bulk_insert, parts
from integration_engine.store.documents import decode_draft
from integration_engine.store.holds import Holds
from integration_engine.store.ids import IdFactory
from integration_engine.store.submissions import Submissions

FIRST_PAYER = "P"
NOT_DRAWN = "coordination."  # the holds of a claim from which no later payer's claim could be drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingClaim:
    """A later payer's claim that has not left. on_its_way: it lies in a file already."""

    id: int
    draft: ClaimDraft
    follows_id: int | None
    on_its_way: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """All claims of one part of a treatment day. sent: to every payer, oldest first. waiting: to later payers."""

    patient_id: int
    sent: tuple[SentClaim, ...]
    waiting: tuple[WaitingClaim, ...]


class LaterClaims:
    """Load families, and save what becomes of their later payers' claims."""

    def __init__(self, ids: IdFactory, holds: Holds, submissions: Submissions) -> None:
        self._ids = ids
        self._holds = holds
        self._submissions = submissions

    def families(self, connection: Connection, claim_ids: Collection[int]) -> list[Family]:
        """The families of these claims; what waits in them is locked, in the order in which files take claims."""
        days: set[int] = set()
        for part in parts(sorted(claim_ids)):
            days.update(connection.execute(select(t.claim.c.treatment_day_id).where(t.claim.c.id.in_(part))).scalars())
        waiting: dict[tuple[int, int], list[WaitingClaim]] = defaultdict(list)
        c = t.claim.c
        for part in parts(sorted(days)):
            rows = connection.execute(
                select(t.claim)
                .where(c.treatment_day_id.in_(part), c.state.in_(("drafted", "batched")), c.sequence != FIRST_PAYER)
                .order_by(c.id)
                .with_for_update()
            )
            for row in rows:
                one = WaitingClaim(
                    id=row.id,
                    draft=decode_draft(row.document),
                    follows_id=row.follows_id,
                    on_its_way=row.state == "batched",
                )
                waiting[row.treatment_day_id, row.part].append(one)
        sent: dict[tuple[int, int], list[SentClaim]] = defaultdict(list)
        for claim in self._submissions.of_days(connection, days):
            sent[claim.day_id, claim.draft.part].append(claim)
        return [
            Family(patient_id=claims[0].patient_id, sent=tuple(claims), waiting=tuple(waiting.get(key, ())))
            for key, claims in sorted(sent.items())
        ]

    def redraw(
        self,
        connection: Connection,
        earlier: SentClaim,
        waiting: Sequence[WaitingClaim],
        wanted: Sequence[tuple[ClaimDraft, int]],
        refusal: Sequence[Finding],
        now: datetime,
    ) -> None:
        """Make the drafts that wait those that are wanted; one that is wanted as it is stays, with its holds.

        Shapes   waiting: of the same payer's rank, none of them on its way. wanted: with the claim that each follows.
                 refusal: what a new draft waits for.
        """
        kept = [one for one in waiting if (one.draft, one.follows_id) in wanted]
        self.drop(connection, [one.id for one in waiting if one not in kept])
        there = [(one.draft, one.follows_id) for one in kept]
        new = [pair for pair in wanted if pair not in there]
        if not new:
            return
        adjudication = connection.scalar(select(t.claim.c.adjudication_id).where(t.claim.c.id == earlier.id))
        assert adjudication is not None  # the earlier claim was drafted by one
        for draft, follows_id in new:
            identity = self._ids.next()
            row = claim_row(identity, earlier.day_id, adjudication, draft, follows_id, now)
            bulk_insert(connection, t.claim, [row])
            bulk_insert(connection, t.service_line, line_rows(identity, draft))
            if refusal:
                self._holds.sync(connection, refusal, now, claim_id=identity)

    @staticmethod
    def drop(connection: Connection, stale: Sequence[int]) -> None:
        """Take drafts away, with what hangs on them."""
        bulk_delete(connection, t.hold, "claim_id", stale)
        bulk_delete(connection, t.service_line, "claim_id", stale)
        bulk_delete(connection, t.batch_claim, "claim_id", stale)
        bulk_delete(connection, t.claim, "id", stale)

    @staticmethod
    def unsettled_of(connection: Connection, patient_ids: Collection[int]) -> set[int]:
        """The later payers' claims of these patients that wait to leave, and the claims that none could be drawn from."""
        found: set[int] = set()
        claim, day, hold = t.claim.c, t.treatment_day.c, t.hold.c
        waits = (claim.state == "drafted") & (claim.sequence != FIRST_PAYER)
        missing = claim.id.in_(
            select(hold.claim_id).where(hold.state == "open", hold.finding.startswith(NOT_DRAWN, autoescape=True))
        )
        for part in parts(sorted(patient_ids)):
            rows = connection.execute(
                select(claim.id)
                .join(t.treatment_day, day.id == claim.treatment_day_id)
                .where(day.patient_id.in_(part), waits | missing)
            )
            found.update(rows.scalars())
        return found

    @staticmethod
    def ranks(connection: Connection, claim_ids: Collection[int]) -> dict[int, set[int]]:
        """For each of these claims, all of its part that have left to payers of its rank, itself among them."""
        one, other = t.claim.alias("one"), t.claim.alias("other")
        found: dict[int, set[int]] = defaultdict(set)
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(one.c.id, other.c.id)
                .join(
                    other,
                    (other.c.treatment_day_id == one.c.treatment_day_id)
                    & (other.c.part == one.c.part)
                    & (other.c.sequence == one.c.sequence),
                )
                .where(one.c.id.in_(part), other.c.state.in_(("submitted", "refused")))
            )
            for row in rows:
                found[row[0]].add(row[1])
        return dict(found)

    @staticmethod
    def sources(connection: Connection, claim_ids: Collection[int]) -> dict[int, int]:
        """For later payers' claims: the claim of the payer before, as that payer has it now; none where it was voided.

        Shapes   claim id → claim id of the payer ranked before.
        """
        later, before = t.claim.alias("later"), t.claim.alias("before")
        found: dict[int, int] = {}
        for part in parts(sorted(claim_ids)):
            rows = connection.execute(
                select(later.c.id, later.c.sequence, before.c.id, before.c.sequence, before.c.frequency)
                .join(
                    before,
                    (before.c.treatment_day_id == later.c.treatment_day_id)
                    & (before.c.part == later.c.part)
                    & (before.c.sequence < later.c.sequence),  # P, S, T: the alphabet's order is theirs
                )
                .where(later.c.id.in_(part), before.c.state == "submitted")
                .order_by(later.c.id, before.c.sequence, before.c.id)
            )
            last: dict[int, tuple[int, str]] = {row[0]: (row[2], row[4]) for row in rows}
            found.update({claim: one for claim, (one, frequency) in last.items() if frequency != "8"})
        return found
