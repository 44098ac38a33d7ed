"""A later payer takes its answer back: the books are as they were before it, in whatever order the two are read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_engine.domain.ledger import Account, Entry
from integration_engine.domain.submission import SubmittedClaim
from integration_engine.rules.posting.ledger import difference, entries_for_claim, open_balance, total_of, transfer
from tests.rules.decided_claims import CHARGES, ON, answer, claim, posted

Reasons = tuple[tuple[tuple[str, int], ...], ...]
CAPPED: Reasons = ((("OA-23", 10_000), ("CO-45", 400), ("PR-2", 398)), (("OA-23", 4_805), ("CO-45", 397)))
NOTHING_PAID: Reasons = ((("OA-23", 11_000), ("PR-2", 1_000)), (("OA-23", 4_800), ("CO-45", 1_000)))
NOTHING_AT_ALL: Reasons = ((("OA-23", 11_000), ("CO-45", 1_000)), (("OA-23", 4_800), ("CO-45", 1_000)))


def at_second_payer(taken_over: int) -> tuple[SubmittedClaim, list[Entry]]:
    """The second payer's claim, and the books when it leaves."""
    first, later = claim("C1"), claim("C2", sequence="S")
    books = list(entries_for_claim(first, ON))
    shares = min(taken_over, CHARGES[0])
    rest = taken_over - shares
    left = ((("PR-2", shares), ("CO-45", CHARGES[0] - shares)), (("PR-2", rest), ("CO-45", CHARGES[1] - rest)))
    books += posted(answer(first, left, "1"), first, "T1", books).entries
    books += transfer(taken_over, ON, "C1-C2", source="C1", target="C2")
    assert open_balance(books, "C2").payer == taken_over
    return later, books


def balances(books: list[Entry]) -> dict[tuple[str | None, Account], int]:
    found: dict[tuple[str | None, Account], int] = {}
    for entry in books:
        found[entry.claim, entry.account] = found.get((entry.claim, entry.account), 0) + entry.cents
    return {place: cents for place, cents in found.items() if cents}


def read(books: list[Entry], later: SubmittedClaim, taken: Reasons, order: str) -> tuple[list[Entry], set[str]]:
    """The answer (p) and its takeback (b), as often and in the order given."""
    findings: set[str] = set()
    for number, what in enumerate(order):
        told = answer(later, taken, "2") if what == "p" else answer(later, taken, "22", sign=-1)
        result = posted(told, later, f"S{number}", books)
        assert difference(result.entries) == 0
        books = [*books, *result.entries]
        findings |= {finding.id for finding in result.findings}
    return books, findings


ORDERS = [(taken, order) for taken in (CAPPED, NOTHING_PAID) for order in ("pb", "bp", "pbpb", "bppb")]
# A takeback of nothing leaves no trace by which the answer after it could be known, so only this order is asked.
ORDERS += [(NOTHING_AT_ALL, "pb"), (NOTHING_AT_ALL, "pbpb")]


@pytest.mark.parametrize(("taken", "order"), ORDERS)
def test_a_capped_answer_and_its_takeback_leave_nothing(taken: Reasons, order: str) -> None:
    later, before = at_second_payer(1_918)
    books, findings = read(before, later, taken, order)
    assert balances(books) == balances(before)
    assert ("remittance.reversal_unknown" in findings) == order.startswith("b")


def test_only_what_was_posted_of_a_reduction_is_taken_back() -> None:
    later, before = at_second_payer(1_000)
    paid, _ = read(before, later, CAPPED, "p")
    reduced = total_of([leg for leg in paid if leg.claim == "C2"], Account.CONTRACTUAL)
    assert reduced < 797
    again, findings = read(paid, later, NOTHING_AT_ALL, "b")
    assert (balances(again), findings) == (balances(paid), set())


def test_a_takeback_in_other_words_undoes_what_was_paid_and_tells_it() -> None:
    later, before = at_second_payer(1_918)
    paid, _ = read(before, later, CAPPED, "p")
    other = ((("OA-23", 10_398), ("CO-45", 400)), (("OA-23", 4_805), ("CO-45", 397)))
    books, findings = read(paid, later, other, "b")
    assert balances(books) == balances(before)
    assert findings == {"remittance.reversal_differs"}


def test_a_supplements_takeback_that_is_read_first_leaves_nothing() -> None:
    first = claim("C1")
    books = list(entries_for_claim(first, ON))
    left: Reasons = ((("CO-45", 2_000), ("PR-2", 2_000)), (("CO-45", 800),))
    books += posted(answer(first, left, "19"), first, "T1", books).entries
    supplement: Reasons = ((("OA-23", 10_000), ("CO-45", 300), ("PR-3", 500)), (("OA-23", 5_800),))
    after, _ = read(books, replace(first), supplement, "bp")
    assert balances(after) == balances(books)


REDUCTIONS = st.tuples(st.sampled_from(["CO-45", "PR-2", "OA-23", "CO-253", "PR-1"]), st.integers(1, 6_000))


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, sum(CHARGES)),
    st.lists(st.tuples(st.lists(REDUCTIONS, max_size=3), st.lists(REDUCTIONS, max_size=3)), min_size=1, max_size=3),
)
def test_any_answers_of_a_later_payer_taken_back_one_by_one_leave_the_books_as_they_were(
    taken_over: int, answers: list[tuple[list[tuple[str, int]], list[tuple[str, int]]]]
) -> None:
    later, before = at_second_payer(taken_over)
    books = list(before)
    told = [tuple(tuple(line) for line in one) for one in answers]
    for number, taken in enumerate(told):
        books += posted(answer(later, taken, "2"), later, f"S{number}", books).entries
    for number, taken in enumerate(reversed(told)):
        books += posted(answer(later, taken, "22", sign=-1), later, f"B{number}", books).entries
    assert balances(books) == balances(before)
