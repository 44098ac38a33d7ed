"""The denial report ranks categories by count and money, and names what would prevent each."""

from __future__ import annotations

from decimal import Decimal

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.errors import MappingError
from integration_engine.domain.denial import DenialCategory
from integration_engine.rules.denials.baseline import measure
from integration_engine.rules.denials.categories import unmapped_share
from integration_engine.rules.denials.report import DeniedLine, denial_report
from integration_engine.rules.responses.files import compile_responses
from integration_engine.stages.rules_in_force import compile_rules_in_force

FILES = MappingFiles(shipped_folder()).read()
RESPONSES = compile_rules_in_force(FILES).responses


def denied(claim: str, category: str, amount: str, state: str = "open") -> DeniedLine:
    return DeniedLine(claim=claim, category=DenialCategory(category), state=state, amount=Decimal(amount))


def report(*lines: DeniedLine):
    return denial_report(lines, unmapped_share((), RESPONSES), measure((), RESPONSES), RESPONSES)


def test_categories_are_ranked_by_count_and_by_money_apart() -> None:
    found = report(
        denied("C1", "units", "10.00"),
        denied("C1", "units", "10.00", "written_off"),
        denied("C2", "units", "5.00"),
        denied("C3", "authorization", "240.00"),
    )
    ranked = {one.category: one for one in found.categories if one.lines}
    units, authorization = ranked[DenialCategory.UNITS], ranked[DenialCategory.AUTHORIZATION]
    assert (units.by_count, units.by_money, units.claims, units.lines) == (1, 2, 2, 3)
    assert (units.open_lines, units.open_amount) == (2, Decimal("15.00"))
    assert (authorization.by_count, authorization.by_money) == (2, 1)
    assert found.categories[0].category is DenialCategory.AUTHORIZATION
    assert sum(one.lines for one in found.categories) == found.lines == 4
    assert all(one.by_count is None for one in found.categories if not one.lines)


def test_every_mapped_category_names_the_queue_and_the_checks_that_would_prevent_it() -> None:
    for one in report().categories:
        assert bool(one.prevented_by) == (one.queue is not None) == (one.category is not DenialCategory.UNMAPPED)


def test_a_check_that_does_not_exist_is_refused_when_a_category_names_it() -> None:
    name = "responses/denials.yaml"
    wrong = FILES | {name: FILES[name].replace("authorization.missing,", "authorization.mising,", 1)}
    with pytest.raises(MappingError, match=r"denials.yaml:\d+:\d+: .*authorization.mising"):
        compile_responses(wrong)


def test_recovered_money_is_told_by_category_and_not_known_of_history() -> None:
    paid = DeniedLine(
        claim="C1",
        category=DenialCategory.UNITS,
        state="recovered",
        amount=Decimal("60.00"),
        recovered=Decimal("45.00"),
    )
    found = {one.category: one for one in report(paid, denied("C2", "units", "60.00")).categories}
    assert (found[DenialCategory.UNITS].recovered, found[DenialCategory.UNITS].open_amount) == (
        Decimal("45.00"),
        Decimal("60.00"),
    )
    assert found[DenialCategory.MODIFIER].recovered == 0
