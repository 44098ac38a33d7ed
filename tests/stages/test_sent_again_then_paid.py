"""A claim is refused and goes again, and the payer has taken the first one all the same: what each of the two is told."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest

from integration_engine.domain.sent_claim import SentClaim
from integration_engine.stages.adjudicate import Adjudicate
from tests.stages.office import ALL_PAID, NOW, RULES, Office, chosen, messages
from tests.stages.paying import Decision, Payer, accounts, owes, sent_claims

STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("24_credit_of_a_line.hl7")[:2]]
REFUSED = chosen("  - {payer: GRAN1, outcome: rejected_code}", *ALL_PAID)
PAID = ("CO-45 20", "CO-45 8 PR-2 10")
DUPLICATE = ("OA-18 120", "OA-18 58")


def sent_twice(office: Office) -> tuple[SentClaim, SentClaim]:
    office.receive(*STORY)
    office.take(*office.answers(office.send(), REFUSED))
    for hold in office.holds("rejections"):
        with office.store.database.write() as connection:
            patient = office.store.holds.override(connection, hold.id, by="J. Doe", reason="looked at", now=NOW)
        assert patient is not None
        assert Adjudicate(store=office.store, rules=lambda: RULES).again(patient, NOW)
    office.send()
    first, second = sent_claims(office)
    assert (first.state, second.state) == ("refused", "submitted")
    return first, second


def told(office: Office) -> set[tuple[str, str]]:
    with office.store.database.read() as connection:
        return {(one.claim, one.next_action) for one in office.store.denials.list(connection)}


def test_a_duplicate_of_the_refused_claim_is_told_to_wait_for_that_one(office: Office) -> None:
    first, second = sent_twice(office)
    payer = Payer(office)
    payer.decides(Decision(second, DUPLICATE, "4"))
    ((claim, action),) = told(office)
    assert claim == second.number
    assert "under the number that was refused before: send nothing" in action
    payer.decides(Decision(first, PAID), on="20261125")
    stands(office, 0)


def test_a_duplicate_of_a_claim_sent_once_is_told_as_before(office: Office) -> None:
    office.receive(*STORY)
    office.send()
    (claim,) = sent_claims(office)
    Payer(office).decides(Decision(claim, DUPLICATE, "4"))
    ((_, action),) = told(office)
    assert "refused before" not in action


def asked(office: Office) -> set[str]:
    """What a person is asked of the payments; a takeback that was read before its payment is told for itself."""
    return {hold.finding for hold in office.holds("remittance")} - {"remittance.reversal_unknown"}


def stands(office: Office, which: int) -> None:
    """That claim alone is owed, billed and asked about by nobody; the other one has nothing on its books."""
    claims = sent_claims(office)
    one, other = claims[which], claims[1 - which]
    assert accounts(office, one) == {
        "revenue": Decimal(-178), "cash": Decimal(140), "contractual": Decimal(28), "receivable_patient": Decimal(10)
    }  # fmt: skip
    assert (accounts(office, other), one.standing, one.state) == ({}, "paid", "submitted")
    assert (other.state, asked(office), office.holds("denials")) == ("refused", set(), [])
    assert (set(office.days().values()), office.holds("rejections"), office.send()) == ({"billed"}, [], [])
    assert (office.ledger(), office.difference(), len(sent_claims(office))) == (0, 0, 2)


@pytest.mark.parametrize("order", [one for one in permutations(["first", "second", "back"]) if one[0] != "back"])
def test_the_first_stands_again_when_the_second_is_taken_back(office: Office, order: tuple[str, ...]) -> None:
    first, second = sent_twice(office)
    payer, paid = Payer(office), Decision(second, PAID)
    what = {"first": Decision(first, PAID), "second": paid, "back": paid.taken_back()}
    for number, name in enumerate(order):
        payer.decides(what[name], on="20261125" if name == "back" else "20261124", trace=f"T{number}")
    stands(office, 0)


def test_the_first_stands_again_when_the_duplicate_is_read_after_it(office: Office) -> None:
    first, second = sent_twice(office)
    payer = Payer(office)
    payer.decides(Decision(first, PAID))
    assert asked(office) == {"remittance.taken_twice"}
    payer.decides(Decision(second, DUPLICATE, "4"), on="20261125")
    stands(office, 0)
    payer.decides(Decision(second, PAID), on="20261126", trace="LATE")  # the payer errs once more: a person is asked
    assert asked(office) == {"remittance.taken_twice"}
    assert office.ledger() == 0


def test_the_second_stands_when_the_first_is_taken_back(office: Office) -> None:
    first, second = sent_twice(office)
    payer, paid = Payer(office), Decision(first, PAID)
    payer.decides(paid)
    payer.decides(Decision(second, PAID), trace="SECOND")
    payer.decides(paid.taken_back(), on="20261125")
    assert (owes(office, first), owes(office, second)) == (0, 0)
    stands(office, 1)
