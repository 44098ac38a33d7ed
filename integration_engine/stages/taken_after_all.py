"""A claim that was refused before adjudication and that the payer then took, or paid, under that very number.

The refusal is void: the payer has the claim. It is owed again as it was sent, its day is billed by it, and what was
drawn up in its place is dropped when the day is decided again. Where the day went out again in the meantime, the payer
may have both; which of them stands only a person can find out, so nothing is changed and the claim waits with that
question. So it does where a void is refused after its visit went anew.  Source  X12.md §3.3 (late or out-of-order answers; the furthest station that has spoken decides).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from integration_engine.core.findings import Finding
from integration_engine.rules.claim_chain import originals, went_again
from integration_engine.rules.ledger import refusals_undone
from integration_engine.rules.strange_answers import TAKEN_TWICE, VOID_REFUSED, taken_twice, void_refused
from integration_engine.store import Connection, Store

QUESTIONS = (TAKEN_TWICE, VOID_REFUSED)


def taken_after_all(
    store: Store, connection: Connection, spoken_of: Collection[int], on: date, now: datetime
) -> tuple[set[int], set[int]]:
    """Let refused claims whose answers say otherwise by now stand again; returns their ids and the patients.

    Shapes   spoken_of: the claims that this file's answers spoke of, with their standings saved. What went in place of a
             claim may be refused too by now, so all of their parts are asked.
    """
    stands = store.refusals.contradicted(connection, spoken_of)
    twice = _ask(store, connection, spoken_of, stands, now)
    back = stands.keys() - twice
    if not back:
        return set(), set()
    numbers = store.submissions.numbers(connection, back)
    entries, ids = store.ledger.postings_of(connection, back)
    store.ledger.append(connection, refusals_undone(set(numbers.values()), on, entries), ids, now)
    return back, store.refusals.unrefuse(connection, back, now)


def _ask(
    store: Store, connection: Connection, spoken_of: Collection[int], stands: Mapping[int, str], now: datetime
) -> set[int]:
    """Ask a person where the payer may have two claims, and no longer where it has not; returns those taken twice."""
    voids = store.refusals.refused_voids(connection, spoken_of)
    numbers = store.submissions.numbers(connection, stands.keys() | voids)
    asked: dict[int, Finding] = {}
    twice: set[int] = set()
    for claim_id, links in store.refusals.after(connection, numbers).items():
        number = numbers[claim_id]
        if claim_id in stands and (again := went_again(number, links)):
            asked[claim_id] = taken_twice(number, again, stands[claim_id])
            twice.add(claim_id)
        elif claim_id in voids and (again := went_again(number, originals(links))):
            asked[claim_id] = void_refused(number, again)
    for claim_id in sorted(asked.keys() | store.refusals.questioned(connection, spoken_of, QUESTIONS)):
        question = (asked[claim_id],) if claim_id in asked else ()
        store.holds.sync(connection, question, now, claim_id=claim_id, families=QUESTIONS)
    return twice
