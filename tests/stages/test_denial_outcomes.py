"""What becomes of a denial after its claim was corrected: refused, taken after all, paid whole or in part, denied again."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from integration_engine.core.money import to_cents
from integration_engine.stages.denial_history import DenialHistory
from integration_engine.stages.denial_work import move_denial
from integration_engine.store.queries.round_trips import round_trips
from tests.stages.office import ALL_PAID, NOW, RULES, Office, chosen, messages

PAID = chosen(*ALL_PAID)
DENIED = chosen("  - {payer: GRAN1, outcome: denied_authorization}", *ALL_PAID)
REJECTED = chosen("  - {payer: GRAN1, outcome: rejected_code}", *ALL_PAID)
FIRST_LINE_DENIED = chosen("  - {payer: GRAN1, outcome: denied_units}", *ALL_PAID)
TAKEN_BACK = chosen("  - {payer: GRAN1, outcome: paid_then_taken_back}", *ALL_PAID)
STORY = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("23_replacement_of_a_line.hl7")]

TWO_LINES = [raw.replace(b"|MEDB|", b"|GRANITE|") for raw in messages("24_credit_of_a_line.hl7")]
# The same visit, said again with half an hour of manual therapy instead of a quarter.
LONGER = (
    TWO_LINES[1]
    .replace(b"S24-002", b"S24-905")
    .replace(b"|CG|", b"|CO|")
    .replace(b"97140^^C4|||1|58.00", b"97140^^C4|||2|116.00")
    .replace(b"202610300945|15|", b"202610301000|30|")
    .replace(b"202610300945|45|45", b"202610301000|60|60")
    .replace(b"202610300900|202610300945", b"202610300900|202610301000")
)


def denials(office: Office, state: str | None = None) -> list:
    with office.store.database.read() as connection:
        return sorted(office.store.denials.list(connection, state=state), key=lambda one: one.id)


def states(office: Office) -> list[tuple[str, str]]:
    return [(one.claim, one.state) for one in denials(office)]


def denied_day(office: Office) -> str:
    """A claim of one day, denied; its number."""
    office.receive(*STORY[:2])
    office.take(*office.answers(office.send(), DENIED))
    assert {one.state for one in denials(office)} == {"open"}
    return office.truth[0].number


def two_lines_denied(office: Office) -> str:
    office.receive(*TWO_LINES[:2])
    office.take(*office.answers(office.send(), DENIED))
    assert [(one.code, one.state) for one in denials(office)] == [("97110", "open"), ("97140", "open")]
    return office.truth[0].number


def answers_of_another_day(office: Office, files: list[Path], plan: object) -> list[tuple[str, bytes]]:
    """The payer decides anew after an appeal: another payment, of another trace."""
    told = []
    for name, data in office.answers(files, plan):
        if b"*835*" in data or b"ST*835" in data:
            told.append((f"appeal {name}", re.sub(rb"(TRN\*1\*)([^*]+)", rb"\1APPEAL\2", data)))
    return told


def replacement(office: Office) -> list[Path]:
    office.receive(STORY[2])
    return office.send()


def open_holds(office: Office) -> list[int]:
    return [hold.id for hold in office.holds("denials")]


def test_denials_go_with_the_correction_when_it_is_sent(office: Office) -> None:
    denied_day(office)
    replacement(office)
    assert {state for _, state in states(office)} == {"resubmitted"}
    assert open_holds(office) == []


def test_denials_are_open_again_with_their_hold_when_the_correction_is_refused(office: Office) -> None:
    first = denied_day(office)
    (hold,) = open_holds(office)
    office.take(*office.answers(replacement(office), REJECTED))
    assert {state for claim, state in states(office) if claim == first} == {"open"}
    assert open_holds(office) == [hold]
    with office.store.database.read() as connection:
        shown = office.store.holds.show(connection, hold)
    assert [(event["who"], event["what"]) for event in shown["history"]] == [("engine", "reopened")]
    assert (office.ledger(), office.difference()) == (0, 0)


def test_the_refusal_told_twice_reopens_once(office: Office) -> None:
    denied_day(office)
    answers = office.answers(replacement(office), REJECTED)
    office.take(*answers)
    one = denials(office)[0]
    move_denial(office.store, RULES, one.id, "appealed", by="J. Doe", reason="the payer errs", now=NOW)
    before = (states(office), open_holds(office))
    office.take(*[(f"again {name}", data.replace(b"~", b"~\n")) for name, data in answers])
    assert (states(office), open_holds(office)) == before


def test_a_denial_a_person_called_resubmitted_is_open_again_when_the_correction_is_refused(office: Office) -> None:
    denied_day(office)
    for one in denials(office):
        move_denial(office.store, RULES, one.id, "resubmitted", by="J. Doe", reason="sent again", now=NOW)
    assert open_holds(office) == []
    office.take(*office.answers(replacement(office), REJECTED))
    assert {state for _, state in states(office)} == {"open"}
    assert len(open_holds(office)) == 1


def test_denials_are_recovered_with_the_amount_when_the_correction_is_paid(office: Office) -> None:
    first = denied_day(office)
    office.take(*office.answers(replacement(office), PAID))
    second = office.truth[-1]
    assert second.number != first
    found = denials(office)
    assert {(one.claim, one.state, one.answered_by, one.rest) for one in found} == {
        (first, "recovered", second.number, "0.00")
    }
    with office.store.database.read() as connection:
        claim = office.store.submissions.by_number(connection, [second.number])[second.number]
        paid = sum(
            entry.cents
            for entry in office.store.ledger.entries(connection, [claim.id])[second.number]
            if entry.account == "cash"
        )
    assert sum(round(float(one.recovered) * 100) for one in found) == paid > 0
    assert open_holds(office) == []
    report = DenialHistory(store=office.store, rules=RULES).report()
    of_category = next(one for one in report.categories if one.category == "authorization")
    assert (to_cents(of_category.recovered or Decimal(0)), of_category.open_lines) == (paid, 0)


def test_a_refused_correction_that_is_paid_after_all_recovers(office: Office) -> None:
    first = denied_day(office)
    files = replacement(office)
    late = office.answers(files, PAID)
    office.take(*office.answers(files, REJECTED))
    office.take(*late)
    assert {(claim, state) for claim, state in states(office)} == {(first, "recovered")}
    assert open_holds(office) == []
    assert (office.ledger(), office.difference()) == (0, 0)


def test_a_correction_denied_again_has_denials_of_its_own_that_name_the_first(office: Office) -> None:
    first = denied_day(office)
    earlier = {one.id: one for one in denials(office)}
    office.take(*office.answers(replacement(office), DENIED))
    second = office.truth[-1].number
    old = [one for one in denials(office) if one.claim == first]
    new = [one for one in denials(office) if one.claim == second]
    assert {(one.state, one.answered_by, one.recovered, one.rest == one.amount) for one in old} == {
        ("denied_again", second, "0.00", True)
    }
    assert {one.state for one in new} == {"open"}
    assert {one.earlier_id for one in new} <= set(earlier)
    assert [earlier[one.earlier_id].code for one in new] == [one.code for one in new]
    assert len(open_holds(office)) == 1
    office.take(*office.answers([], PAID))
    assert office.ledger() == 0


def test_only_the_lines_that_were_paid_are_recovered(office: Office) -> None:
    first = two_lines_denied(office)
    office.receive(LONGER)
    office.take(*office.answers(office.send(), FIRST_LINE_DENIED))
    second = office.truth[-1].number
    assert [(one.claim, one.code, one.state, one.answered_by, one.recovered != "0.00") for one in denials(office)] == [
        (first, "97110", "denied_again", second, False),
        (first, "97140", "recovered", second, True),
        (second, "97110", "open", "", True),
    ]
    again = denials(office)[-1]
    assert again.earlier_id == denials(office)[0].id
    assert again.recovered is None


def test_a_line_the_correction_left_out_is_answered_by_nothing(office: Office) -> None:
    first = two_lines_denied(office)
    office.receive(TWO_LINES[2])
    office.take(*office.answers(office.send(), PAID))
    assert [(one.claim, one.code, one.state) for one in denials(office)] == [
        (first, "97110", "recovered"),
        (first, "97140", "resubmitted"),
    ]


def test_a_line_denied_again_on_the_same_claim_stays_denied_when_another_was_paid(office: Office) -> None:
    two_lines_denied(office)
    files = [office.outbound / file.name for file in sorted(office.outbound.glob("*.x12"))]
    office.take(*answers_of_another_day(office, files, FIRST_LINE_DENIED))
    found = denials(office)
    assert [(one.code, one.state) for one in found] == [
        ("97110", "denied_again"),
        ("97140", "recovered"),
        ("97110", "open"),
    ]
    assert found[2].earlier_id == found[0].id
    assert len(open_holds(office)) == 1


def test_what_a_payment_taken_back_had_recovered_is_denied_as_before(office: Office) -> None:
    first = denied_day(office)
    (hold,) = open_holds(office)
    office.take(*office.answers(replacement(office), TAKEN_BACK))
    assert denials(office)[0].claim == first
    assert denials(office)[0].state == "denied_again"
    assert open_holds(office) != [hold]
    assert office.ledger() == 0


def test_a_denial_that_comes_after_its_claim_was_replaced_goes_with_the_correction(office: Office) -> None:
    office.receive(*STORY[:2])
    files = office.send()
    answers = office.answers(files, DENIED)
    office.take(*answers[:-1])
    with office.store.database.write() as connection:
        number = office.truth[0].number
        claim = office.store.submissions.by_number(connection, [number])[number]
        office.store.submissions.payer_numbers(connection, {claim.id: "PCN1"})
    replacement(office)
    office.take(answers[-1])
    assert {state for _, state in states(office)} == {"resubmitted"}
    assert open_holds(office) == []


def test_an_older_denial_that_comes_after_the_payment_is_no_work(office: Office) -> None:
    office.receive(*STORY[:2])
    files = office.send()
    denied = [one for one in office.answers(files, DENIED) if b"ST*835" in one[1]]
    paid = answers_of_another_day(office, files, PAID)
    for name, data in paid:
        assert b"*20261124" in data
        office.take((name, data.replace(b"*20261124", b"*20261130")))  # paid on a later day, and here first
    office.take(*denied)
    assert {one.state for one in denials(office)} == {"recovered"}
    assert {(str(one.answered_on), one.recovered) for one in denials(office)} == {("2026-11-30", None)}
    assert open_holds(office) == []
    assert (set(office.claims().values()), office.ledger()) == ({"paid"}, 0)


def test_round_trips_count_every_submission_answer_and_touch_of_a_claim(office: Office) -> None:
    first = denied_day(office)
    one = denials(office)[0]
    move_denial(office.store, RULES, one.id, "appealed", by="J. Doe", reason="the payer errs", now=NOW)
    office.take(*office.answers(replacement(office), PAID))
    with office.store.database.read() as connection:
        (trip,) = round_trips(connection)
        assert round_trips(connection, "SUMMIT") == []
    assert trip.numbers == (first, office.truth[-1].number)
    assert (trip.submissions, trip.refused, trip.denials, trip.touches) == (2, 0, 1, 1)
    assert trip.answers >= 4  # both were acknowledged and decided
    assert (str(trip.first_cash_on), trip.days_to_cash) == ("2026-11-24", 26)
    with office.store.database.read() as connection:
        cash = {one.account: one.debit - one.credit for one in office.store.ledger.totals(connection)}["cash"]
    assert trip.paid_cents == cash > 0
    assert trip.allowed_cents >= trip.paid_cents
