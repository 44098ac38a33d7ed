"""Denials while payments come in another order than the payer made them: open work stays open, and stays in its queue."""

from __future__ import annotations

import pytest

from tests.stages.office import Office, messages
from tests.stages.paying import Decision, Payer, accounts, owes, sent_claims
from tests.stages.test_denial_outcomes import denials, open_holds

STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("24_credit_of_a_line.hl7")]


def paid_and_denied(office: Office) -> tuple[Payer, Decision, Decision]:
    """A claim of two lines: the decision that pays it whole, and the one that denies it."""
    office.receive(*STORY[:2])
    office.send()
    (claim,) = sent_claims(office)
    denied = tuple(f"CO-50 {line.charge}" for line in claim.draft.lines)
    return Payer(office), Decision(claim, ("",) * len(denied)), Decision(claim, denied, status="4")


@pytest.mark.parametrize("paid_on", ["20261123", "20261124"], ids=["a day before", "the same day"])
def test_denial_stays_open_in_its_queue_when_the_payment_it_took_the_place_of_is_read_late(
    office: Office, paid_on: str
) -> None:
    payer, paid, denied = paid_and_denied(office)
    original = payer.writes(paid, on=paid_on)
    payer.decides(paid.taken_back(), denied, on="20261124")
    held = open_holds(office)
    assert len(held) == 1
    office.take(original)
    assert {(one.state, one.recovered) for one in denials(office)} == {("open", None)}
    assert open_holds(office) == held
    assert owes(office, paid.claim) == sum(line.charge for line in paid.claim.draft.lines)
    assert office.ledger() == 0


def test_denial_is_recovered_when_a_payment_of_the_same_day_comes_after_it(office: Office) -> None:
    payer, paid, denied = paid_and_denied(office)
    payer.decides(denied)
    payer.decides(denied.taken_back(), paid)
    assert {one.state for one in denials(office)} == {"recovered"}
    assert open_holds(office) == []
    assert "receivable_payer" not in accounts(office, paid.claim)


def test_denial_hold_stays_when_an_older_payment_in_parts_is_read_late(office: Office) -> None:
    """Nothing was taken back: the denial of the later day is the payer's last word."""
    payer, paid, denied = paid_and_denied(office)
    claim = paid.claim
    half = Decision(claim, (f"OA-23 {claim.draft.lines[0].charge}", f"OA-23 {claim.draft.lines[1].charge}"))
    original = payer.writes(half, on="20261120")
    payer.decides(denied, on="20261124")
    held = open_holds(office)
    office.take(original)
    assert {one.state for one in denials(office)} == {"open"}
    assert open_holds(office) == held


def test_takeback_in_a_chain_of_corrections_never_recovers_when_the_chain_is_read_backwards(office: Office) -> None:
    payer, paid, denied = paid_and_denied(office)
    first = payer.writes(paid, on="20261124")
    second = payer.writes(paid.taken_back(), paid, on="20261124")
    third = payer.writes(paid.taken_back(), denied, on="20261124")
    office.take(third)
    office.take(second)
    office.take(first)
    assert {(one.state, one.recovered) for one in denials(office)} == {("open", None)}
    assert len(open_holds(office)) == 1


def test_riddle_of_a_takeback_ends_when_its_payment_is_read_late(office: Office) -> None:
    payer, paid, denied = paid_and_denied(office)
    original = payer.writes(paid, on="20261124")
    assert payer.decides(paid.taken_back(), denied, on="20261124") == "held"
    assert [hold.finding for hold in office.holds("remittance")] == ["remittance.reversal_unknown"]
    office.take(original)
    assert office.holds("remittance") == []
    assert office.ledger() == 0


def test_riddle_of_a_takeback_stays_when_the_late_payment_is_of_another_amount(office: Office) -> None:
    payer, paid, denied = paid_and_denied(office)
    other = Decision(paid.claim, ("CO-45 1", *("",) * (len(paid.reasons) - 1)))
    original = payer.writes(other, on="20261124")
    payer.decides(paid.taken_back(), denied, on="20261124")
    office.take(original)
    assert [hold.finding for hold in office.holds("remittance")] == ["remittance.reversal_unknown"]


def test_second_riddle_stays_when_one_of_two_equal_payments_is_read_late(office: Office) -> None:
    payer, paid, denied = paid_and_denied(office)
    first = payer.writes(paid, on="20261124")
    payer.decides(paid.taken_back(), on="20261124")
    second = payer.writes(paid, on="20261124")
    payer.decides(paid.taken_back(), denied, on="20261124")
    assert len(office.holds("remittance")) == 2
    office.take(first)
    assert len(office.holds("remittance")) == 2
    office.take(second)
    assert office.holds("remittance") == []
