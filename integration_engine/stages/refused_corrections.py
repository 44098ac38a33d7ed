"""A replacement or void that was refused before adjudication: the claim it corrected stands again, and is owed again.

What the payer has is the claim before the correction. So the event that took its place is taken back by another event,
its charge is posted again, and its standing is what its own answers say; the day is then decided again against it.
Source  X12.md §3.3 (a rejected claim was never there); X222A1 2300 CLM05-3.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from integration_engine.domain.claim_event import ClaimEvent, ClaimEventKind
from integration_engine.rules.ledger import charges_again
from integration_engine.rules.life_cycle import standing
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
    told = {(i, e.code) for i, events in known.items() for e in events if e.kind is ClaimEventKind.CORRECTION_REFUSED}
    new = []
    for claim_id, (earlier_id, _) in sorted(corrected.items()):
        if (earlier_id, numbers[claim_id]) not in told:
            event = ClaimEvent(kind=ClaimEventKind.CORRECTION_REFUSED, on=on, code=numbers[claim_id])
            known[earlier_id].append(event)
            new.append(NewEvent(claim_id=earlier_id, event=event))
    submissions.append(connection, new, now)
    submissions.stand(connection, {one.claim_id: standing(known[one.claim_id]).value for one in new})
    books = store.ledger.entries(connection, earlier_ids)
    entries = [entry for of_claim in books.values() for entry in of_claim]
    ids = {number: earlier_id for earlier_id, number in corrected.values()}
    store.ledger.append(connection, charges_again(set(numbers.values()), on, entries), ids, now)
