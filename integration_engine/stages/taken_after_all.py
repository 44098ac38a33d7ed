"""A claim that was refused before adjudication and that the payer then took, or paid, under that very number.

The refusal is void: the payer has the claim. It is owed again as it was sent, its day is billed by it, and what was
drawn up in its place is dropped when the day is decided again. Where the day went out again in the meantime, the payer
may have both; which of them stands only a person can find out, so nothing is changed and the claim waits with that
question, until the payer takes one of them back or denies it as a duplicate: that one gives way to the other. So it does where a void is refused after its visit went anew.  Source  X12.md §3.3 (late or out-of-order answers; the furthest station that has spoken decides).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from integration_engine.core.findings import Finding
from integration_engine.rules.answers.strange import TAKEN_TWICE, VOID_REFUSED, decided_too, taken_twice, void_refused
from integration_engine.rules.corrections.chain import originals, went_again
from integration_engine.rules.posting.ledger import refusals_undone
from integration_engine.store import Connection, Store

QUESTIONS = (TAKEN_TWICE, VOID_REFUSED)


def taken_after_all(
    store: Store, connection: Connection, spoken_of: Collection[int], on: date, now: datetime
) -> tuple[set[int], set[int], set[int]]:
    """Let refused claims whose answers say otherwise by now stand again; returns them, what gave way to them, the patients.

    Shapes   spoken_of: the claims that this file's answers spoke of, with their standings saved. What went in place of a
             claim may be refused too by now, so all of their parts are asked.
    """
    weak = store.refusals.given_way(connection, spoken_of)
    stands = {one: at for one, at in store.refusals.contradicted(connection, spoken_of).items() if one not in weak}
    beside = store.refusals.others(connection, stands)
    twice = _ask(store, connection, spoken_of, stands, now, weak, beside)
    back = stands.keys() - twice
    if not back:
        return set(), set(), set()
    numbers = store.submissions.numbers(connection, back)
    entries, ids = store.ledger.postings_of(connection, back)
    store.ledger.append(connection, refusals_undone(set(numbers.values()), on, entries), ids, now)
    give_way = {one for claim_id in back for one in beside.get(claim_id, ())}
    patients = store.refusals.unrefuse(connection, back, now)
    store.refusals.refuse(connection, dict.fromkeys(give_way, ()), now)
    store.denials.resubmitted(connection, give_way, now)
    return back, give_way, patients


def _ask(
    store: Store,
    connection: Connection,
    spoken_of: Collection[int],
    stands: Mapping[int, str],
    now: datetime,
    weak: Mapping[int, str],
    beside: Mapping[int, Mapping[int, str]],
) -> set[int]:
    """Ask a person where the payer may have two claims, and no longer where it has not; returns those taken twice.

    Shapes   weak: the claims that give way. beside: other claims that the payer has of the parts of those that may stand.
    """
    voids = store.refusals.refused_voids(connection, spoken_of)
    numbers = store.submissions.numbers(connection, stands.keys() | voids)
    asked: dict[int, Finding] = {}
    twice: set[int] = set()
    for claim_id, links in store.refusals.after(connection, numbers).items():
        number = numbers[claim_id]
        again = tuple(other for other in went_again(number, links) if other not in weak.values())
        if claim_id in stands and again:
            asked[claim_id] = taken_twice(number, again, stands[claim_id])
            twice.add(claim_id)
        elif claim_id in voids and (again := went_again(number, originals(links))):
            asked[claim_id] = void_refused(number, again)
    for claim_id in stands.keys() - twice:
        strong = tuple(other for one, other in beside.get(claim_id, {}).items() if one not in weak)
        if strong:
            asked[claim_id] = decided_too(numbers[claim_id], strong, stands[claim_id])
            twice.add(claim_id)
    for claim_id in sorted(asked.keys() | store.refusals.questioned(connection, spoken_of, QUESTIONS)):
        question = (asked[claim_id],) if claim_id in asked else ()
        store.holds.sync(connection, question, now, claim_id=claim_id, families=QUESTIONS)
    return twice
