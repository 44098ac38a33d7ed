"""Ready claims: which drafted claims may go into the next file, as one query.

Drafted, its day ready (or billed already, for a correction or a later payer's claim), nobody holding it back, no open
hold on it, nothing about its patient still to be decided, and no correction under way at a payer before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Exists, Select, exists, select

from integration_engine.domain.claim import ClaimDraft
from integration_engine.domain.record import DayState
from integration_engine.store import tables as t
from integration_engine.store.documents import decode_draft
from integration_engine.store.submissions import UNDECIDED

FIRST_PAYER = "P"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyClaim:
    """A drafted claim that may go out."""

    id: int
    draft: ClaimDraft
    follows_id: int | None = None


def ready_query(*, aside: str = "") -> Select[Any]:
    """Id, document and what is followed, of every claim that may leave.

    Shapes   aside: a kind of finding whose holds are not looked at, to ask which claims would wait for it alone.
    """
    day = t.treatment_day.c
    of_day = t.hold.c.treatment_day_id == t.claim.c.treatment_day_id
    of_claim = of_day | (t.hold.c.claim_id == t.claim.c.id)
    held = exists().where(of_claim, t.hold.c.state == "open", t.hold.c.finding != aside)
    kept_back = exists().where(t.held_back.c.treatment_day_id == t.claim.c.treatment_day_id)
    undecided = exists().where(t.decide_again.c.patient_id == day.patient_id)
    # A void at a later payer leaves after the day was voided at its first.
    withdrawal = (t.claim.c.sequence != FIRST_PAYER) & (t.claim.c.frequency == "8")
    return (
        select(t.claim.c.id, t.claim.c.document, t.claim.c.follows_id)
        .join(t.treatment_day, day.id == t.claim.c.treatment_day_id)
        .where(
            t.claim.c.state == "drafted",
            day.state.in_((DayState.READY.value, DayState.BILLED.value)) | withdrawal,
            ~held,
            ~kept_back,
            ~undecided,
            (t.claim.c.sequence == FIRST_PAYER) | ~_earlier_corrected(),
        )
    )


def _earlier_corrected() -> Exists:
    """The claim to a payer before is being corrected: its correction waits, or has left and is not decided yet."""
    before = t.claim.alias("before").c
    undecided = (before.state == "submitted") & before.standing.in_(UNDECIDED)
    return exists().where(
        before.treatment_day_id == t.claim.c.treatment_day_id,
        before.part == t.claim.c.part,
        before.sequence < t.claim.c.sequence,  # P, S, T: the alphabet's order is theirs
        before.frequency != "1",
        before.state.in_(("drafted", "batched")) | (undecided & (before.frequency == "7")),
    )


def ready_claim(row: Any) -> ReadyClaim:
    """A claim as a row of the query holds it."""
    return ReadyClaim(id=row.id, draft=decode_draft(row.document), follows_id=row.follows_id)
