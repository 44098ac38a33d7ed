"""Which payment a remit is, and which of its claims are in the books, however the payer spells them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from integration_engine.domain.booked_payment import BookedClaim, BookedPayment
from integration_engine.domain.remit import Remit, RemitClaim
from integration_engine.rules.answers.remit_matching import match
from integration_engine.rules.posting.booked_payments import booked, booked_before
from tests.rules.decided_claims import answer, claim

OURS = tuple(claim(f"C{number}") for number in (1, 2))
SAID = tuple(answer(one, ((), ()), "1") for one in OURS)
KNOWN = ("GRAN1", "SUMM1")
REMIT = Remit(
    transaction="0001", handling="I", amount=Decimal("356.00"), method="ACH", trace="TA", payer_name="GRANITE",
    payer_id="1574961554", payer_ids=("1574961554", "GRAN1"), claims=SAID,
)  # fmt: skip
FIRST = BookedClaim(number="C1", ours="C1", paid=Decimal("178.00"))
STRANGE = BookedClaim(number="WRONG1", ours=None, paid=Decimal("178.00"))


def payment(*claims: BookedClaim, **changes: object) -> BookedPayment:
    head = replace(REMIT, claims=(), **changes)  # type: ignore[arg-type]
    return BookedPayment(remit=head, file_name="one.835", answer_id=7, claims=claims)


def places(*before: BookedPayment, remit: Remit = REMIT) -> tuple[set[int], bool]:
    """The claims of the remit that are booked, and whether it is a payment that came before."""
    found = booked(remit, [match(one, OURS) for one in remit.claims], before, KNOWN)
    return set(found.claims), found.payment is not None


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ((), (set(), False)),
        ((payment(FIRST),), ({0}, True)),
        ((payment(FIRST, trace=" ta "),), ({0}, True)),
        ((payment(FIRST, payer_id="9", payer_ids=("9", "GRAN1")),), ({0}, True)),
        ((payment(FIRST, payer_id="9", payer_ids=("9",)),), (set(), False)),
        ((payment(FIRST, payer_ids=("1574961554", "SUMM1")),), (set(), False)),
        ((payment(FIRST, payer_ids=()),), ({0}, True)),
        ((payment(FIRST, trace="TB"),), (set(), False)),
        ((payment(FIRST, amount=Decimal(1)),), (set(), False)),
        ((payment(STRANGE),), (set(), True)),
        ((payment(replace(STRANGE, ours="C2")),), ({1}, True)),
        ((payment(replace(STRANGE, number="c1")),), ({0}, True)),
        ((payment(replace(FIRST, paid=Decimal(5))),), (set(), True)),
        ((payment(FIRST), payment(replace(FIRST, number="C2", ours="C2"))), ({0, 1}, True)),
    ],
)
def test_what_is_booked_is_told_by_payer_trace_amount_and_claim(
    before: tuple[BookedPayment, ...], expected: tuple[set[int], bool]
) -> None:
    assert places(*before) == expected


def test_nothing_is_recognised_when_the_remit_names_no_trace() -> None:
    assert places(payment(FIRST, trace=""), remit=replace(REMIT, trace="")) == (set(), False)


def test_one_booked_claim_answers_for_one_of_two_when_a_remit_pays_a_claim_twice() -> None:
    twice = replace(REMIT, claims=(SAID[0], SAID[0]))
    assert places(payment(FIRST), remit=twice) == ({0}, True)
    assert places(payment(FIRST, FIRST), remit=twice) == ({0, 1}, True)


@pytest.mark.parametrize(("before", "says"), [(STRANGE, "answers assign 7"), (FIRST, "Look at the bank")])
def test_the_new_claims_are_named_with_the_file_that_had_the_payment(before: BookedClaim, says: str) -> None:
    finding = booked_before(REMIT, payment(before), SAID[1:])
    assert finding is not None
    assert "one.835" in finding.text
    assert "C2 178.00" in finding.text
    assert "C1" not in finding.text
    assert (says in finding.fix, finding.observed, finding.holds) == (True, "178.00", True)


def test_nothing_is_told_when_the_new_claims_move_no_money() -> None:
    unpaid: tuple[RemitClaim, ...] = (replace(SAID[1], paid=Decimal(0)),)
    assert booked_before(REMIT, payment(FIRST), unpaid) is None
    assert booked_before(REMIT, payment(FIRST), ()) is None
