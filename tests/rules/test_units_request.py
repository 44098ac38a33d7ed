"""The ``units`` contract: what it answers, how it explains itself, and how it refuses."""

from __future__ import annotations

import pytest

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.rules.rule_files.compiling import compile_rules
from integration_engine.rules.units_request import answer_units

PARAMETERS = compile_rules(MappingFiles(shipped_folder()).read())


def ask(payer: str, services: list[dict], **more: object) -> dict:
    request = {"payer": payer, "discipline": "PT", "date_of_service": "2026-03-02", "services": services} | more
    return answer_units(request, PARAMETERS)


def units_of(answer: dict) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in answer["lines"]:
        units[line["code"]] = units.get(line["code"], 0) + line["units"]
    return units


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
        ({"prior_allowed_amount": "-5"}, "prior_allowed_amount"),
        ({"prior_allowed_amount": 2400.1}, "prior_allowed_amount"),
        ({"services": [{"code": "97110", "minutes": 10, "rest_minutes": 50}]}, "services[0].rest_minutes"),
        ({"habilitative": "no"}, "habilitative"),
        ({"modality": "by post"}, "modality"),
        ({"services": [{"code": "97110", "minutes": 5, "modifiers": "GA"}]}, "services[0].modifiers:"),
        ({"services": [{"code": "97110", "minutes": 5, "modifiers": ["GA", "GAA"]}]}, "services[0].modifiers[1]:"),
        ({"services": [{"code": "97110", "minutes": 5, "modifiers": [1]}]}, "services[0].modifiers[0]:"),
        ({"services": [{"code": "97110", "start": "09:30", "stop": "09:00"}]}, "services[0].stop"),
        ({"services": [{"code": "97110", "start": 9, "stop": "09:00"}]}, "services[0].start"),
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


@pytest.mark.parametrize(
    ("services", "found"),
    [
        ([{"code": "97110", "minutes": 54, "start": "09:00", "stop": "09:30"}], "documentation.minutes_exceed_times"),
        (
            [
                {"code": "97110", "minutes": 30, "start": "09:00", "stop": "09:30"},
                {"code": "97140", "minutes": 30, "start": "09:15", "stop": "09:45"},
            ],
            "documentation.times_overlap",
        ),
    ],
)
def test_times_that_do_not_hold_together_are_found_beside_minutes(services: list[dict], found: str) -> None:
    answer = ask("medicare_part_b", services)
    assert found in {finding["id"] for finding in answer["findings"]}


def test_modality_null_is_read_as_left_out() -> None:
    services = [{"code": "97110", "minutes": 54}]
    assert ask("medicare_part_b", services, modality=None) == ask("medicare_part_b", services)


def test_threshold_of_a_year_that_is_not_loaded_is_never_guessed() -> None:
    answer = ask(
        "medicare_part_b",
        [{"code": "97110", "minutes": 54}],
        date_of_service="2027-03-02",
        prior_allowed_amount="9999.00",
    )
    assert "configuration.threshold_not_loaded" in {finding["id"] for finding in answer["findings"]}
    assert answer["lines"][0]["modifiers"] == ["GP"]


@pytest.mark.parametrize(
    ("prior", "found"), [("2480.00", True), ("2450.00", True), ("1980.00", False), ("0", False), (None, False)]
)
def test_threshold_undecided_is_told_when_the_year_is_near_it(prior: str | None, found: bool) -> None:
    answer = ask("medicare_part_b", [{"code": "97110", "minutes": 54}], prior_allowed_amount=prior)
    assert ("modifiers.threshold_undecided" in {finding["id"] for finding in answer["findings"]}) is found
    assert answer["lines"][0]["modifiers"] == ["GP"]
