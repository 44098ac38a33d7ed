"""What the engine reads, balances and categorizes out of the answers is what is true of each claim."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.crosswalk.answers.files import read_answers
from integration_engine.domain.denial import DenialContext
from integration_engine.domain.remit import Remit
from integration_engine.rules.denials.categories import categorize_claim
from integration_engine.rules.posting.balance import balance
from integration_engine.rules.responses.files import compile_responses
from integration_engine.simulator.answering import answer
from integration_engine.simulator.scenario import OF_A_FILE, Choice, Imbalance, Scenario
from integration_engine.simulator.truth import Simulation
from tests.simulator.claims import NUMBERS, TODAY, Claim, Line, everyday, text_837

RESPONSES = compile_responses(MappingFiles(shipped_folder()).read())
OUTCOMES = tuple(sorted(name for name, one in everyday().outcomes.items() if one.ending not in OF_A_FILE))
TWO_LINES = (Line(), Line(procedure="97140:GP"))


def one_of_each(**changed) -> Simulation:
    choices = tuple(Choice(outcome=outcome, claim=f"C{n}") for n, outcome in enumerate(OUTCOMES))
    scenario: Scenario = replace(everyday(), choices=choices, file_shares=(), **changed)
    claims = [Claim(number=f"C{n}", lines=TWO_LINES) for n in range(len(OUTCOMES))]
    return answer(text_837(*claims), scenario, TODAY, NUMBERS)


def remits(simulation: Simulation) -> list[Remit]:
    return [remit for file in simulation.files for remit in read_answers(file.text.encode()).remits]


def test_every_remit_balances_for_the_engine_too() -> None:
    assert [finding for remit in remits(one_of_each()) for finding in balance(remit)] == []


@pytest.mark.parametrize("level", ["line", "claim", "file"])
def test_engine_finds_the_stated_imbalance_and_no_other(level: str) -> None:
    paid = f"C{OUTCOMES.index('paid')}"
    wrong = one_of_each(imbalance=Imbalance(at=level, amount=Decimal("0.01"), claim=paid))
    findings = [finding for remit in remits(wrong) for finding in balance(remit)]
    assert findings
    assert len({finding.id for finding in findings}) == 1


def test_every_denial_falls_into_its_category() -> None:
    simulation = one_of_each()
    last = {claim.number: claim for remit in remits(simulation) for claim in remit.claims if claim.status != "22"}
    found = {}
    for truth in simulation.truth:
        if truth.number in last:
            decision, _ = categorize_claim(last[truth.number], DenialContext(), RESPONSES, TODAY)
            found[truth.outcome] = str(decision.category) if decision.denied else None
    meant = {truth.outcome: truth.category for truth in simulation.truth if truth.payments}
    assert found == meant
    assert sum(category is not None for category in meant.values()) >= 10
