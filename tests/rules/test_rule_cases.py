"""The cases shipped beside the rules pass, every confirmed fact is proved or says why not, and the runner tells the truth."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.errors import MappingError
from integration_engine.rules.parameters.payers import FilingLimit
from integration_engine.rules.rule_cases.reading import read_cases, read_facts, without_cases
from integration_engine.rules.rule_cases.running import edit_results, run_all, run_case
from integration_engine.rules.rule_files.compiling import compile_rules
from integration_engine.stages.rules_in_force import compile_rules_in_force

FILES = MappingFiles(shipped_folder()).read()
PARAMETERS = compile_rules(FILES)
CASES = read_cases(FILES)
FACTS = read_facts(FILES)

ONE = """description: a case of our own
given: {payer: medicare_part_b, discipline: PT, date_of_service: 2026-03-02}
cases:
  - name: fifty-four minutes
    source: {document: CMS Pub 100-04 ch. 5, section: "§20.2.C"}
    given: {services: [{code: "97110", minutes: 54}]}
    expect: {lines: [97110 x4 GP], holds: false}
"""


def run(text: str) -> tuple:
    return tuple(run_case(case, PARAMETERS) for case in read_cases({"cases/own.yaml": text}))


# --- what is shipped -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rules_answer_as_the_case_says(case) -> None:
    result = run_case(case, PARAMETERS)
    told = [f"{d.what}: expected {d.expected}; got {d.got}" for d in result.differences]
    assert result.passed, "\n".join([f"{result.file}:{result.line}", *told, *result.working])


@pytest.mark.parametrize("result", tuple(edit_results(FILES, PARAMETERS)), ids=lambda result: result.name)
def test_edit_answers_as_its_own_case_says(result) -> None:
    assert result.passed, result.differences


@pytest.mark.parametrize("fact", FACTS)
def test_confirmed_fact_is_proved_or_says_why_not(fact: str) -> None:
    stated = FACTS[fact]
    proofs = [case.name for case in CASES if fact in case.facts]
    reasons = [reason for reason in (stated.built_in, stated.not_decided) if reason]
    if stated.edit is not None:
        assert stated.edit in {edit.id for edit in PARAMETERS.edits}
        proofs.append(stated.edit)
    assert bool(proofs) != bool(reasons), (proofs, reasons)


@pytest.mark.parametrize(
    "about",
    [
        "units",
        "codes",
        "modifiers",
        "assistants",
        "threshold",
        "notices",
        "separate services",
        "telehealth",
        "other modifiers",
        "order on the line",
        "plan of care",
        "certification",
        "progress report",
        "treatment note",
        "episode",
        "authorization",
        "benefit limits",
        "code pairs",
        "most units",
        "payment",
        "edits",
        "people",
        "identifiers",
        "diagnoses",
        "filing",
    ],
)
def test_subject_has_a_case_for_at_least_one_of_its_facts(about: str) -> None:
    mine = {fact for fact, stated in FACTS.items() if stated.about == about}
    assert mine & {fact for case in CASES for fact in case.facts}


def test_every_case_names_its_source() -> None:
    assert all(case.source for case in CASES)


# --- the runner ------------------------------------------------------------------------------------------------------


def test_case_passes_when_the_rules_answer_as_it_says() -> None:
    assert [result.passed for result in run(ONE)] == [True]


def test_failing_case_tells_place_expected_got_and_working_when_units_differ() -> None:
    (result,) = run(ONE.replace("97110 x4 GP", "97110 x3 GP"))
    assert (result.file, result.line, result.name) == ("cases/own.yaml", 4, "fifty-four minutes")
    (difference,) = result.differences
    assert (difference.what, difference.expected, difference.got) == ("lines", "97110 x3 GP", "97110 x4 GP")
    assert any("54 min earn 4 units" in step for step in result.working)


@pytest.mark.parametrize(
    ("expect", "what"),
    [
        ("{units: {'97110': 3}}", "units"),
        ("{tie: true}", "tie"),
        ("{alternatives: [97110 x1]}", "alternatives"),
        ("{findings: [documentation.note_unsigned]}", "findings"),
        ("{holds: true}", "holds"),
        ("{claims: 2}", "claims"),
        ("{diagnoses: [M54.51]}", "diagnoses"),
        ('{place_of_service: "12"}', "place_of_service"),
        ("{authorization_number: A1}", "authorization_number"),
        ("{decisions: {modifiers.discipline: GO}}", "decisions.modifiers.discipline"),
        ("{outcomes: {edits.same_line_twice: fail}}", "outcomes.edits.same_line_twice"),
        ("{outcomes: {gates.times: not_checked}}", "outcomes.gates.times"),
        ("{working: [the moon]}", "working"),
    ],
)
def test_each_expectation_fails_when_the_answer_is_another(expect: str, what: str) -> None:
    (result,) = run(ONE.replace("{lines: [97110 x4 GP], holds: false}", expect))
    assert [difference.what for difference in result.differences] == [what]


@pytest.mark.parametrize("unwanted", ["GP", '"97110"'])
def test_case_fails_when_what_must_not_appear_does(unwanted: str) -> None:
    (result,) = run(f"{ONE}    must_not_appear: [{unwanted}]\n")
    assert [difference.what for difference in result.differences] == ["must_not_appear"]


def test_case_fails_when_a_finding_that_must_not_appear_does() -> None:
    text = ONE.replace("given: {services", "given: {note_signed: false, services").replace(
        "holds: false", "holds: true"
    )
    (result,) = run(f"{text}    must_not_appear: [documentation.note_unsigned]\n")
    assert [difference.what for difference in result.differences] == ["must_not_appear"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("minutes: 54", "minuets: 54", "cases/own.yaml:6:49: cases.0.given.services.0.minuets: Extra inputs"),
        ('"97110"', '"9711"', "a procedure code has five characters"),
        ("97110 x4 GP", "97110 4 GP", "cases/own.yaml:7:22"),
        ("document: CMS Pub 100-04 ch. 5", 'document: ""', "at least 1 character"),
        ("    expect: {lines: [97110 x4 GP], holds: false}\n", "", "cases.0.expect: Field required"),
        ("2026-03-02", "2026-02-31", "cases/own.yaml:2:"),
        ("minutes: 54", "minutes: -1", "greater than or equal to 0"),
    ],
)
def test_case_file_is_refused_with_its_place_when_a_field_is_wrong(old: str, new: str, problem: str) -> None:
    with pytest.raises(MappingError) as refused:
        read_cases({"cases/own.yaml": ONE.replace(old, new, 1)})
    assert problem in str(refused.value)


def test_case_file_is_refused_when_a_name_stands_twice() -> None:
    second = ONE.split("cases:\n")[1]
    with pytest.raises(MappingError, match=r"cases/own\.yaml:8:11: .*another case of this file has this name"):
        read_cases({"cases/own.yaml": ONE + second})


def test_case_file_is_refused_when_it_names_a_fact_nobody_stated() -> None:
    text = ONE.replace("    given: {services", "    facts: [units.moon]\n    given: {services")
    with pytest.raises(MappingError, match=r"own\.yaml:6:13: .*no fact 'units\.moon'"):
        read_cases({"cases/own.yaml": text, "cases/facts.yaml": FILES["cases/facts.yaml"]})


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("payer: medicare_part_b", "payer: medicare_part_c", "there is no profile and no payer 'medicare_part_c'"),
        (", discipline: PT", "", "discipline, date_of_service and services are wanted"),
    ],
)
def test_case_fails_and_says_what_is_missing_when_it_cannot_be_built(old: str, new: str, text: str) -> None:
    (result,) = run(ONE.replace(old, new))
    assert text in result.differences[0].got


def test_case_uses_the_practice_payer_when_it_names_one() -> None:
    (result,) = run(ONE.replace("payer: medicare_part_b", "payer: SUMMIT").replace("holds: false", "holds: true"))
    assert result.passed  # that payer asks for an authorization in practice.yaml


def test_edit_case_fails_when_it_no_longer_fires() -> None:
    text = FILES["edits/claim.yaml"].replace("fails: {line.modifiers: []}", "fails: {line.modifiers: [GP]}", 1)
    files = FILES | {"edits/claim.yaml": text}
    failed = [result for result in run_all(files, compile_rules(files)) if not result.passed]
    assert [result.name for result in failed] == ["edits.discipline_modifier_missing fails"]
    line = next(n for n, row in enumerate(text.splitlines(), start=1) if "fails: {line.modifiers: [GP]}" in row)
    assert failed[0].line == line
    assert failed[0].differences[0].got == "does not fire"


def test_changed_rule_fails_the_cases_that_rest_on_it() -> None:
    text = FILES["rules/units.yaml"].replace("earned_at: 8", "earned_at: 9", 1)
    failed = [r.name for r in run_all(FILES, compile_rules(FILES | {"rules/units.yaml": text})) if not r.passed]
    assert "eight timed minutes earn one unit" in failed


def test_version_stays_when_a_case_changes() -> None:
    changed = FILES | {"cases/own.yaml": ONE}
    assert compile_rules(changed).version == PARAMETERS.version
    assert compile_rules_in_force(changed).version == compile_rules_in_force(without_cases(FILES)).version
    assert not any(name.startswith("cases/") for name in compile_rules_in_force(changed).files)


def test_example_of_the_readme_is_a_case_that_passes() -> None:
    readme = (shipped_folder() / "README.md").read_text("utf-8")
    example = readme.split("## A case")[1].split("```yaml\n")[1].split("```")[0]
    assert len(yaml.safe_load(example)["cases"]) == 1
    assert [result.passed for result in run(example)] == [True]


@pytest.mark.parametrize(
    ("limit", "last"),
    [
        (FilingLimit(days=90, months=None), date(2024, 5, 29)),
        (FilingLimit(days=None, months=12), date(2025, 2, 28)),
        (FilingLimit(days=None, months=None, year_ends=1), date(2025, 12, 31)),
    ],
)
def test_filing_limit_gives_its_last_day_of_a_service_on_a_leap_day(limit: FilingLimit, last: date) -> None:
    assert limit.last_day(date(2024, 2, 29)) == last
