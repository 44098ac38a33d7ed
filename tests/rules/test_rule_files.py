"""Rule files: refused with file and line, versioned by content, reviewed for gaps and doubts."""

from __future__ import annotations

from datetime import date

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.errors import MappingError, NotInForce
from integration_engine.rules.parameters.dating import used
from integration_engine.rules.rule_cases.reading import read_cases
from integration_engine.rules.rule_cases.running import run_case
from integration_engine.rules.rule_files.compiling import compile_rules, review_rules
from integration_engine.rules.rule_files.remarks import RemarkKind
from integration_engine.rules.rule_models.schemas import json_schemas

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
        (
            "practice.yaml",
            "taxonomy: 225100000X}",
            "taxonomy: 225100000X, numbers: [{qualifier: G2, number: A1}]}",
            "name its payers",
        ),
        (
            "practice.yaml",
            "taxonomy: 225100000X}",
            "taxonomy: 225100000X, numbers: [{qualifier: G2, number: A1, payers: [SUMIT]}]}",
            "there is no payer SUMIT",
        ),
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


def test_directory_says_numbers_payer_ids_and_where_payments_go() -> None:
    text = (
        FILES["practice.yaml"]
        .replace("taxonomy: 225100000X}", "taxonomy: 225100000X, numbers: [{qualifier: 0B, number: PT7}]}", 1)
        .replace("    payer_id: SUMM1\n", '    payer_id: SUMM1\n    naic: "99999"\n    claim_office: EAST\n', 1)
        .replace(
            "    contact: BILLING OFFICE\n",
            "    contact: BILLING OFFICE\n"
            '    pay_to: {line1: PO BOX 7, city: SPRINGFIELD, state: NY, postal_code: "10001"}\n',
            1,
        )
    )
    practice = compile_rules(FILES | {"practice.yaml": text}).practice
    [number] = practice.numbers["1999900016"]
    assert (number.qualifier, number.number, number.payers) == ("0B", "PT7", frozenset())
    payer = practice.payers["SUMMITCOM"].payer
    assert (payer.naic, payer.claim_office, payer.second_id) == ("99999", "EAST", None)
    assert practice.pay_to["TESTREHAB"].line1 == "PO BOX 7"


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


def _profile_with(old: str, new: str) -> dict[str, str]:
    file = "payers/commercial_capped.yaml"
    assert old in FILES[file]
    return FILES | {file: FILES[file].replace(old, new, 1)}


TWO_VALUES = """minutes_checks:
  - {effective_from: 2020-01-01, effective_to: 2025-12-31, value: warn, source: {document: payer policy, section: A}}
  - {effective_from: 2026-02-01, value: hold, source: {document: payer policy, section: B}}
"""


def test_setting_of_a_payer_is_in_force_always_when_it_states_no_dates() -> None:
    setting = PARAMETERS.profiles["commercial_capped"].minutes_checks
    assert setting.at(date(1990, 1, 1)) == setting.at(date(2090, 1, 1)) == "warn"
    assert setting.on(date(2026, 1, 1)).citation == PARAMETERS.profiles["commercial_capped"].citation
    assert used(setting, date(2026, 1, 1)).in_force_from is None


def test_setting_of_a_payer_is_asked_by_date_of_service_when_it_states_dates() -> None:
    profile = compile_rules(_profile_with("minutes_checks: warn\n", TWO_VALUES)).profiles["commercial_capped"]
    setting = profile.minutes_checks
    assert (setting.at(date(2025, 12, 31)), setting.at(date(2026, 2, 1))) == ("warn", "hold")
    use = used(setting, date(2026, 3, 2))
    assert (use.name, use.value, use.in_force_from) == ("commercial_capped.minutes_checks", "hold", date(2026, 2, 1))
    with pytest.raises(NotInForce):
        setting.at(date(2026, 1, 15))


def test_review_tells_the_gap_between_two_values_of_a_setting_with_its_line() -> None:
    files = _profile_with("minutes_checks: warn\n", TWO_VALUES)
    gaps = [r for r in review_rules(files) if r.kind is RemarkKind.GAP]
    line = files["payers/commercial_capped.yaml"].split("\n").index(TWO_VALUES.split("\n")[2]) + 1
    assert [(gap.file, gap.line) for gap in gaps] == [("payers/commercial_capped.yaml", line)]
    assert "from 2026-01-01 to 2026-01-31" in gaps[0].text


@pytest.mark.parametrize(
    ("old", "new", "problem", "offset"),
    [
        ("minutes_checks: warn\n", TWO_VALUES.replace("value: hold", "value: holds"), "should be 'hold' or 'warn'", 2),
        ("minutes_checks: warn\n", TWO_VALUES.replace("2025-12-31", "2026-12-31"), "runs into", 2),
        ("threshold: false\n", "threshold: perhaps\n", "valid boolean", 0),
        ("code_pairs: [medicare]\n", "code_pairs: [medicaid]\n", "no table 'medicaid'", 0),
        (
            "code_pairs: [medicare]\n",
            "code_pairs:\n  - {effective_from: 2020-01-01, value: [medicaid], source: {document: policy, section: A}}\n",
            "no table 'medicaid'",
            1,
        ),
        (
            "plan_of_care: true\n",
            "plan_of_care:\n  - {effective_from: 2020-01-01, value: true}\n",
            "Field required",
            1,
        ),
    ],
)
def test_wrong_setting_of_a_payer_is_refused_where_it_stands(old: str, new: str, problem: str, offset: int) -> None:
    files = _profile_with(old, new)
    file = "payers/commercial_capped.yaml"
    line = files[file][: files[file].index(new)].count("\n") + 1 + offset
    with pytest.raises(MappingError) as caught:
        compile_rules(files)
    assert any(problem in str(p) and (p.file, p.line) == (file, line) for p in caught.value.problems), str(caught.value)


def test_day_outside_the_dates_of_a_setting_is_held_and_told() -> None:
    values = (
        TWO_VALUES.replace("minutes_checks", "plan_of_care")
        .replace("warn", "true")
        .replace("value: hold", "value: true")
    )
    rules = compile_rules(_profile_with("plan_of_care: true\n", values))
    case = """
description: A setting with a gap
cases:
  - name: a day in the gap
    source: {document: house rule, section: dates}
    given: {payer: commercial_capped, discipline: PT, date_of_service: 2026-01-15, services: [{code: "97110", minutes: 30}]}
    expect: {findings: [configuration.not_in_force], holds: true}
"""
    results = [run_case(one, rules) for one in read_cases({"cases/gap.yaml": case})]
    assert [result.differences for result in results] == [()]


@pytest.mark.parametrize(
    ("file", "label"),
    [
        ("edits/claim_file.yaml", "claim_file."),
        ("codes/claim_file.yaml", "lists."),
        ("responses/appeals.yaml", "appeals."),
    ],
)
def test_review_tells_unconfirmed_sources_of_every_kind_of_file_at_their_line(file: str, label: str) -> None:
    remarks = [r for r in review_rules(FILES) if r.file == file and r.kind is RemarkKind.UNCONFIRMED]
    lines = FILES[file].split("\n")
    assert len(remarks) == sum("status: unconfirmed" in line for line in lines)
    assert all("status: unconfirmed" in lines[r.line - 1] for r in remarks)
    assert all(r.text.startswith(label) for r in remarks)


def test_late_signature_holds_where_the_stricter_reading_is_set() -> None:
    file = "rules/certification.yaml"
    changed = FILES | {file: FILES[file].replace("delayed_without_evidence: warn", "delayed_without_evidence: hold")}
    strict = compile_rules(changed).certification.at(date(2026, 3, 2))
    assert strict.delayed_holds
    assert not PARAMETERS.certification.at(date(2026, 3, 2)).delayed_holds
    case = """description: a case
given: {payer: medicare_part_b, discipline: PT, date_of_service: 2026-03-02}
cases:
  - name: fifteen days late
    source: {document: CMS Pub 100-02 ch. 15, section: "§220.1.3"}
    given:
      services: [{code: "97110", minutes: 54}]
      plans_of_care: [{evaluation_on: 2026-01-05, certified_from: 2026-01-05, certified_to: 2026-04-04, signed_on: 2026-02-19}]
    expect: {findings: [documentation.plan_of_care_delayed], holds: true}
"""
    (late,) = read_cases({"cases/own.yaml": case})
    assert run_case(late, compile_rules(changed)).passed
    assert not run_case(late, PARAMETERS).passed


def test_unsigned_recertification_passes_where_the_looser_reading_is_set() -> None:
    file = "rules/certification.yaml"
    changed = FILES | {file: FILES[file].replace("recertification_open_days: 0", "recertification_open_days: 30")}
    (unsigned,) = [c for c in read_cases(FILES) if c.name.endswith("signature is held from its first day")]
    assert run_case(unsigned, PARAMETERS).passed
    assert not run_case(unsigned, compile_rules(changed)).passed
