"""Money on a claim that was refused: its charge is off the books, and only what is more than that charge is a credit."""

from __future__ import annotations

import pytest

from integration_engine.rules.posting.ledger import entries_for_claim, refusal_entries, refusals_undone, refused_charge
from tests.rules.decided_claims import CHARGES, ON, answer, claim, posted

PAID = ((("CO-45", 2_000),), (("PR-2", 1_000),))


@pytest.mark.parametrize(("times", "credit"), [(1, False), (2, True)])
@pytest.mark.parametrize("refused", [True, False])
def test_only_what_is_more_than_the_charge_is_a_credit(times: int, *, credit: bool, refused: bool) -> None:
    ours = claim("C1")
    books = [*entries_for_claim(ours, ON)]
    books += refusal_entries({"C1"}, ON, books) if refused else ()
    findings: set[str] = set()
    for number in range(times):
        result = posted(answer(ours, PAID, "1"), ours, f"T{number}", books)
        books += result.entries
        findings |= {finding.id for finding in result.findings}
    assert findings == ({"remittance.paid_twice"} if credit else set())


def test_the_charge_that_a_refusal_took_counts_until_it_stands_again() -> None:
    books = [*entries_for_claim(claim("C1"), ON)]
    assert refused_charge(books, "C1") == 0
    books += refusal_entries({"C1"}, ON, books)
    assert (refused_charge(books, "C1"), refused_charge(books, "C2")) == (sum(CHARGES), 0)
    books += refusals_undone({"C1"}, ON, books)
    assert refused_charge(books, "C1") == 0
