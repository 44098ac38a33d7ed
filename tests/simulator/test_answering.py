"""Every fate a claim can have, as the files tell it and as the truth says it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from integration_engine.core.errors import InboundError
from integration_engine.crosswalk.answers.files import Answers, read_answers
from integration_engine.domain.answers import StatusSource
from integration_engine.simulator.answering import answer
from integration_engine.simulator.scenario import Choice, Ending, Imbalance, Scenario, Share
from integration_engine.simulator.truth import ClaimTruth, Simulation, history_of
from integration_engine.simulator.writing import Kind
from tests.simulator.claims import NUMBERS, TODAY, Claim, Line, everyday, text_837
from tests.simulator.remits import imbalances, sets, texts

TWO_LINES = (Line(), Line(procedure="97530:GP:59"))


def scenario(**outcomes: str) -> Scenario:
    """The everyday one with claims named; nothing by shares, and no PLB."""
    choices = tuple(Choice(outcome=outcome, claim=number) for number, outcome in outcomes.items())
    return replace(everyday(), choices=choices, shares=(), file_shares=(), takes=())


def run(*claims: Claim, history=(), **outcomes: str) -> Simulation:
    return answer(text_837(*claims), scenario(**outcomes), TODAY, NUMBERS, dict(history))


def only(simulation: Simulation) -> ClaimTruth:
    (one,) = simulation.truth
    return one


def read(simulation: Simulation) -> list[Answers]:
    return [read_answers(file.text.encode()) for file in simulation.files]


def kinds(simulation: Simulation) -> list[str]:
    return [file.kind.value for file in simulation.files]


def amounts(simulation: Simulation) -> list[tuple[str, str, str, str]]:
    """(CLP02, charge, paid, patient's part) of every CLP."""
    return [
        (one.claim.status, str(one.claim.charge), str(one.claim.paid), str(one.claim.patient_responsibility))
        for truth in simulation.truth
        for one in truth.payments
    ]


def adjustments(simulation: Simulation, line: int = 0) -> list[tuple[str, str, str]]:
    (payment,) = only(simulation).payments
    return [(a.group, a.reason, str(a.amount)) for a in payment.claim.lines[line].adjustments]


# --- before adjudication ---------------------------------------------------------------------------------------------


def test_nothing_comes_back_when_a_file_is_lost() -> None:
    simulation = run(Claim(), C1="file_lost")
    assert simulation.files == ()
    assert only(simulation).ending is Ending.FILE_LOST


def test_ta1_refuses_everything_when_the_interchange_is_refused() -> None:
    simulation = run(Claim(), Claim(number="C2"), C2="interchange_refused")
    assert kinds(simulation) == ["TA1"]
    assert simulation.files[0].text.split("~")[1] == "TA1*000000007*261124*1200*R*025"
    assert {truth.interchange_code for truth in simulation.truth} == {"R"}


def test_ta1_stands_before_the_group_when_the_clearinghouse_sends_it_so() -> None:
    simulation = answer(text_837(Claim()), replace(scenario(), ta1_with_999=True), TODAY, NUMBERS)
    assert kinds(simulation)[0] == "999"
    answers = read(simulation)[0]
    assert [one.code for one in answers.interchanges] == ["A"]
    assert [one.code for one in answers.groups] == ["A"]


def test_no_ta1_is_written_when_none_was_asked_for() -> None:
    simulation = answer(text_837(Claim(), requested="0"), scenario(), TODAY, NUMBERS)
    assert kinds(simulation)[0] == "999"


@pytest.mark.parametrize("dependent", ["", "TESTCHILD"])
def test_999_names_a_segment_that_is_there_when_a_set_is_refused(dependent: str) -> None:
    text = text_837(Claim(), Claim(number="C2", dependent=dependent))
    simulation = answer(text, scenario(C2="set_refused"), TODAY, NUMBERS)
    assert kinds(simulation) == ["TA1", "999"]
    (problem,) = read(simulation)[1].groups[0].transactions[0].problems
    (sent,) = sets(text)
    named = sent[problem.segment_number - 1]
    assert (problem.loop, problem.segment, problem.claim_number) == ("2310", "NM1", "C2")
    assert named[0] == "NM1"
    assert "*".join(sent[problem.segment_number - 1]) in text.split("CLM*C2")[1]
    assert f"IK4*9*67*7*{named[9]}~" in simulation.files[1].text
    assert [truth.set_code for truth in simulation.truth] == ["R", "R"]
    assert [truth.refused_position for truth in simulation.truth] == [None, "2310B/NM1*82-09"]


def test_other_sets_go_on_when_one_is_refused() -> None:
    text = text_837(sets=((Claim(),), (Claim(number="C2"),)))
    simulation = answer(text, scenario(C1="set_refused"), TODAY, NUMBERS)
    (group,) = read(simulation)[1].groups
    assert (group.code, group.included, group.accepted) == ("P", 2, 1)
    assert [truth.ending for truth in simulation.truth] == [Ending.SET_REFUSED, Ending.PAID]


def test_clearinghouse_and_payer_speak_apart_when_claims_are_rejected() -> None:
    claims = [Claim(number=f"C{n}") for n in (1, 2, 3)]
    simulation = run(*claims, C1="rejected_code", C2="rejected_by_payer")
    house, payer = (answers.reports[0] for answers in read(simulation) if answers.reports)
    assert (house.source, payer.source) == (StatusSource.CLEARINGHOUSE, StatusSource.PAYER)
    assert house.reference == payer.reference == "B000000001"
    assert [(c.number, c.statuses[0].category) for c in house.claims] == [("C1", "A7"), ("C2", "A0"), ("C3", "A0")]
    assert [(c.number, c.statuses[0].category) for c in payer.claims] == [("C2", "A7"), ("C3", "A2")]
    assert house.claims[0].lines[0].line_control == "C16R1"
    assert payer.claims[0].payer_control_number is None
    assert payer.claims[1].payer_control_number == simulation.truth[2].payer_control_number
    assert [len(truth.payments) for truth in simulation.truth] == [0, 0, 1]


def test_no_remit_comes_when_a_claim_is_pending() -> None:
    simulation = run(Claim(), C1="pending")
    assert kinds(simulation) == ["TA1", "999", "277CA", "277CA"]


# --- decisions, worked by hand ---------------------------------------------------------------------------------------


def test_contract_pays_fee_less_copay_when_commercial() -> None:
    simulation = run(Claim(lines=TWO_LINES))
    assert adjustments(simulation) == [("CO", "45", "30.00"), ("PR", "3", "25.00")]
    assert adjustments(simulation, 1) == [("CO", "45", "24.00")]
    assert amounts(simulation) == [("1", "240.00", "161.00", "25.00")]


def test_medicare_takes_assistant_and_sequestration_off_its_own_share() -> None:
    one_unit = Line(procedure="97161:GP:CQ", units="1", charge="150")
    claim = Claim(payer="MEDB1", filing="MB", lines=(one_unit,))
    simulation = run(claim)
    # 120.00 allowed, 24.00 coinsurance, 96.00 due; assistant 14.40; 81.60 less 1.63
    assert adjustments(simulation) == [("CO", "45", "44.40"), ("CO", "253", "1.63"), ("PR", "2", "24.00")]
    assert amounts(simulation) == [("1", "150.00", "79.97", "24.00")]
    assert only(simulation).payments[0].claim.lines[0].remarks == ("N851",)


def test_one_unit_of_a_patients_day_keeps_its_practice_expense_across_claims() -> None:
    physical = Claim(payer="MEDB1", filing="MB", lines=(Line(units="2"),))
    occupational = Claim(number="C2", payer="MEDB1", filing="MB", lines=(Line(procedure="97530:GO", units="2"),))
    other_day = replace(occupational, number="C3", lines=(Line(procedure="97530:GO", units="1", day="20261006"),))
    simulation = run(physical, occupational, other_day)
    reductions = {
        truth.number: [(str(a.amount)) for a in truth.payments[0].claim.lines[0].adjustments if a.reason == "59"]
        for truth in simulation.truth
    }
    # 97530 has the higher expense (22.00): one of its units is whole, the other loses 11.00; both of 97110 lose 9.00
    assert reductions == {"C1": ["18.00"], "C2": ["11.00"], "C3": []}
    assert [truth.payments[0].claim.lines[0].remarks for truth in simulation.truth] == [(), ("N670",), ()]


def test_nothing_is_paid_and_no_money_moves_when_all_goes_to_the_deductible() -> None:
    simulation = run(Claim(), C1="paid_nothing")
    assert amounts(simulation) == [("1", "120.00", "0.00", "90.00")]
    assert "BPR*H*0*C*NON************20261124~" in texts(simulation, Kind.REMIT)[0]


def test_line_loses_modifiers_and_number_when_the_payer_drops_them() -> None:
    simulation = run(Claim(lines=TWO_LINES), C1="paid_without_modifiers")
    (text,) = texts(simulation, Kind.REMIT)
    assert "SVC*HC:97530*" in text
    assert "REF*6R" not in text


def test_claim_is_forwarded_when_it_crosses_over() -> None:
    simulation = run(Claim(), C1="paid_and_forwarded")
    (text,) = texts(simulation, Kind.REMIT)
    assert "CLP*C1*19*" in text
    assert "NM1*TT*2*SUPPLEMENT MUTUAL*****PI*SUPP1~MOA***MA18~" in text


def test_lines_are_paid_in_two_remits_when_payment_is_split() -> None:
    simulation = run(Claim(lines=TWO_LINES), C1="paid_in_parts")
    assert amounts(simulation) == [("1", "120.00", "65.00", "25.00"), ("1", "120.00", "96.00", "0.00")]
    assert len({payment.trace for payment in only(simulation).payments}) == 2


@pytest.mark.parametrize(
    ("outcome", "category", "reason"),
    [
        ("denied_documentation", "documentation", ("CO", "16", "N238")),
        ("denied_authorization", "authorization", ("CO", "197", None)),
        ("denied_modifier", "modifier", ("CO", "4", "N519")),
        ("denied_units", "units", ("CO", "151", "N362")),
        ("denied_medical_necessity", "medical_necessity", ("CO", "50", "N115")),
        ("denied_technical", "technical", ("CO", "29", None)),
        ("denied_benefit_limit", "benefit_limit", ("PR", "119", "N587")),
        ("denied_eligibility", "eligibility", ("PR", "27", "N30")),
    ],
)
def test_denial_carries_its_reason_when_a_claim_is_denied(outcome: str, category: str, reason) -> None:
    simulation = run(Claim(), C1=outcome)
    truth = only(simulation)
    line = truth.payments[0].claim.lines[0]
    assert truth.category == category
    assert (line.adjustments[0].group, line.adjustments[0].reason, next(iter(line.remarks), None)) == reason
    assert amounts(simulation) == [("4", "120.00", "0.00", "120.00" if reason[0] == "PR" else "0.00")]


def test_rest_of_a_claim_is_paid_when_one_line_is_denied() -> None:
    simulation = run(Claim(lines=TWO_LINES), C1="denied_units")
    assert amounts(simulation) == [("1", "240.00", "71.00", "25.00")]


def test_payer_takes_back_and_carries_forward_when_it_corrects_downwards() -> None:
    simulation = run(Claim(), C1="paid_then_taken_back")
    assert amounts(simulation) == [
        ("1", "120.00", "65.00", "25.00"),
        ("22", "-120.00", "-65.00", "None"),
        ("4", "120.00", "0.00", "120.00"),
    ]
    text = texts(simulation, Kind.REMIT)[1]
    assert "CAS*CO*45*-30~" in text
    assert text.count("PLB*1999902004*20261231*FB:") == 1
    assert "*-65~SE*" in text
    assert only(simulation).paid == Decimal("0.00")


def test_correction_reverses_the_denial_when_it_is_paid_after_all() -> None:
    simulation = run(Claim(), C1="denied_then_paid")
    assert [row[0] for row in amounts(simulation)] == ["4", "22", "1"]
    assert only(simulation).category is None
    assert only(simulation).paid == Decimal("65.00")


# --- replacement, void, coordination ---------------------------------------------------------------------------------


def paid_before(outcome: str = "paid") -> tuple[Simulation, str]:
    before = run(Claim(lines=TWO_LINES), C1=outcome)
    return before, only(before).payer_control_number or ""


@pytest.mark.parametrize("outcome", ["paid", "paid_in_parts", "denied_then_paid", "denied_authorization"])
def test_replacement_reverses_what_stands_and_decides_anew(outcome: str) -> None:
    before, number = paid_before(outcome)
    replacement = Claim(number="C9", frequency="7", original=number)
    simulation = run(replacement, history=history_of(before.truth))
    undone = [one.claim for one in only(simulation).payments if one.claim.status == "22"]
    assert {claim.number for claim in undone} == {"C1"}
    assert {claim.payer_control_number for claim in undone} == {number}
    assert only(before).paid + sum(claim.paid for claim in undone) == 0
    assert only(simulation).payments[-1].claim.number == "C9"


def test_void_reverses_and_decides_nothing() -> None:
    before, number = paid_before()
    simulation = run(Claim(number="C9", frequency="8", original=number), history=history_of(before.truth))
    assert [row[0] for row in amounts(simulation)] == ["22"]
    assert only(simulation).paid == -only(before).paid


def test_replacement_is_denied_when_the_payer_knows_no_original() -> None:
    simulation = run(Claim(frequency="7", original="123"))
    assert only(simulation).outcome == "denied_unknown_original"
    assert only(simulation).payments[0].claim.lines[0].remarks == ("M47",)


def other_payer(*amounts_and_reasons: str) -> tuple[str, ...]:
    return (
        "SBR*P*18*******MB",
        *amounts_and_reasons,
        "OI***Y*P**Y",
        "NM1*IL*1*TESTPATIENT*ALDA****MI*M1",
        "NM1*PR*2*FIRST*****PI*FIRST1",
    )


def test_secondary_pays_what_the_first_left_to_the_patient_by_line() -> None:
    # 120 charged; the first payer allowed 90, paid 52, left 18 coinsurance and 20 deductible to the patient
    decided = ("SVD*FIRST1*52*HC:97110:GP**2", "CAS*CO*45*30", "CAS*PR*1*20**2*18", "DTP*573*D8*20261101")
    claim = Claim(sequence="S", lines=(Line(adjudicated=decided),), others=other_payer("AMT*D*52"))
    simulation = run(claim)
    # this payer allows 90, so 38 is within what it would have paid alone (90 - 52)
    assert adjustments(simulation) == [("OA", "23", "82.00")]
    assert [row[:3] for row in amounts(simulation)] == [("2", "120.00", "38.00")]


def test_secondary_leaves_the_rest_when_its_own_fee_is_lower() -> None:
    decided = ("SVD*FIRST1*80*HC:97110:GP**2", "CAS*CO*45*10", "CAS*PR*2*30", "DTP*573*D8*20261101")
    claim = Claim(sequence="S", lines=(Line(adjudicated=decided),), others=other_payer("AMT*D*80"))
    simulation = run(claim)
    assert adjustments(simulation) == [("OA", "23", "90.00"), ("PR", "2", "20.00")]
    assert [row[2] for row in amounts(simulation)] == ["10.00"]


def test_secondary_answers_the_claim_as_a_whole_when_the_first_did() -> None:
    claim = Claim(sequence="S", others=other_payer("CAS*CO*45*30", "CAS*PR*2*18", "AMT*D*72"))
    simulation = run(claim)
    (payment,) = only(simulation).payments
    assert payment.claim.lines == ()
    assert [(a.group, a.reason, str(a.amount)) for a in payment.claim.adjustments] == [("OA", "23", "102.00")]
    assert payment.claim.paid == 18


def test_secondary_is_denied_when_no_earlier_payer_is_reported() -> None:
    simulation = run(Claim(sequence="S"))
    assert only(simulation).category == "eligibility"
    assert only(simulation).payments[0].claim.lines[0].remarks == ("MA04",)


# --- choosing, imbalance, refusal to guess ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "choice",
    [
        Choice(outcome="pending", claim="C2"),
        Choice(outcome="pending", member="M2"),
        Choice(outcome="pending", payer="GRAN1"),
        Choice(outcome="pending", code="92507"),
    ],
)
def test_choice_fits_one_claim_when_it_names_it(choice: Choice) -> None:
    second = Claim(number="C2", member="M2", payer="GRAN1", lines=(Line(procedure="92507:GN"),))
    simulation = answer(text_837(Claim(), second), replace(scenario(), choices=(choice,)), TODAY, NUMBERS)
    assert [truth.ending for truth in simulation.truth] == [Ending.PAID, Ending.PENDING]


def test_shares_hold_and_follow_the_claim_wherever_it_is_sent() -> None:
    mixed = replace(everyday(), shares=(Share(outcome="denied_units", of_1000=250),), file_shares=(), takes=())
    claims = [Claim(number=f"C{n}") for n in range(400)]
    together = answer(text_837(*claims), mixed, TODAY, NUMBERS)
    denied = [truth.number for truth in together.truth if truth.outcome == "denied_units"]
    assert 60 <= len(denied) <= 140
    alone = answer(text_837(Claim(number=denied[0])), mixed, TODAY, NUMBERS)
    assert only(alone).outcome == "denied_units"
    other_seed = answer(text_837(*claims), replace(mixed, seed=2), TODAY, NUMBERS)
    assert denied != [truth.number for truth in other_seed.truth if truth.outcome == "denied_units"]


def test_share_of_files_refuses_a_whole_set() -> None:
    refusing = replace(scenario(), file_shares=(Share(outcome="set_refused", of_1000=1000),))
    simulation = answer(text_837(Claim(), Claim(number="C2")), refusing, TODAY, NUMBERS)
    assert {truth.set_code for truth in simulation.truth} == {"R"}
    assert sum(truth.refused_position is not None for truth in simulation.truth) == 1


@pytest.mark.parametrize("level", ["line", "claim", "file"])
def test_only_the_stated_level_is_wrong_when_an_imbalance_is_asked_for(level: str) -> None:
    wrong = replace(scenario(), imbalance=Imbalance(at=level, amount=Decimal("0.01"), claim="C2"))
    simulation = answer(text_837(Claim(), Claim(number="C2")), wrong, TODAY, NUMBERS)
    assert imbalances(texts(simulation, Kind.REMIT)[0]) == [level]


def test_same_call_gives_the_same_bytes_and_another_number_other_names() -> None:
    first, again = run(Claim()), run(Claim())
    assert first == again
    later = answer(text_837(Claim()), scenario(), TODAY, replace(NUMBERS, interchange=first.next_interchange))
    assert not {file.name for file in first.files} & {file.name for file in later.files}


def test_claim_number_twice_in_a_file_is_two_claims() -> None:
    simulation = run(Claim(), Claim())
    assert [len(truth.payments) for truth in simulation.truth] == [1, 1]


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", "ISA"),
        ("hello", "ISA"),
        (text_837(Claim()).replace("CLM*C1*120", "CLM*C1*1x0"), "2300/CLM-02"),
        (text_837(Claim()).replace("D8*20261005", "D8*20261305"), "2400/DTP*472-03"),
        (text_837(Claim()).replace("GS*HC", "GS*HB"), "2300/CLM"),
    ],
)
def test_place_is_named_when_a_file_cannot_be_answered(text: str, position: str) -> None:
    with pytest.raises(InboundError) as caught:
        answer(text, scenario(), TODAY, NUMBERS)
    assert caught.value.position == position


def test_other_separators_are_read_and_never_end_up_in_an_answer() -> None:
    text = text_837(Claim()).replace("*", "|").replace("TESTPATIENT", "TEST*PATIENT")
    simulation = answer(text, scenario(), TODAY, NUMBERS)
    assert "NM1*QC*1*TEST PATIENT*ALDA" in texts(simulation, Kind.REMIT)[0]
