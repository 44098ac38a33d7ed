"""Balances given up and taken back by name: never more than is owed, the patient's part apart, the books even."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integration_engine.stages.write_offs import Balance, Side, restore_balance, write_off_balance
from tests.stages.office import ALL_PAID, NOW, RULES, Office, chosen, messages

STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")[:2]]
DENIED = chosen("  - {payer: GRAN1, outcome: denied_authorization}", *ALL_PAID)
DEDUCTIBLE = chosen("  - {payer: GRAN1, outcome: paid_nothing}", *ALL_PAID)


def answered(office: Office, plan: object) -> str:
    office.receive(*STORY)
    office.take(*office.answers(office.send(), plan))
    return office.truth[0].number


def owed(office: Office, number: str) -> tuple[Decimal, Decimal]:
    with office.store.database.read() as connection:
        claim = office.store.submissions.by_number(connection, [number])[number]
        accounts = office.store.ledger.balances(connection, [claim.id])[claim.id]
    cents = (accounts.get("receivable_payer", 0), accounts.get("receivable_patient", 0))
    return Decimal(cents[0]) / 100, Decimal(cents[1]) / 100


def states(office: Office) -> list[str]:
    with office.store.database.read() as connection:
        return [one.state for one in office.store.denials.list(connection)]


def write_off(
    office: Office, number: str, amount: Decimal | str, side: Side | None = None, by: str = "J. Doe"
) -> Balance:
    return write_off_balance(office.store, RULES, number, Decimal(amount), side, by=by, reason="small balance", now=NOW)


def restore(office: Office, number: str) -> Balance:
    return restore_balance(office.store, RULES, number, by="J. Doe", reason="the payer pays after all", now=NOW)


def test_what_the_payer_owes_is_given_up_with_its_denial_and_comes_back_with_it(office: Office) -> None:
    number = answered(office, DENIED)
    payer, patient = owed(office, number)
    assert (payer > 0, patient, states(office)) == (True, 0, ["open"])
    (hold,) = [hold.id for hold in office.holds("denials")]
    done = write_off(office, number, payer)
    assert (done.side, done.amount, done.closed, len(done.denials)) == (Side.PAYER, payer, True, 1)
    assert (owed(office, number), states(office), office.holds("denials")) == ((0, 0), ["written_off"], [])
    assert (office.ledger(), office.difference()) == (0, 0)
    back = restore(office, number)
    assert (back.payer_owes, back.denials, back.closed) == (payer, done.denials, False)
    assert (owed(office, number), states(office)) == ((payer, 0), ["open"])
    assert [hold.id for hold in office.holds("denials")] == [hold]
    assert office.ledger() == 0
    with office.store.database.read() as connection:
        assert office.store.audit.verify(connection) == 0


def test_what_the_patient_owes_stands_apart(office: Office) -> None:
    number = answered(office, DEDUCTIBLE)
    payer, patient = owed(office, number)
    assert (payer, patient > 0) == (0, True)
    with pytest.raises(ValueError, match=r"the payer owes 0\.00"):
        write_off(office, number, "1.00", Side.PAYER)
    first = write_off(office, number, "4.20")
    assert (first.side, first.patient_owes, first.closed) == (Side.PATIENT, patient - Decimal("4.20"), False)
    second = write_off(office, number, patient - Decimal("4.20"), Side.PATIENT)
    assert (second.patient_owes, second.closed) == (0, True)
    assert restore(office, number).amount == patient - Decimal("4.20")  # the newest first
    assert restore(office, number).amount == Decimal("4.20")
    with pytest.raises(LookupError, match="nothing of claim"):
        restore(office, number)
    assert (owed(office, number), office.ledger()) == ((0, patient), 0)
    write_off(office, number, patient)  # and once more, under a posting of its own
    assert (owed(office, number), office.ledger()) == ((0, 0), 0)


def test_a_denial_stays_open_when_only_a_part_is_given_up(office: Office) -> None:
    number = answered(office, DENIED)
    done = write_off(office, number, "1.00")
    assert (done.denials, done.closed, states(office)) == ((), False, ["open"])


@pytest.mark.parametrize(
    ("amount", "side", "by", "text"),
    [
        ("0.00", None, "J. Doe", "more than nothing"),
        ("-5.00", None, "J. Doe", "more than nothing"),
        ("999999.00", None, "J. Doe", "no more can be given up"),
        ("1.00", Side.PATIENT, "J. Doe", "the patient owes 0.00"),
        ("1.00", None, " ", "--by and --reason"),
    ],
)
def test_a_write_off_is_refused_and_posts_nothing(
    office: Office, amount: str, side: Side | None, by: str, text: str
) -> None:
    number = answered(office, DENIED)
    before = owed(office, number)
    with pytest.raises(ValueError, match=text):
        write_off(office, number, amount, side, by=by)
    assert (owed(office, number), office.ledger()) == (before, 0)


def test_a_claim_that_has_not_left_is_told(office: Office) -> None:
    with pytest.raises(LookupError, match="`claims list`"):
        write_off(office, "C1", "1.00")
    with pytest.raises(LookupError, match="`claims list`"):
        restore(office, "C1")
