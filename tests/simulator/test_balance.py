"""Whatever is claimed and whatever happens to it: every answer parses, counts right and balances to the cent."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integration_engine.adapters.x12_gate import X12Gate
from integration_engine.crosswalk.answers.files import read_answers
from integration_engine.simulator.answering import answer
from integration_engine.simulator.scenario import OF_A_FILE, Choice, ProviderTake
from integration_engine.simulator.truth import Simulation, history_of
from integration_engine.simulator.writing import Kind
from tests.simulator.claims import NUMBERS, TODAY, Claim, Line, everyday, text_837
from tests.simulator.remits import imbalances, segments, sets, texts

OUTCOMES = tuple(sorted(name for name, one in everyday().outcomes.items() if one.ending not in OF_A_FILE))
cents = st.integers(min_value=0, max_value=99_999).map(lambda value: f"{Decimal(value) / 100}")
lines = st.builds(
    Line,
    procedure=st.sampled_from(["97110:GP", "97110:GP:CQ", "97530:GO:59", "97161:GP", "92507:GN", "G0283:GP", "97140"]),
    charge=cents,
    units=st.integers(min_value=1, max_value=8).map(str),
    day=st.sampled_from(["20261005", "20261006"]),
)
decided = st.tuples(
    st.builds(
        lambda paid, off, left: (f"SVD*F1*{paid}*HC:97110**1", f"CAS*CO*45*{off}", f"CAS*PR*2*{left}"),
        cents,
        cents,
        cents,
    ),
    lines,
).map(lambda pair: replace(pair[1], adjudicated=pair[0]))
first_payer = ("SBR*P*18*******MB", "CAS*CO*45*1.5", "CAS*PR*1*3", "AMT*D*7.5", "OI***Y***Y", "NM1*PR*2*F*****PI*F1")
claims = st.builds(
    Claim,
    lines=st.lists(lines, min_size=1, max_size=4).map(tuple),
    payer=st.sampled_from(["MEDB1", "SUMM1", "GRAN1"]),
    filing=st.sampled_from(["MB", "CI"]),
    member=st.sampled_from(["M1", "M2"]),
    dependent=st.sampled_from(["", "TESTCHILD"]),
) | st.builds(
    Claim,
    lines=st.lists(decided, min_size=1, max_size=3).map(tuple) | st.lists(lines, min_size=1, max_size=3).map(tuple),
    sequence=st.sampled_from(["S", "T"]),
    others=st.sampled_from([(), first_payer]),
)
takes = st.lists(
    st.builds(
        ProviderTake,
        payer=st.sampled_from(["MEDB1", "SUMM1"]),
        reason=st.sampled_from(["L6", "WO"]),
        amount=st.integers(min_value=-9_999, max_value=9_999).map(lambda value: Decimal(value) / 100),
        reference=st.sampled_from(["", "R1"]),
    ),
    max_size=8,
).map(tuple)


@settings(max_examples=150, deadline=None)
@given(
    sent=st.lists(st.tuples(claims, st.sampled_from(OUTCOMES)), min_size=1, max_size=8),
    takes=takes,
    size=st.integers(min_value=1, max_value=5),
)
def test_answers_parse_count_and_balance_whatever_happens(sent, takes, size: int) -> None:
    numbered = [replace(claim, number=f"C{n}") for n, (claim, _) in enumerate(sent)]
    choices = tuple(Choice(outcome=outcome, claim=f"C{n}") for n, (_, outcome) in enumerate(sent))
    scenario = replace(everyday(), choices=choices, file_shares=(), takes=takes, claims_per_payment=size)
    simulation = answer(text_837(*numbered), scenario, TODAY, NUMBERS)
    for file in simulation.files:
        assert_envelope_holds(file.text)
    for text in texts(simulation, Kind.REMIT):
        assert imbalances(text) == []
    assert_read_back_is_what_was_decided(simulation)
    claimed = Counter(claim.number for claim in numbered)
    assert Counter(truth.number for truth in simulation.truth) == claimed


def assert_envelope_holds(text: str) -> None:
    assert text.index("~") == 105
    parts = segments(text)
    assert len({segment[1] for segment in parts if segment[0] == "TRN"} | {""}) <= 3
    for one in sets(text):
        assert one[-1][1] == str(len(one))
        assert one[0][2] == one[-1][2]
        assert all(segment[-1] for segment in one)
    counts = Counter(segment[0] for segment in parts)
    assert parts[-1][1] == str(counts["GS"])
    assert not counts["GS"] or next(segment for segment in parts if segment[0] == "GE")[1] == str(counts["ST"])
    assert parts[0][13] == parts[-1][2]


def assert_read_back_is_what_was_decided(simulation: Simulation) -> None:
    answers = [read_answers(file.text.encode()) for file in simulation.files]
    assert [str(problem) for one in answers for problem in one.problems] == []
    read = [remit for one in answers for remit in one.remits]
    assert len(read) == len(simulation.remits)
    for got, meant in zip(read, simulation.remits, strict=True):
        assert (got.trace, got.amount, got.payer_id, got.payee_id) == (
            meant.trace,
            meant.amount,
            meant.payer_id,
            meant.payee_id,
        )
        for claim, decided_claim in zip(got.claims, meant.claims, strict=True):
            assert claim.lines == decided_claim.lines or _close(claim.lines, decided_claim.lines)
            assert (claim.number, claim.status, claim.charge, claim.paid, claim.position, claim.adjustments) == (
                decided_claim.number,
                decided_claim.status,
                decided_claim.charge,
                decided_claim.paid,
                decided_claim.position,
                decided_claim.adjustments,
            )
            assert claim.payer_control_number == decided_claim.payer_control_number
            assert claim.crossover_payer == decided_claim.crossover_payer


def _close(read, decided_lines) -> bool:
    """Equal but for what an 835 does not repeat: an allowed amount of nothing."""
    return [replace(line, allowed=line.allowed or None) for line in read] == [
        replace(line, allowed=line.allowed or None) for line in decided_lines
    ]


PAID_OR_DENIED = tuple(name for name in OUTCOMES if everyday().outcomes[name].ending in {"paid", "denied", "corrected"})


@settings(max_examples=60, deadline=None)
@given(claim=claims, fates=st.tuples(*[st.sampled_from(PAID_OR_DENIED)] * 3))
def test_nothing_stays_paid_when_a_claim_was_replaced_and_then_voided(claim: Claim, fates) -> None:
    history: dict = {}
    paid, number = Decimal(0), ""
    for step, (frequency, outcome) in enumerate(zip("178", fates, strict=True)):
        sent = replace(claim, number=f"C{step}", frequency=frequency, original=number)
        scenario = replace(everyday(), choices=(Choice(outcome=outcome, claim=sent.number),), file_shares=(), takes=())
        simulation = answer(text_837(sent), scenario, TODAY, NUMBERS, history)
        (truth,) = simulation.truth
        assert all(imbalances(text) == [] for text in texts(simulation, Kind.REMIT))
        history = history_of(simulation.truth, history)
        paid, number = paid + truth.paid, truth.payer_control_number or ""
        assert len(history) == (frequency != "8")
    assert paid == 0
    assert truth.category is None


GOLDEN = sorted((Path(__file__).parents[1] / "crosswalk" / "golden").rglob("*.x12"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_files_of_our_own_writer_are_answered_and_paid(path: Path) -> None:
    scenario = replace(everyday(), shares=(), file_shares=())
    simulation = answer(path.read_text("utf-8").replace("\n", ""), scenario, TODAY, NUMBERS)
    assert all(imbalances(text) == [] for text in texts(simulation, Kind.REMIT))
    assert {truth.clearinghouse for truth in simulation.truth} == {"A0"}
    assert_read_back_is_what_was_decided(simulation)


# --- a second opinion, and speed -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def gate() -> Iterator[X12Gate]:
    with X12Gate() as gate:
        yield gate


def one_of_each() -> Simulation:
    sent = [
        Claim(number=f"C{n}", payer=payer, filing=filing, dependent="TESTCHILD" if n % 2 else "")
        for n in range(len(OUTCOMES))
        for payer, filing in [(("MEDB1", "MB"), ("SUMM1", "CI"))[n % 2]]
    ]
    choices = tuple(Choice(outcome=outcome, claim=f"C{n}") for n, outcome in enumerate(OUTCOMES))
    return answer(text_837(*sent), replace(everyday(), choices=choices, file_shares=()), TODAY, NUMBERS)


def test_pyx12_accepts_every_999_and_835(gate: X12Gate) -> None:
    simulation = one_of_each()
    refusing = replace(everyday(), choices=(Choice(outcome="set_refused", claim="C1"),))
    refused = answer(text_837(Claim(number="C1")), refusing, TODAY, NUMBERS)
    judged = [
        (file.name, gate.check(file.text))
        for file in (*simulation.files, *refused.files)
        if file.kind in {Kind.ACKNOWLEDGMENT, Kind.REMIT}
    ]
    assert len(judged) >= 5
    assert [(name, [f.position for f in v.findings]) for name, v in judged if not v.accepted] == []


@pytest.mark.slow
def test_ten_thousand_claims_are_answered_in_ten_seconds() -> None:
    three = (Line(), Line(procedure="97530:GP:59"), Line(procedure="97140:GP", units="1"))
    text = text_837(*(Claim(number=f"C{n}", member=f"M{n}", lines=three) for n in range(10_000)))
    began = time.process_time()
    simulation = answer(text, replace(everyday(), file_shares=()), TODAY, NUMBERS)
    assert time.process_time() - began < 10
    assert len(simulation.truth) == 10_000
    assert all(imbalances(remit) == [] for remit in texts(simulation, Kind.REMIT))
