"""A payer takes back a decision that paid nothing, by a file of its own on the same day: nothing is decided any more."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest

from tests.stages.office import Office, messages
from tests.stages.paying import Decision, Payer, accounts, sent_claims

STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("24_credit_of_a_line.hl7")[:2]]


@pytest.mark.parametrize("order", list(permutations(["decided", "back"])))
@pytest.mark.parametrize(
    ("reasons", "status"),
    [
        (("PR-1 120", "PR-1 58"), "1"),
        (("CO-45 20 PR-1 100", "PR-1 58"), "1"),
        (("CO-50 120", "CO-50 58"), "4"),
        (("PR-119 120", "PR-119 58"), "4"),
    ],
)
def test_a_decision_without_money_taken_back_on_its_day_leaves_the_claim_undecided(
    office: Office, reasons: tuple[str, ...], status: str, order: tuple[str, ...]
) -> None:
    office.receive(*STORY)
    office.send()
    (claim,) = sent_claims(office)
    payer, decided = Payer(office), Decision(claim, reasons, status)
    for what in order:
        payer.decides(decided if what == "decided" else decided.taken_back())
    assert sent_claims(office)[0].standing == "reversed"
    assert accounts(office, claim) == {"revenue": Decimal(-178), "receivable_payer": Decimal(178)}
    payer.decides(Decision(claim, ("CO-45 20", "CO-45 8 PR-2 10")), on="20261125")
    assert sent_claims(office)[0].standing == "paid"
    assert office.ledger() == 0
