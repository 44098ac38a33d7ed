"""A replacement or void that was refused before adjudication: the claim it corrected stands again, and is owed again.

What the payer has is the claim before the correction. So the event that took its place is taken back by another event,
its charge is posted again, and its standing is what its own answers say; the day is then decided again against it.
Source  X12.md §3.3 (a rejected claim was never there); X222A1 2300 CLM05-3.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.domain.ledger import Entry
from integration_engine.rules.ledger import charges_again, charges_replaced_after_all
from integration_engine.rules.life_cycle import TAKEN_OVER, standing
from integration_engine.store import Connection, Store
from integration_engine.store.submissions import NewEvent


def refused_corrections(
    store: Store, connection: Connection, refused: Collection[int], on: date, now: datetime
) -> None:
    """Let stand again, in events, standing and books, what the refused replacements and voids among these corrected.

    Shapes   refused: ids of refused claims, originals among them. Safe to repeat.
    """
    submissions = store.submissions
    corrected = submissions.corrected_by(connection, refused)
    if not corrected:
        return
    numbers = submissions.numbers(connection, corrected)
    earlier_ids = {earlier_id for earlier_id, _ in corrected.values()}
    known = submissions.events(connection, earlier_ids)
    new = []
    for claim_id, (earlier_id, _) in sorted(corrected.items()):
        if _last_word(known[earlier_id], numbers[claim_id]) is not ClaimEventKind.CORRECTION_REFUSED:
            event = ClaimEvent(kind=ClaimEventKind.CORRECTION_REFUSED, on=on, code=numbers[claim_id])
            known[earlier_id].append(event)
            new.append(NewEvent(claim_id=earlier_id, event=event))
    submissions.append(connection, new, now)
    submissions.stand(connection, {one.claim_id: standing(known[one.claim_id]).value for one in new})
    entries = _entries(store, connection, earlier_ids)
    ids = {number: earlier_id for earlier_id, number in corrected.values()}
    store.ledger.append(connection, charges_again(set(numbers.values()), on, entries), ids, now)
    store.denials.follow_corrections(connection, earlier_ids, now)


def corrections_taken(store: Store, connection: Connection, taken: Collection[int], on: date, now: datetime) -> None:
    """Let refused replacements and voids take the place of their claims after all, because the payer took them.

    Shapes   taken: ids of claims that were refused and are not any more, originals among them. Safe to repeat.
    """
    submissions = store.submissions
    corrected = submissions.corrected_by(connection, taken)
    numbers = submissions.numbers(connection, corrected)
    earlier_ids = {earlier_id for earlier_id, _ in corrected.values()}
    known = submissions.events(connection, earlier_ids)
    new = []
    for claim_id, (earlier_id, _) in sorted(corrected.items()):
        of_correction = [event for event in known[earlier_id] if event.code == numbers[claim_id]]
        if _last_word(of_correction, numbers[claim_id]) is ClaimEventKind.CORRECTION_REFUSED:
            first = next(e for e in of_correction if e.kind is not ClaimEventKind.CORRECTION_REFUSED)
            event = replace(first, on=on)
            known[earlier_id].append(event)
            new.append(NewEvent(claim_id=earlier_id, event=event))
    submissions.append(connection, new, now)
    submissions.stand(connection, {one.claim_id: standing(known[one.claim_id]).value for one in new})
    entries = _entries(store, connection, earlier_ids)
    ids = {number: earlier_id for earlier_id, number in corrected.values()}
    store.ledger.append(connection, charges_replaced_after_all(set(numbers.values()), on, entries), ids, now)
    store.denials.resubmitted(connection, earlier_ids, now)


def _last_word(events: Sequence[ClaimEvent], number: str) -> ClaimEventKind | None:
    """Refused, or in its place: what was last said of the correction of this number."""
    kinds = [event.kind for event in events if event.code == number]
    refused = kinds.count(ClaimEventKind.CORRECTION_REFUSED)
    took = sum(kind in TAKEN_OVER for kind in kinds)
    if refused and refused >= took:
        return ClaimEventKind.CORRECTION_REFUSED
    return next((kind for kind in kinds if kind in TAKEN_OVER), None)


def _entries(store: Store, connection: Connection, claim_ids: Collection[int]) -> list[Entry]:
    books = store.ledger.entries(connection, claim_ids)
    return [entry for of_claim in books.values() for entry in of_claim]
