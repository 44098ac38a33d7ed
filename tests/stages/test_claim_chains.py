"""Corrections refused, taken after all, and refused again: one claim stands or none, and it alone is owed."""

from __future__ import annotations

from itertools import permutations

import pytest

from integration_engine.stages.adjudicate import Adjudicate
from tests.stages.office import ALL_PAID, NOW, RULES, Office, chosen, messages, with_second_payer

PAID = chosen(*ALL_PAID)
AT_CLEARINGHOUSE = chosen("  - {payer: GRAN1, outcome: rejected_code}", *ALL_PAID)
PENDING = chosen("  - {payer: GRAN1, outcome: pending}", *ALL_PAID)
BY_PAYER = chosen("  - {payer: GRAN1, outcome: rejected_by_payer}", *ALL_PAID)
SECOND_REFUSED = chosen("  - {payer: SUMM1, outcome: rejected_subscriber}", *ALL_PAID)
SECOND_PENDING = chosen("  - {payer: SUMM1, outcome: pending}", *ALL_PAID)

STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")]
CREDIT = STORY[1].replace(b"S23-002", b"S23-901").replace(b"|CG|", b"|CR|")
ANEW = STORY[1].replace(b"S23-002", b"S23-902").replace(b"VS23A1-1", b"VS23A1-9")
CHANGED_AGAIN = (
    STORY[2]
    .replace(b"S23-003", b"S23-903")
    .replace(b"202610291045", b"202610291100")
    .replace(b"|45|", b"|60|")
    .replace(b"|45|", b"|60|")
    .replace(b"|3|180.00|", b"|4|240.00|")
)


def paid_day(office: Office) -> None:
    office.receive(*STORY[:2])
    office.take(*office.answers(office.send(), PAID))


def charged(office: Office) -> dict[str, int]:
    """The charge that stands on each claim's books, oldest claim first, in cents."""
    with office.store.database.read() as connection:
        claims = office.store.submissions.by_number(connection, [told.number for told in office.truth])
        balances = office.store.ledger.balances(connection, [claim.id for claim in claims.values()])
    ordered = sorted(claims.values(), key=lambda claim: claim.id)
    return {claim.number: -balances.get(claim.id, {}).get("revenue", 0) for claim in ordered}


def standings(office: Office) -> list[str]:
    with office.store.database.read() as connection:
        claims = office.store.submissions.by_number(connection, [told.number for told in office.truth])
    return [claim.standing for claim in sorted(claims.values(), key=lambda claim: claim.id)]


def in_balance(office: Office) -> bool:
    return (office.ledger(), office.difference()) == (0, 0)


def test_a_replacement_refused_taken_and_refused_again_leaves_the_first_claim_owed_once(office: Office) -> None:
    paid_day(office)
    [first] = charged(office).values()
    office.receive(STORY[2])
    files = office.send()
    for plan, charges, stand in (
        (AT_CLEARINGHOUSE, "first", ["paid", "refused"]),
        (PENDING, "second", ["replaced", "at_payer"]),
        (BY_PAYER, "first", ["paid", "refused"]),
        (PAID, "second", ["replaced", "paid"]),
    ):
        office.take(*office.answers(files, plan))
        assert standings(office) == stand
        one, two = charged(office).values()
        assert (one, two > 0) == ((first, False) if charges == "first" else (0, True))
        assert set(office.days().values()) == {"billed"}
        assert in_balance(office)


@pytest.mark.parametrize("order", list(permutations((1, 2))), ids=["first_first", "second_first"])
def test_two_replacements_both_refused_leave_the_original_when_either_is_refused_first(
    office: Office, order: tuple[int, int]
) -> None:
    paid_day(office)
    [first] = charged(office).values()
    sent = {}
    for number, change in ((1, STORY[2]), (2, CHANGED_AGAIN)):
        office.receive(change)
        sent[number] = office.send()
        assert b"B:7*" in sent[number][0].read_bytes()
        office.take(*office.answers(sent[number], PENDING))
    assert standings(office) == ["replaced", "replaced", "at_payer"]
    for number in order:
        office.take(*office.answers(sent[number], BY_PAYER))
        assert sum(charge > 0 for charge in charged(office).values()) == 1
        assert in_balance(office)
    assert standings(office) == ["paid", "refused", "refused"]
    assert list(charged(office).values()) == [first, 0, 0]
    assert set(office.days().values()) == {"billed"}


def test_a_replacement_refused_while_its_own_replacement_stands_asks_nobody_for_anything(office: Office) -> None:
    paid_day(office)
    office.receive(STORY[2])
    first = office.send()
    office.take(*office.answers(first, PENDING))
    office.receive(CHANGED_AGAIN)
    second = office.send()
    office.take(*office.answers(second, PENDING))
    office.take(*office.answers(first, BY_PAYER))
    assert standings(office) == ["replaced", "refused", "at_payer"]
    assert [charge > 0 for charge in charged(office).values()] == [False, False, True]
    assert (office.holds("rejections"), office.send(), in_balance(office)) == ([], [], True)


def test_a_refused_void_taken_after_all_leaves_the_day_void_and_nothing_owed(office: Office) -> None:
    paid_day(office)
    office.receive(CREDIT)
    files = office.send()
    office.take(*office.answers(files, AT_CLEARINGHOUSE))
    assert (set(office.days().values()), len(office.holds("rejections"))) == ({"billed"}, 1)
    office.take(*office.answers(files, PENDING))
    assert standings(office)[0] == "voided"
    assert (set(office.days().values()), set(charged(office).values())) == ({"void"}, {0})
    assert (office.holds("rejections"), office.send(), in_balance(office)) == ([], [], True)


def test_a_refused_claim_taken_after_its_visit_was_credited_is_voided_at_the_payer(office: Office) -> None:
    office.receive(*STORY[:2])
    files = office.send()
    office.take(*office.answers(files, AT_CLEARINGHOUSE))
    office.receive(CREDIT)
    assert set(office.days().values()) == {"void"}
    office.take(*office.answers(files, PAID))
    assert standings(office) == ["paid"]
    assert b"B:8*" in office.send()[0].read_bytes()
    assert in_balance(office)


def test_a_void_refused_after_the_visit_went_anew_is_a_question_for_a_person(office: Office) -> None:
    paid_day(office)
    office.receive(CREDIT)
    void = office.send()
    office.take(*office.answers(void, PENDING))
    office.receive(ANEW)
    office.take(*office.answers(office.send(), PENDING))
    office.take(*office.answers(void, BY_PAYER))
    assert [hold.finding for hold in office.holds("remittance")] == ["remittance.void_refused"]
    assert in_balance(office)


def two_payers(office: Office) -> list:
    office.receive(*[with_second_payer(raw) for raw in STORY[:2]])
    office.take(*office.answers(office.send(), PAID))
    return office.send()


@pytest.mark.parametrize("plan", [SECOND_PENDING, PAID], ids=["accepted", "paid"])
def test_a_refused_second_claim_that_its_payer_takes_is_owed_once_and_not_sent_again(
    office: Office, plan: object
) -> None:
    files = two_payers(office)
    office.take(*office.answers(files, SECOND_REFUSED))
    taken = [
        (name, b"~".join(part for part in data.split(b"~") if not part.startswith(b"REF*1K")))
        for name, data in office.answers(files, plan)
    ]
    office.take(*taken)
    assert standings(office)[-1] == ("paid" if plan is PAID else "at_payer")
    for hold in office.holds("rejections"):
        with office.store.database.write() as connection:
            office.store.holds.resolve(connection, hold.id, by="J. Doe", reason="looked at", now=NOW)
    assert (office.send(), office.holds("rejections"), in_balance(office)) == ([], [], True)


def test_the_question_which_claim_stands_outlasts_what_else_is_told_of_the_claim(office: Office) -> None:
    office.receive(*STORY[:2])
    files = office.send()
    refused, pending = office.answers(files, AT_CLEARINGHOUSE), office.answers(files, PENDING)
    office.take(*refused)
    [hold] = office.holds("rejections")
    with office.store.database.write() as connection:
        patient = office.store.holds.override(connection, hold.id, by="J. Doe", reason="looked at", now=NOW)
    assert patient is not None
    assert Adjudicate(store=office.store, rules=lambda: RULES).again(patient, NOW)
    again = office.send()
    assert len(again) == 1
    office.take(*pending)
    assert [hold.finding for hold in office.holds("remittance")] == ["remittance.taken_twice"]
    office.take(*office.answers(files, chosen("  - {payer: GRAN1, outcome: denied_medical_necessity}")))
    assert "remittance.taken_twice" in {hold.finding for hold in office.holds("remittance")}
    office.take(*office.answers(again, BY_PAYER))
    assert "remittance.taken_twice" not in {hold.finding for hold in office.holds("remittance")}
    assert in_balance(office)
