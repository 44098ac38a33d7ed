"""Rule files: refused with file and line, versioned by content, reviewed for gaps and doubts."""

from __future__ import annotations

from datetime import date

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.errors import MappingError
from integration_engine.rules.rule_files import compile_rules, review_rules
from integration_engine.rules.rule_models import json_schemas

FILES = MappingFiles(shipped_folder()).read()
PARAMETERS = compile_rules(FILES)


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("payers/medicare_part_b.yaml", "method: cms_8_minute", "method: cms_9_minute", "no method 'cms_9_minute'"),
        (
            "payers/medicare_part_b.yaml",
            "units_method:\n  -",
            "units_method: []\nspare:\n  -",
            "units_method",
        ),
        (
            "practice.yaml",
            "profile: commercial_ama",
            "profile: commercial_amma",
            "there is no payers/commercial_amma.yaml",
        ),
        ("practice.yaml", 'npi: "1999902004"', 'npi: "1999902005"', "check digit"),
        ("edits/claim.yaml", "field: line.modifiers, has: CQ", "field: line.modifier, has: CQ", "there is no field"),
        ("gates/minimum_documentation.yaml", "need: goals", "need: gaols", "there is no need"),
        ("rules/thresholds.yaml", "effective_to: 2024-12-31", "effective_to: 2025-02-31", "rules/thresholds.yaml"),
        ("rules/certification.yaml", "    effective_to: 2024-12-31\n", "", "runs into"),
    ],
)
def test_wrong_rule_file_is_refused_with_file_and_line(file: str, old: str, new: str, problem: str) -> None:
    assert old in FILES[file]
    with pytest.raises(MappingError) as caught:
        compile_rules(FILES | {file: FILES[file].replace(old, new, 1)})
    assert any(problem in str(p) and p.file == file and p.line >= 1 for p in caught.value.problems), str(caught.value)


def test_version_changes_with_any_rule_text() -> None:
    other = compile_rules(FILES | {"rules/placeholders.yaml": FILES["rules/placeholders.yaml"] + "\n"})
    assert other.version != PARAMETERS.version


def test_every_kind_of_rule_file_has_a_schema() -> None:
    assert set(json_schemas()) >= {"practice", "payer", "units", "edits", "gates", "procedures"}


def test_no_threshold_is_asked_outside_its_years() -> None:
    assert PARAMETERS.thresholds["OT"].at(date(2026, 6, 1)) == PARAMETERS.thresholds["PT+SLP"].at(date(2026, 6, 1))


def test_quarter_of_its_own_folder_is_a_table_of_its_own_and_a_later_file_takes_over() -> None:
    excerpt = FILES["codes/ncci_pairs/2024-07-01.yaml"]
    april = excerpt.replace("effective_from: 2024-07-01", "effective_from: 2024-09-01")
    compiled = compile_rules(
        FILES | {"codes/ncci_pairs/2024-09-01.yaml": april, "codes/ncci_pairs/kansas/2024-07-01.yaml": excerpt}
    )
    assert set(compiled.code_pairs) == {"medicare", "kansas"}
    medicare = compiled.code_pairs["medicare"]
    assert medicare.on(date(2024, 8, 31)).effective_to == date(2024, 8, 31)
    assert medicare.on(date(2024, 9, 1)).effective_from == date(2024, 9, 1)


def test_review_tells_gaps_unconfirmed_sources_and_sources_that_disagree() -> None:
    gap = FILES["rules/thresholds.yaml"].replace(
        "effective_from: 2025-01-01, effective_to: 2025-12-31", "effective_from: 2025-03-01, effective_to: 2025-12-31"
    )
    remarks = review_rules(FILES | {"rules/thresholds.yaml": gap})
    texts = [remark.text for remark in remarks if remark.file == "rules/thresholds.yaml"]
    assert any("from 2025-01-01 to 2025-02-28" in text for text in texts)
    assert any("sources disagree" in text for text in texts)
    assert any("unconfirmed" in remark.text and remark.line > 1 for remark in remarks)
    assert not any("nothing is in force" in remark.text for remark in review_rules(FILES))
