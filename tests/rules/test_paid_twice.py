"""A decision that a payer pays once more in the same words: its money adds up, its reductions and the share do not."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from integration_engine.domain.ledger import Account, Entry
from integration_engine.domain.posting import Posting
from integration_engine.rules.posting.ledger import difference, entries_for_claim, open_balance, total_of
from tests.rules.decided_claims import answer, claim, posted

SENT = date(2026, 10, 8)
OURS = claim("C1")
REASONS = ((("CO-45", 2000), ("PR-2", 1000)), (("CO-45", 800),))  # of 120.00 and 58.00: 140.00 paid
ONCE = (14_000, 2_800, 1_000, 0)  # cash, contractual, patient, payer


def told(*signs: int, reasons: tuple[tuple[tuple[str, int], ...], ...] = REASONS) -> tuple[list[Entry], Posting]:
    """The books of the claim after these answers: 1 decides, -1 takes back; and what the last one came to."""
    books = list(entries_for_claim(OURS, SENT))
    for place, sign in enumerate(signs):
        result = posted(answer(OURS, reasons, "1" if sign > 0 else "22", sign), OURS, f"T{place}", books)
        books += result.entries
        assert difference(books) == 0
    return books, result


def amounts(books: list[Entry]) -> tuple[int, int, int, int]:
    owed = open_balance(books, "C1")
    return total_of(books, Account.CASH), total_of(books, Account.CONTRACTUAL), owed.patient, owed.payer


def test_only_the_money_of_the_same_decision_is_posted_when_it_comes_a_second_time() -> None:
    books, last = told(1, 1)
    assert amounts(books) == (28_000, 2_800, 1_000, -14_000)
    assert [finding.id for finding in last.findings] == ["remittance.paid_twice"]
    assert (last.findings[0].subject, last.findings[0].observed) == ("claim C1", "140.00")
    assert last.patient_responsibility == 0


@pytest.mark.parametrize("order", sorted(set(permutations([1, 1, -1]))))
def test_what_was_paid_twice_and_taken_back_once_stands_once_in_any_order(order: tuple[int, ...]) -> None:
    assert amounts(told(*order)[0]) == ONCE


@pytest.mark.parametrize("order", sorted(set(permutations([1, 1, -1, -1]))))
def test_what_was_paid_twice_and_taken_back_twice_leaves_nothing_in_any_order(order: tuple[int, ...]) -> None:
    assert amounts(told(*order)[0]) == (0, 0, 0, 17_800)


@pytest.mark.parametrize("order", sorted(set(permutations([1, 1, 1, -1]))))
def test_what_was_paid_three_times_and_taken_back_once_is_paid_twice_in_any_order(order: tuple[int, ...]) -> None:
    assert amounts(told(*order)[0]) == (28_000, 2_800, 1_000, -14_000)


def test_another_decision_posts_as_stated_when_the_first_one_stands() -> None:
    books, _ = told(1)
    other = posted(answer(OURS, ((("CO-45", 2000),), (("CO-45", 800),)), "1"), OURS, "T9", books)
    assert amounts([*books, *other.entries])[1] == 5_600
    assert [finding.id for finding in other.findings] == ["remittance.credit_balance"]
