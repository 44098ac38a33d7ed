"""A scenario file is checked whole, each mistake with its line."""

from __future__ import annotations

import pytest

from integration_engine.adapters.mapping_files import shipped_folder
from integration_engine.core.errors import MappingError
from integration_engine.simulator.scenario_files import compile_scenario, json_schema
from tests.simulator.claims import EVERYDAY, everyday

TEXT = (shipped_folder().parent / EVERYDAY).read_text("utf-8")
CATEGORIES = {
    "documentation",
    "authorization",
    "modifier",
    "units",
    "medical_necessity",
    "technical",
    "benefit_limit",
    "eligibility",
}


def test_shipped_scenario_denies_for_every_category_of_cause() -> None:
    causes = [outcome.cause for outcome in everyday().outcomes.values() if outcome.cause]
    assert {cause.category for cause in causes} == CATEGORIES


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("otherwise: paid", "otherwise: nothing", "there is no outcome 'nothing'"),
        ("otherwise: paid", "otherwise: set_refused", "cannot stand here"),
        ("{outcome: paid_deductible, of_1000: 60}", "{outcome: set_refused, of_1000: 60}", "cannot stand here"),
        ("{outcome: paid_deductible, of_1000: 60}", "{outcome: paid_deductible, of_1000: 900}", "more than 1000"),
        ("denied_then_paid: {ending: corrected, first: denied_modifier", "denied_then_paid: {ending: corrected", "`first`"),
        ("first: denied_modifier", "first: pending", "cannot stand here"),
        ("  unlisted_code: denied_unlisted_code", "  # nothing", "`unlisted_code` is missing"),
        ('{coinsurance_percent: "10"}', '{payers: [X1], coinsurance_percent: "10"}', "no selector"),
        ('{ending: clearinghouse_rejected, status: {category: A3, status: "33", entity: IL}}',
         "{ending: clearinghouse_rejected}", "needs `status`"),
        ('allowed: "45.00"', 'allowed: "45"', "pattern"),
        ("seed: 1", "seed: 1\nsead: 2", "Extra inputs"),
    ],
)  # fmt: skip
def test_mistake_is_told_with_its_place(old: str, new: str, told: str) -> None:
    assert old in TEXT
    with pytest.raises(MappingError) as caught:
        compile_scenario("mine.yaml", TEXT.replace(old, new, 1))
    assert told in str(caught.value)
    assert str(caught.value).startswith("mine.yaml:")


def test_schema_describes_every_key_of_the_shipped_file() -> None:
    keys = {line.split(":")[0] for line in TEXT.splitlines() if line and line[0].isalpha()}
    assert keys <= set(json_schema()["properties"])
