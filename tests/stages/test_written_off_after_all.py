"""What was given up and is paid, taken back, voided or replaced after all: owed as far as needed, never paid too much."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integration_engine.core.money import ZERO
from integration_engine.domain.sent_claim import SentClaim
from integration_engine.stages.denial_work import move_denial
from integration_engine.stages.write_offs import restore_balance, write_off_balance
from tests.stages.office import NOW, RULES, Office, messages
from tests.stages.paying import Decision, Payer, accounts, owes, sent_claims

STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("24_credit_of_a_line.hl7")]
CREDIT = STORY[1].replace(b"S24-002", b"S24-901").replace(b"|CG|", b"|CR|")
ALL_DENIED = ("CO-50 120", "CO-50 58")
PAID = ("CO-45 20", "CO-45 8 PR-2 10")


def denials(office: Office) -> list:
    with office.store.database.read() as connection:
        return sorted(office.store.denials.list(connection), key=lambda one: one.id)


def states(office: Office) -> list[str]:
    return [one.state for one in denials(office)]


def given_up(office: Office, by_denial: bool, *reasons: str) -> tuple[Payer, SentClaim, Decision]:
    """A claim, denied and written off by a person."""
    office.receive(*STORY[:2])
    office.send()
    (claim,) = sent_claims(office)
    payer, denied = Payer(office), Decision(claim, reasons, "4")
    payer.decides(denied)
    if by_denial:
        for one in denials(office):
            move_denial(office.store, RULES, one.id, "written_off", by="J. Doe", reason="lost", now=NOW)
    else:
        write_off_balance(
            office.store, RULES, claim.number, owes(office, claim), None, by="J. Doe", reason="lost", now=NOW
        )
    assert (owes(office, claim), set(states(office)), office.holds("denials")) == (ZERO, {"written_off"}, [])
    return payer, claim, denied


def in_balance(office: Office) -> bool:
    return (office.ledger(), office.difference()) == (0, 0)


@pytest.mark.parametrize("by_denial", [True, False])
@pytest.mark.parametrize("takes_back", ["before", "after", "no"])
def test_a_payment_after_a_write_off_is_no_overpayment(office: Office, takes_back: str, *, by_denial: bool) -> None:
    payer, claim, denied = given_up(office, by_denial, *ALL_DENIED)
    paid, back = Decision(claim, PAID), denied.taken_back()
    payer.decides(*{"before": (back, paid), "after": (paid, back), "no": (paid,)}[takes_back], on="20261125")
    assert accounts(office, claim) == {
        "revenue": Decimal(-178), "cash": Decimal(140), "contractual": Decimal(28), "receivable_patient": Decimal(10)
    }  # fmt: skip
    assert set(states(office)) == {"recovered"}
    assert not [hold for hold in office.holds("remittance") if hold.finding == "remittance.credit_balance"]
    assert (office.holds("denials"), in_balance(office)) == ([], True)


@pytest.mark.parametrize("by_denial", [True, False])
def test_a_denial_taken_back_after_its_write_off_is_owed_and_worked_again(office: Office, *, by_denial: bool) -> None:
    payer, claim, denied = given_up(office, by_denial, *ALL_DENIED)
    payer.decides(denied.taken_back(), on="20261125")
    assert accounts(office, claim) == {"revenue": Decimal(-178), "receivable_payer": Decimal(178)}
    assert (set(states(office)), len(office.holds("denials")), in_balance(office)) == ({"open"}, 1, True)
    for one in denials(office):  # and it may be given up again, and be restored again
        move_denial(office.store, RULES, one.id, "written_off", by="J. Doe", reason="lost", now=NOW)
    assert owes(office, claim) == ZERO
    restore_balance(office.store, RULES, claim.number, by="J. Doe", reason="no", now=NOW)
    assert (owes(office, claim) > 0, in_balance(office)) == (True, True)


def test_a_part_written_off_is_given_back_as_far_as_the_payment_needs_it(office: Office) -> None:
    payer, claim, _ = given_up(office, True, "CO-50 120", "CO-45 8 PR-2 10")
    payer.decides(Decision(claim, ("CO-45 20 OA-23 40", "OA-23 58")), on="20261125")
    assert accounts(office, claim) == {
        "revenue": Decimal(-178),
        "cash": Decimal(100),
        "contractual": Decimal(28),
        "receivable_patient": Decimal(10),
        "write_off": Decimal(40),
    }
    restored = restore_balance(office.store, RULES, claim.number, by="J. Doe", reason="no", now=NOW)
    assert (restored.amount, restored.payer_owes, in_balance(office)) == (Decimal(40), Decimal(40), True)


def test_all_of_a_decision_taken_back_and_made_anew_leaves_no_write_off(office: Office) -> None:
    payer, claim, partly = given_up(office, True, "CO-50 120", "CO-45 8 PR-2 10")
    payer.decides(partly.taken_back(), on="20261125")
    assert accounts(office, claim) == {"revenue": Decimal(-178), "receivable_payer": Decimal(178)}
    payer.decides(Decision(claim, PAID), on="20261126")
    assert (owes(office, claim), set(states(office)), in_balance(office)) == (ZERO, {"recovered"}, True)


@pytest.mark.parametrize("correction", [CREDIT, STORY[2]])
def test_a_void_or_replacement_takes_the_write_off_with_the_charge(office: Office, correction: bytes) -> None:
    _, claim, _ = given_up(office, True, *ALL_DENIED)
    office.receive(correction)
    office.send()
    assert len(sent_claims(office)) > 1
    assert accounts(office, claim) == {}
    assert (set(states(office)), in_balance(office)) == ({"resubmitted"}, True)


def test_a_refused_correction_leaves_the_denial_owed_and_open(office: Office) -> None:
    _, claim, _ = given_up(office, True, *ALL_DENIED)
    office.receive(STORY[2])
    files = office.send()
    from tests.stages.office import ALL_PAID, chosen  # noqa: PLC0415

    office.take(*office.answers(files, chosen("  - {payer: GRAN1, outcome: rejected_code}", *ALL_PAID)))
    assert accounts(office, claim) == {"revenue": Decimal(-178), "receivable_payer": Decimal(178)}
    assert (set(states(office)), len(office.holds("denials")), in_balance(office)) == ({"open"}, 1, True)


def test_what_the_patient_was_forgiven_is_given_back_when_the_decision_is_taken_back(office: Office) -> None:
    office.receive(*STORY[:2])
    office.send()
    (claim,) = sent_claims(office)
    payer, paid = Payer(office), Decision(claim, PAID)
    payer.decides(paid)
    write_off_balance(office.store, RULES, claim.number, Decimal(10), None, by="J. Doe", reason="small", now=NOW)
    payer.decides(paid.taken_back(), on="20261125")
    assert accounts(office, claim) == {"revenue": Decimal(-178), "receivable_payer": Decimal(178)}
    assert in_balance(office)
