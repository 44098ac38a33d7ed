"""A first payer passes its claim on: the second payer's answer names our first claim, and may be read before the first's."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest

from integration_engine.core.money import ZERO
from integration_engine.domain.sent_claim import SentClaim
from tests.stages.office import Office, messages, with_second_payer
from tests.stages.paying import Decision, Payer, accounts, sent_claims

STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("24_credit_of_a_line.hl7")[:2]]
FIRST = ("CO-45 20 PR-2 20", "CO-45 8 PR-2 10")  # of 120.00 and 58.00: 120 paid
SECOND = ("OA-23 100 PR-3 4", "OA-23 48 PR-3 2")  # of the patient's 30.00: 24 paid


def passed_on(office: Office) -> tuple[Payer, SentClaim]:
    office.receive(STORY[0], with_second_payer(STORY[1]))
    office.send()
    (claim,) = sent_claims(office)
    return Payer(office), claim


def standing(office: Office) -> str:
    return sent_claims(office)[0].standing


def told(claim: SentClaim, status: str) -> dict[str, tuple[Decision, str, str]]:
    """What each payer says, on which day and as whom."""
    second = Decision(claim, SECOND, "2")
    return {
        "first": (Decision(claim, FIRST, status), "20261115", "GRAN1"),
        "second": (second, "20261122", "SUMM1"),
        "back": (second.taken_back(), "20261123", "SUMM1"),
    }


@pytest.mark.parametrize("status", ["19", "1"])
@pytest.mark.parametrize("order", list(permutations(["first", "second"])))
def test_both_answers_leave_the_same_in_any_order(office: Office, status: str, order: tuple[str, ...]) -> None:
    payer, claim = passed_on(office)
    for what in order:
        decision, on, key = told(claim, status)[what]
        payer.decides(decision, on=on, key=key)
    assert accounts(office, claim) == {
        "revenue": Decimal(-178),
        "cash": Decimal(144),
        "contractual": Decimal(28),
        "receivable_patient": Decimal(6),
    }
    assert office.holds("remittance") == []
    assert standing(office) == "paid"
    assert office.send() == []  # the second payer has answered: nothing goes to it
    assert len(sent_claims(office)) == 1
    assert (office.ledger(), office.difference()) == (0, 0)


@pytest.mark.parametrize("order", list(permutations(["first", "second", "back"])))
def test_what_the_second_payer_takes_back_is_the_patients_again(office: Office, order: tuple[str, ...]) -> None:
    payer, claim = passed_on(office)
    for what in order:
        decision, on, key = told(claim, "19")[what]
        payer.decides(decision, on=on, key=key)
    found = accounts(office, claim)
    assert (found["cash"], found["contractual"], found.get("receivable_payer", ZERO)) == (120, 28, 0)
    assert (found["receivable_patient"], standing(office), office.ledger()) == (30, "paid", 0)


def test_a_payer_that_answers_its_own_claim_as_second_is_no_later_payer(office: Office) -> None:
    payer, claim = passed_on(office)
    payer.decides(Decision(claim, FIRST, "2"))
    assert accounts(office, claim) == {
        "revenue": Decimal(-178),
        "cash": Decimal(120),
        "contractual": Decimal(28),
        "receivable_patient": Decimal(30),
    }
    assert len(office.send()) == 1  # and what it left goes to the second payer
