"""Answers taken in: every file once, in any order, each claim to where it stands, each cent to its account."""

from __future__ import annotations

from dataclasses import replace

import pytest

from integration_engine.stages.adjudicate import Adjudicate
from integration_engine.stages.read_back import ReadBack
from integration_engine.store.queries.conserve import conserve
from tests.stages.office import ALL_PAID, NOW, RULES, SAMPLES, Office, chosen, messages, scenario, with_second_payer

PUBLIC = SAMPLES.parent.parent / "shared" / "real-x12"


def test_whole_loop_leaves_charges_and_ledger_without_difference(office: Office) -> None:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7", "13_authorization_twelve_visits.hl7"))
    taken = office.take(*office.answers(office.send(), scenario()))
    assert {one.state for one in taken} <= {"done", "held"}
    assert (office.ledger(), office.difference()) == (0, 0)
    stands = office.claims()
    for told in office.truth:
        if told.outcome.startswith("rejected"):
            assert stands[told.number] == "refused"
        elif told.outcome.startswith("denied"):
            assert stands[told.number] == "denied"


def test_the_same_answers_again_have_no_second_effect(office: Office) -> None:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    answers = office.answers(office.send(), scenario())
    office.take(*answers)
    with office.store.database.read() as connection:
        before = office.store.ledger.totals(connection)
    again = office.take(*[(f"other_{name}", data) for name, data in answers])
    assert {one.state for one in again} == {"repeated"}
    # The same payment in a file of other bytes: known by payer, trace, claim and amount.
    reworded = [(f"x_{name}", data.replace(b"ISA*00*", b"\nISA*00*")) for name, data in answers if "835" in name]
    assert office.take(*reworded)
    with office.store.database.read() as connection:
        assert office.store.ledger.totals(connection) == before
    assert office.ledger() == 0


def test_answers_in_any_order_give_the_same_standing(office: Office) -> None:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    answers = office.answers(office.send(), scenario())
    office.take(*reversed(answers))
    stands = office.claims()
    for told in office.truth:
        if told.outcome == "paid":
            assert stands[told.number] == "paid"
    assert (office.ledger(), office.difference()) == (0, 0)


@pytest.mark.parametrize("data", [b"", b"no X12 at all", b"ISA*00*", bytes(range(256))])
def test_a_file_that_is_no_answer_is_kept_and_rejected_with_its_reason(office: Office, data: bytes) -> None:
    taken = office.take(("junk.txt", data))[0]
    assert (taken.state, bool(taken.reason)) == ("rejected", True)
    assert office.take(("junk again.txt", data))[0].state == "rejected"


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public answer files are not beside this checkout")
def test_public_answer_files_are_taken_in_without_a_crash(office: Office) -> None:
    for path in sorted(PUBLIC.glob("[0-9]*")):
        taken = office.take((path.name, path.read_bytes()))[0]
        assert taken.state in {"done", "held", "rejected"}
    assert office.ledger() == 0


def test_a_claim_refused_by_the_clearinghouse_waits_and_goes_again_when_released(office: Office) -> None:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    sent = office.send()
    office.take(*office.answers(sent, chosen("  - {payer: MEDB1, outcome: rejected_code}", *ALL_PAID)))
    held = office.holds("rejections")
    assert len(held) == 1
    assert "held" in office.days().values()
    assert office.send() == []  # unchanged and not released: it may not go again
    with office.store.database.write() as connection:
        patient = office.store.holds.override(
            connection, held[0].id, by="J. Doe", reason="payer loaded the code", now=NOW
        )
    assert patient is not None
    assert Adjudicate(store=office.store, rules=lambda: RULES).again(patient, NOW)
    again = office.send()
    assert len(again) == 1
    assert ":B:1*" in again[0].read_text(encoding="ascii")  # an original: the payer never had the first
    assert "REF*F8" not in again[0].read_text(encoding="ascii")
    assert (office.ledger(), office.difference()) == (0, 0)
    assert set(office.days().values()) == {"billed"}


def test_claims_refused_in_bad_company_go_again_by_themselves(office: Office) -> None:
    office.receive(*messages("02_mixed_minutes.hl7", "03_tie.hl7", "04_assistants.hl7", "05_joint_minutes.hl7"))
    sent = office.send()[:1]
    claims = sent[0].read_text(encoding="ascii").count("CLM*")
    office.take(*office.answers(sent, chosen("  - {payer: MEDB1, outcome: set_refused}")))
    blamed = office.holds("rejections")
    assert len({hold.day_id for hold in blamed}) == 1
    again = office.send()
    assert again[0].read_text(encoding="ascii").count("CLM*") == claims - 1
    assert (office.ledger(), office.difference()) == (0, 0)


def test_a_refused_interchange_stops_its_receiver_until_someone_looked(office: Office) -> None:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    sent = office.send()
    plan = chosen(*(f"  - {{payer: {payer}, outcome: interchange_refused}}" for payer in ("MEDB1", "SUMM1", "GRAN1")))
    office.take(*office.answers(sent, plan))
    stopped = office.holds("rejections")
    assert {hold.finding for hold in stopped} == {"rejections.file_refused"}
    assert {hold.text.split(":")[0] for hold in stopped} == {f"CLEARPATH refused {file.name}" for file in sent}
    assert office.send() == []
    with office.store.database.write() as connection:
        for hold in stopped:
            office.store.holds.resolve(connection, hold.id, by="J. Doe", reason="number set anew", now=NOW)
    assert len(office.send()) == len(sent)
    assert (office.ledger(), office.difference()) == (0, 0)


def test_a_test_answer_waits_for_a_person_when_every_receiver_is_in_production(office: Office) -> None:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    answers = office.answers(office.send(), chosen(*ALL_PAID))
    live = replace(RULES, receivers={k: replace(one, usage="P") for k, one in RULES.receivers.items()})
    name, data = next(one for one in answers if b"ST*835" in one[1])
    taken = ReadBack(store=office.store, rules=lambda: live).take(name, data, NOW)
    (held,) = office.holds("interface")
    assert (taken.state, held.finding) == ("rejected", "answers.test_in_production")
    assert held.text == taken.reason
    assert "835" in held.text
    assert set(office.claims().values()) == {"sent"}


def test_a_denial_waits_in_its_queue_with_category_and_deadline_until_it_is_paid(office: Office) -> None:
    office.receive(*messages("01_pt_54_minutes_three_payers.hl7"))
    plan = chosen("  - {payer: SUMM1, outcome: denied_authorization}", *ALL_PAID)
    office.take(*office.answers(office.send(), plan))
    held = office.holds("denials")
    assert [hold.finding for hold in held] == ["denials.authorization"]
    with office.store.database.read() as connection:
        denials = office.store.denials.list(connection, state="open")
    assert {denial.category for denial in denials} == {"authorization"}
    assert all(denial.appeal_by and denial.next_action and denial.owner for denial in denials)
    number = denials[0].claim
    with office.store.database.read() as connection:
        claim = office.store.submissions.by_number(connection, [number])[number]
        owed = office.store.ledger.balances(connection, [claim.id])[claim.id]
    assert owed["receivable_payer"] == int(claim.draft.total_charge.scaleb(2))  # denied is not written off


def test_a_replaced_line_becomes_a_replacement_with_the_payers_number(office: Office) -> None:
    story = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")]
    office.receive(*story[:-1])
    sent = office.send()
    office.receive(story[-1])
    assert [hold.finding for hold in office.holds("edits")] == ["corrections.payer_number"]
    office.take(*office.answers(sent, chosen(*ALL_PAID)))
    assert office.holds("edits") == []
    text = office.send()[0].read_text(encoding="ascii")
    assert ":B:7*" in text
    assert "REF*F8*" in text
    assert (office.ledger(), office.difference()) == (0, 0)


def test_what_the_first_payer_left_becomes_the_second_payers_claim(office: Office) -> None:
    story = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")][:2]
    office.receive(*map(with_second_payer, story))
    first = office.send()
    office.take(*office.answers(first, chosen("  - {payer: GRAN1, outcome: paid}")))
    second = office.send()
    assert len(second) == 1
    text = second[0].read_text(encoding="ascii")
    assert "SBR*S*18" in text
    assert "AMT*D*" in text or "SVD*GRAN1*" in text
    office.take(*office.answers(second, chosen("  - {payer: SUMM1, outcome: paid}")))
    assert (office.ledger(), office.difference()) == (0, 0)
    stands = office.claims()
    assert [stands[told.number] for told in office.truth] == ["paid", "paid"]
    assert office.send() == []  # nobody comes after the second payer


def test_a_reopening_that_a_person_asked_for_lets_the_changed_day_rest(office: Office) -> None:
    story = messages("23_replacement_of_a_line.hl7")  # Medicare Part B takes no replacement claims
    office.receive(*story[:-1])
    office.send()
    office.receive(story[-1])
    held = office.holds("edits")
    assert [hold.finding for hold in held] == ["corrections.reopening"]
    with office.store.database.write() as connection:
        patient = office.store.holds.override(
            connection, held[0].id, by="J. Doe", reason="reopening 4711 granted", now=NOW
        )
    assert patient is not None
    assert Adjudicate(store=office.store, rules=lambda: RULES).again(patient, NOW)
    assert (office.holds("edits"), office.send()) == ([], [])
    assert set(office.days().values()) == {"billed"}
    assert office.difference() == 0
    with office.store.database.read() as connection:
        assert conserve(connection)["charges"]["held"] == 0


def test_a_change_that_lacks_something_takes_nothing_back(office: Office) -> None:
    story = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")]
    office.receive(*story[:-1])
    sent = office.send()
    office.take(*office.answers(sent, chosen(*ALL_PAID)))
    without_price = story[-1].replace(b"|3|180.00|60.00|", b"|3|||").replace(b"||60.00|||97110^", b"|||||97110^")
    assert without_price != story[-1]
    office.receive(without_price)
    assert office.send() == []
    assert office.holds("edits") or office.holds("documentation")
    assert set(office.days().values()) == {"billed"}
