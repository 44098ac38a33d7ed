"""Answers that contradict, repeat or complete what was taken in before."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from integration_engine.simulator.scenario import Scenario
from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.read_back import ReadBack
from tests.stages.office import NOW, RULES, Office, chosen, messages

PAID = chosen("  - {payer: GRAN1, outcome: paid}")
REFUSED = chosen("  - {payer: GRAN1, outcome: rejected_code}")
PENDING = chosen("  - {payer: GRAN1, outcome: pending}")


def story() -> list[bytes]:
    """A visit of a commercial patient, and the line that is replaced later."""
    return [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")]


def remit_of(told: list[tuple[str, bytes]]) -> bytes:
    return next(data for _, data in told if b"ST*835" in data)


def claims(office: Office) -> list:
    with office.store.database.read() as connection:
        return list(office.store.submissions.by_number(connection, {told.number for told in office.truth}).values())


def owed(office: Office) -> list[int]:
    with office.store.database.read() as connection:
        ids = [claim.id for claim in claims(office)]
        return [of.get("receivable_payer", 0) for of in office.store.ledger.balances(connection, ids).values()]


def override(office: Office, queue: str) -> None:
    for hold in office.holds(queue):
        with office.store.database.write() as connection:
            patient = office.store.holds.override(connection, hold.id, by="J. Doe", reason="looked at", now=NOW)
        if patient is not None:
            assert Adjudicate(store=office.store, rules=lambda: RULES).again(patient, NOW)


def read_back(office: Office) -> ReadBack:
    return ReadBack(store=office.store, rules=lambda: RULES)


# --- what payers make of our numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("spell", [bytes.lower, lambda number: number + b"  "], ids=["small letters", "padded"])
def test_a_claim_is_paid_when_the_payer_returns_its_number_in_another_spelling(
    office: Office, spell: Callable[[bytes], bytes]
) -> None:
    office.receive(*story()[:2])
    told = office.answers(office.send(), PAID)
    (claim,) = claims(office)
    number = claim.number.encode("ascii")
    bare = [(name, re.sub(rb"REF\*6R\*[^~]*~", b"", data)) for name, data in told if b"CLP*" in data]
    office.take(*((name, data.replace(b"CLP*" + number, b"CLP*" + spell(number))) for name, data in bare))
    assert [one.standing for one in claims(office)] == ["paid"]
    assert owed(office) == [0]


# --- refused, and then taken all the same ---------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "standing"), [(PAID, "paid"), (PENDING, "at_payer")])
def test_a_refused_claim_is_billed_again_when_the_payer_takes_that_very_number(
    office: Office, plan: Scenario, standing: str
) -> None:
    office.receive(*story()[:2])
    files = office.send()
    refused, taken = office.answers(files, REFUSED), office.answers(files, plan)
    office.take(*refused)
    assert set(office.days().values()) == {"held"}
    office.take(*taken)
    assert [(claim.state, claim.standing) for claim in claims(office)] == [("submitted", standing)]
    assert (office.holds("rejections"), set(office.days().values())) == ([], {"billed"})
    assert office.send() == []
    assert owed(office) == [0] if standing == "paid" else [12000]
    assert (office.ledger(), office.difference()) == (0, 0)


def test_a_claim_taken_refused_and_taken_in_turn_is_owed_once(office: Office) -> None:
    office.receive(*story()[:2])
    files = office.send()
    office.take(*office.answers(files, REFUSED))
    office.take(*office.answers(files, PENDING))
    before = owed(office)
    office.take(*office.answers(files, chosen("  - {payer: GRAN1, outcome: rejected_by_payer}")))
    assert [claim.state for claim in claims(office)] == ["refused"]
    assert owed(office) == [0]
    office.take(*office.answers(files, PAID))
    assert before[0] > 0
    assert [claim.standing for claim in claims(office)] == ["paid"]
    assert (owed(office), office.ledger(), office.difference()) == ([0], 0, 0)


def test_a_refused_claim_that_went_again_and_is_paid_too_waits_with_the_question_which_stands(office: Office) -> None:
    office.receive(*story()[:2])
    files = office.send()
    refused, paid = office.answers(files, REFUSED), office.answers(files, PAID)
    office.take(*refused)
    override(office, "rejections")
    assert len(office.send()) == 1
    office.take(*paid)
    told = {hold.finding for hold in office.holds("remittance")}
    assert told == {"remittance.taken_twice"}  # and no credit to give back
    assert office.send() == []
    assert office.ledger() == 0


# --- overpayments, accepted remits ------------------------------------------------------------------------------------


def test_a_claim_paid_twice_waits_in_the_remittance_queue(office: Office) -> None:
    office.receive(*story()[:2])
    remit = remit_of(office.answers(office.send(), PAID))
    trace = remit.split(b"TRN*1*")[1].split(b"*")[0]
    first, second = office.take(("one.835", remit), ("two.835", remit.replace(trace, b"5555")))
    assert (first.state, second.state) == ("done", "held")
    assert {hold.finding for hold in office.holds("remittance")} == {"remittance.paid_twice"}


def unbalanced(remit: bytes) -> bytes:
    paid = remit.split(b"BPR*I*")[1].split(b"*")[0]
    return remit.replace(b"BPR*I*" + paid, b"BPR*I*" + paid + b"1")


def held_file(office: Office) -> int:
    with office.store.database.read() as connection:
        return office.store.answers.files(connection, "held")[0].id


def cash(office: Office) -> int:
    with office.store.database.read() as connection:
        return sum(t.debit - t.credit for t in office.store.ledger.totals(connection) if t.account == "cash")


def test_an_accepted_file_is_done_when_nothing_of_it_waits_any_more(office: Office) -> None:
    office.receive(*story()[:2])
    office.take(("bad.835", unbalanced(remit_of(office.answers(office.send(), PAID)))))
    taken = read_back(office).accept(held_file(office), by="J. Doe", reason="bank has it", now=NOW)
    assert (taken.state, office.holds("remittance")) == ("done", [])
    with office.store.database.read() as connection:
        assert office.store.answers.files(connection, "held") == []


def test_accepting_a_remit_whose_balanced_copy_was_posted_brings_no_cash(office: Office) -> None:
    office.receive(*story()[:2])
    remit = remit_of(office.answers(office.send(), PAID))
    office.take(("bad.835", unbalanced(remit)), ("good.835", remit))
    before = cash(office)
    read_back(office).accept(held_file(office), by="J. Doe", reason="came twice", now=NOW)
    assert before > 0
    assert (cash(office), office.ledger()) == (before, 0)


# --- voids, the payer's number, stops -----------------------------------------------------------------------------------


def test_a_void_is_answered_by_the_payers_reversal_and_never_overdue(office: Office) -> None:
    office.receive(*story()[:2])
    office.take(*office.answers(office.send(), PAID))
    office.receive(story()[1].replace(b"S23-002", b"S23-901").replace(b"|CG|", b"|CR|"))
    void = office.send()
    assert ":B:8*" in void[0].read_text(encoding="ascii")
    office.take(*office.answers(void, PAID))
    assert sorted(claim.standing for claim in claims(office)) == ["reversed", "voided"]
    assert read_back(office).alerts(NOW + timedelta(days=90)) == 0


def test_the_payers_number_of_a_remit_outlasts_a_late_claim_status(office: Office) -> None:
    office.receive(*story()[:2])
    told = office.answers(office.send(), PAID)
    remit = remit_of(told)
    office.take(("p.835", remit))
    number = claims(office)[0].payer_control_number
    assert number is not None
    late = [(name, data.replace(number.encode(), b"OLDNUMBER")) for name, data in told if b"ST*277" in data]
    assert any(b"OLDNUMBER" in data for _, data in late)
    office.take(*late)
    assert claims(office)[0].payer_control_number == number


def test_the_same_refusal_of_a_file_in_other_bytes_does_not_stop_the_receiver_again(office: Office) -> None:
    office.receive(*story()[:2])
    told = office.answers(office.send(), chosen("  - {payer: GRAN1, outcome: interchange_refused}"))
    office.take(*told)
    for hold in office.holds("rejections"):
        with office.store.database.write() as connection:
            office.store.holds.resolve(connection, hold.id, by="J. Doe", reason="number set anew", now=NOW)
    assert len(office.send()) == 1
    office.take(*((f"again {name}", data.replace(b"~", b"~\n")) for name, data in told))
    assert office.holds("rejections") == []
