"""Units, modifiers, edits and gates: against a naive second opinion, and case by case."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.core.errors import MappingError
from integration_engine.rules.modifiers import split_by_assistant
from integration_engine.rules.rule_files import compile_rules, json_schemas
from integration_engine.rules.units import count
from integration_engine.rules.units_request import answer_units

FILES = MappingFiles(shipped_folder()).read()
PARAMETERS = compile_rules(FILES)
CODES = ["97110", "97112", "97116", "97140", "97530"]


def ask(payer: str, services: list[dict], **more: object) -> dict:
    request = {"payer": payer, "discipline": "PT", "date_of_service": "2026-03-02", "services": services} | more
    return answer_units(request, PARAMETERS)


# --- a second opinion, written from the chart rather than from the formula -------------------------------------------

CHART = [(8, 22), (23, 37), (38, 52), (53, 67), (68, 82), (83, 97), (98, 112), (113, 127)]


def chart_units(minutes: int) -> int:
    for units, (low, high) in enumerate(CHART, start=1):
        if low <= minutes <= high:
            return units
    return 0 if minutes < 8 else 8 + chart_units(minutes - 120)


def naive_cms(minutes: dict[str, int]) -> dict[str, int]:
    """Hand out the day's units one quarter of an hour at a time, then to the largest leftovers."""
    left, units = dict(minutes), dict.fromkeys(minutes, 0)
    budget = chart_units(sum(minutes.values()))
    for code in minutes:
        while left[code] >= 15:
            left[code] -= 15
            units[code] += 1
            budget -= 1
    for code in sorted(minutes, key=lambda c: (-left[c], -minutes[c])):
        if budget > 0 and left[code] > 0:
            units[code] += 1
            budget -= 1
    return units


def naive_split(therapist: int, assistant: int, units: int) -> tuple[int, int]:
    """Units without and with the assistant modifier, for dates from 2022."""
    without = with_it = 0
    while therapist >= 15:
        therapist, without = therapist - 15, without + 1
    while assistant >= 15:
        assistant, with_it = assistant - 15, with_it + 1
    for _ in range(units - without - with_it):
        if therapist >= 8:
            without, therapist = without + 1, 0
        elif assistant >= 8 or assistant * 10 > therapist + assistant:
            with_it, assistant = with_it + 1, 0
        else:
            without += 1
    return without, with_it


DAYS = st.dictionaries(st.sampled_from(CODES), st.integers(0, 480), min_size=1, max_size=5)


def services_of(minutes: dict[str, int]) -> list[dict]:
    return [{"code": code, "minutes": m} for code, m in minutes.items()]


def units_of(answer: dict) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in answer["lines"]:
        units[line["code"]] = units.get(line["code"], 0) + line["units"]
    return units


@given(DAYS)
def test_medicare_units_agree_with_the_naive_oracle(minutes: dict[str, int]) -> None:
    answer = ask("medicare_part_b", services_of(minutes))
    wanted = {code: units for code, units in naive_cms(minutes).items() if units}
    found = units_of(answer)
    assert sum(found.values()) == sum(wanted.values()) == answer["total_timed_units"]
    if not answer["tie"]:
        assert found == wanted


@given(DAYS)
def test_units_never_exceed_the_day_and_every_quarter_hour_counts(minutes: dict[str, int]) -> None:
    found = units_of(ask("medicare_part_b", services_of(minutes)))
    assert sum(found.values()) <= chart_units(sum(minutes.values()))
    for code, m in minutes.items():
        assert m // 15 <= found.get(code, 0) <= m // 15 + 1


@pytest.mark.parametrize("payer", ["medicare_part_b", "commercial_ama", "full_unit_only"])
@given(minutes=DAYS, more=st.integers(1, 60))
def test_more_minutes_never_earn_fewer_units(payer: str, minutes: dict[str, int], more: int) -> None:
    before = sum(units_of(ask(payer, services_of(minutes))).values())
    code = next(iter(minutes))
    after = sum(units_of(ask(payer, services_of(minutes | {code: minutes[code] + more}))).values())
    assert after >= before


@given(DAYS, st.randoms(use_true_random=False))
def test_order_of_the_services_changes_nothing_but_declared_ties(minutes: dict[str, int], chance) -> None:
    items = list(minutes.items())
    chance.shuffle(items)
    one, two = ask("medicare_part_b", services_of(minutes)), ask("medicare_part_b", services_of(dict(items)))
    assert one["tie"] == two["tie"]
    if not one["tie"]:
        assert units_of(one) == units_of(two)


@given(st.integers(0, 480))
def test_one_code_by_each_method(minutes: int) -> None:
    for payer, wanted in (
        ("medicare_part_b", chart_units(minutes)),
        ("commercial_ama", chart_units(minutes)),
        ("full_unit_only", minutes // 15),
    ):
        assert units_of(ask(payer, [{"code": "97110", "minutes": minutes}])).get("97110", 0) == wanted
    assert count(minutes, 15, 8) == chart_units(minutes)


@given(st.integers(0, 240), st.integers(0, 240))
def test_assistant_split_agrees_with_the_naive_oracle_and_sums_to_the_units(therapist: int, assistant: int) -> None:
    units = chart_units(therapist + assistant)
    without, with_it, why, _ = split_by_assistant(
        therapist, assistant, units, midpoint=8, share_over=1, window=(23, 28)
    )
    assert without + with_it == units
    assert why
    if units - therapist // 15 - assistant // 15 < 2:
        assert (without, with_it) == naive_split(therapist, assistant, units)
    if assistant == 0:
        assert with_it == 0
    if therapist == 0:
        assert without == 0


def test_rules_of_2021_have_no_midpoint_exception() -> None:
    service = [{"code": "97110", "minutes": 23, "assistant_minutes": 11}]
    then = ask("medicare_part_b", service, date_of_service="2021-06-01")
    now = ask("medicare_part_b", service)
    assert [line["modifiers"] for line in then["lines"]][-1] == ["GP", "CQ"]
    assert units_of(then) == units_of(now)


@pytest.mark.parametrize(("payer", "units"), [("medicare_part_b", 4), ("commercial_ama", 4), ("full_unit_only", 3)])
def test_54_minutes_explain_themselves(payer: str, units: int) -> None:
    answer = ask(payer, [{"code": "97110", "minutes": 54, "start": "09:00", "stop": "09:54"}])
    assert answer["lines"] == [{"code": "97110", "units": units, "modifiers": ["GP"]}]
    decision = next(d for d in answer["decisions"] if d["station"] == "units")
    assert decision["working"]
    assert decision["citation"]
    assert decision["otherwise"]
    assert decision["parameters"][0]["in_force_from"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"payer": "nobody"}, "payer"),
        ({"discipline": "MD"}, "discipline"),
        ({"date_of_service": "soon"}, "date_of_service"),
        ({"services": {}}, "services"),
        ({"services": [{"code": "9711", "minutes": 1}]}, "services[0].code"),
        ({"services": [{"code": "97110", "minutes": -1}]}, "services[0].minutes"),
        ({"services": [{"code": "97110"}]}, "services[0].minutes"),
        ({"services": [{"code": "97110", "minutes": 5, "assistant_minutes": 6}]}, "services[0]"),
        ({"servces": []}, "servces"),
        ({"prior_allowed_amount": "lots"}, "prior_allowed_amount"),
    ],
)
def test_units_request_is_refused_by_its_json_path(change: dict, path: str) -> None:
    request = {
        "payer": "medicare_part_b",
        "discipline": "PT",
        "date_of_service": "2026-03-02",
        "services": [{"code": "97110", "minutes": 54}],
    } | change
    with pytest.raises(ValueError, match=r".") as caught:
        answer_units(request, PARAMETERS)
    assert str(caught.value).startswith(path)


def test_threshold_of_a_year_that_is_not_loaded_is_never_guessed() -> None:
    answer = ask(
        "medicare_part_b",
        [{"code": "97110", "minutes": 54}],
        date_of_service="2027-03-02",
        prior_allowed_amount="9999.00",
    )
    assert "configuration.threshold_not_loaded" in {finding["id"] for finding in answer["findings"]}
    assert answer["lines"][0]["modifiers"] == ["GP"]


# --- edits and files -------------------------------------------------------------------------------------------------

EDITS = [edit for name, text in FILES.items() if name.startswith("edits/") for edit in yaml.safe_load(text)["edits"]]
BASE = {
    "claim.payer": "MEDICARE",
    "claim.profile": "medicare_part_b",
    "claim.discipline": "PT",
    "claim.place_of_service": "11",
    "claim.codes": ("97110",),
    "claim.diagnoses": ("M54.50",),
    "claim.first_diagnosis": "M54.50",
    "claim.total_charge": 24000,
    "claim.line_count": 1,
    "claim.has_referring": True,
    "patient.age": 50,
    "patient.sex": "F",
    "encounter.type": "treatment",
    "encounter.modality": "in_person",
    "episode.earlier_evaluations": 0,
    "line.code": "97110",
    "line.modifiers": ("GP",),
    "line.units": 4,
    "line.charge_cents": 24000,
    "line.diagnoses": ("M54.50",),
    "line.is_evaluation": False,
    "line.is_hands_on": False,
    "line.is_timed": True,
    "line.same_code_and_modifiers": False,
    "line.missing_primary": False,
}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit["id"])
def test_edit_fires_on_its_failing_case_only(edit: dict) -> None:
    compiled = next(e for e in PARAMETERS.edits if e.id == edit["id"])
    for case, expected in (("fails", True), ("passes", False)):
        facts = BASE | {k: tuple(v) if isinstance(v, list) else v for k, v in edit[case].items()}
        assert compiled.when.holds(facts) is expected, case
    assert compiled.text
    assert compiled.why
    assert compiled.fix
    assert compiled.owner
    assert str(compiled.citation)


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        ("payers/medicare_part_b.yaml", "method: cms_8_minute", "method: cms_9_minute", "no method 'cms_9_minute'"),
        (
            "payers/medicare_part_b.yaml",
            "units_method:\n  - effective_from: 2015-01-01\n    method: cms_8_minute",
            "units_method: []\nspare:\n  - effective_from: 2015-01-01\n    method: cms_8_minute",
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
