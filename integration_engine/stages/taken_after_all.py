"""A claim that was refused before adjudication and that the payer then took, or paid, under that very number.

The refusal is void: the payer has the claim. It is owed again as it was sent, its day is billed by it, and what was
drawn up in its place is dropped when the day is decided again. Where the day went out again in the meantime, the payer
may have both; which of them stands only a person can find out, so nothing is changed and the claim waits with that
question.  Source  X12.md §3.3 (late or out-of-order answers; the furthest station that has spoken decides).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from integration_engine.rules.ledger import refusals_undone
from integration_engine.rules.strange_answers import taken_twice
from integration_engine.stages.refused_corrections import corrections_taken
from integration_engine.store import Connection, Store


def taken_after_all(
    store: Store, connection: Connection, stands: Mapping[int, str], on: date, now: datetime
) -> set[int]:
    """Let refused claims whose answers say otherwise by now stand again; returns the patients to decide again.

    Shapes   stands: claim id → where it stands after this file's answers.
    """
    submissions = store.submissions
    refused = submissions.refused_among(connection, [one for one, standing in stands.items() if standing != "refused"])
    if not refused:
        return set()
    numbers = submissions.numbers(connection, refused)
    gone_again = submissions.gone_again(connection, refused)
    for claim_id, others in gone_again.items():
        finding = taken_twice(numbers[claim_id], others, stands[claim_id])
        store.holds.sync(connection, (finding,), now, claim_id=claim_id)
    back = refused - gone_again.keys()
    entries, ids = store.ledger.postings_of(connection, back)
    posted = refusals_undone({numbers[claim_id] for claim_id in back}, on, entries)
    store.ledger.append(connection, posted, ids, now)
    corrections_taken(store, connection, back, on, now)
    return submissions.unrefuse(connection, back, now)
