"""What holds of units whatever the minutes: ceilings, monotony, order, sums."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.rules.rule_files.compiling import compile_rules
from integration_engine.rules.units_request import answer_units
from tests.rules import oracle

PARAMETERS = compile_rules(MappingFiles(shipped_folder()).read())
PAYERS = st.sampled_from(["medicare_part_b", "commercial_ama", "full_unit_only"])
CAPPED = st.sampled_from(["commercial_capped", "workers_compensation_minutes"])
DATES = st.sampled_from(["2020-01-01", "2021-12-31", "2022-01-01", "2026-03-02"])
CODES = ["97110", "97112", "97116", "97140", "97530", "97035", "97535"]
MINUTES = st.integers(0, 480) | st.integers(0, 30)

properties = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def service(draw: st.DrawFn) -> dict:
    minutes = draw(MINUTES)
    assistant = draw(st.just(0) | st.integers(0, minutes))
    joint = draw(st.just(0) | st.integers(0, minutes - assistant))
    code = draw(st.sampled_from(CODES))
    return {"code": code, "minutes": minutes, "assistant_minutes": assistant, "joint_minutes": joint}


DAYS = st.lists(service(), max_size=6)
DAYS_WITH_A_SERVICE = st.lists(service(), min_size=1, max_size=6)


def ask(payer: str, services: list[dict], on: str = "2026-03-02") -> dict:
    request = {"payer": payer, "discipline": "PT", "date_of_service": on, "services": services}
    return answer_units(request, PARAMETERS)


def units_of(answer: dict) -> dict[str, int]:
    units: dict[str, int] = {}
    for line in answer["lines"]:
        units[line["code"]] = units.get(line["code"], 0) + line["units"]
    return units


def minutes_of(services: list[dict]) -> dict[str, int]:
    minutes: dict[str, int] = {}
    for each in services:
        minutes[each["code"]] = minutes.get(each["code"], 0) + each["minutes"]
    return minutes


def options_of(answer: dict) -> list[dict[str, int]]:
    return [{entry["code"]: entry["units"] for entry in option if entry["units"]} for option in answer["alternatives"]]


def lines_of(answer: dict) -> set[tuple[str, int, tuple[str, ...]]]:
    return {(line["code"], line["units"], tuple(line["modifiers"])) for line in answer["lines"]}


@properties
@given(services=DAYS)
def test_a_day_never_exceeds_its_ceiling(services: list[dict]) -> None:
    total = sum(each["minutes"] for each in services)
    assert sum(units_of(ask("medicare_part_b", services)).values()) == oracle.chart_units(total)
    assert sum(units_of(ask("full_unit_only", services)).values()) <= oracle.full_units(total)


@properties
@given(payer=PAYERS | CAPPED, services=DAYS)
def test_total_is_the_sum_of_the_lines_and_of_every_alternative(payer: str, services: list[dict]) -> None:
    answer = ask(payer, services)
    assert sum(units_of(answer).values()) == answer["total_timed_units"]
    for option in options_of(answer):
        assert sum(option.values()) == answer["total_timed_units"]


@properties
@given(payer=CAPPED, services=DAYS)
def test_a_cap_holds_for_the_answer_and_every_alternative(payer: str, services: list[dict]) -> None:
    answer = ask(payer, services)
    ways = [units_of(answer), *options_of(answer)]
    assert all(sum(way.values()) <= 4 for way in ways)  # four units, or sixty minutes of 15 each
    assert len({frozenset(way.items()) for way in ways}) == len(ways)
    assert answer["tie"] == (len(ways) > 1)
    decided = {
        d["subject"]: int(d["value"]) for d in answer["decisions"] if d["station"] == "units" and d["subject"] in CODES
    }
    assert {code: units for code, units in decided.items() if units} == units_of(answer)


@properties
@given(payer=PAYERS | CAPPED, services=DAYS_WITH_A_SERVICE, data=st.data())
def test_one_minute_more_never_lowers_the_total(payer: str, services: list[dict], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(services) - 1))
    longer = [each | {"minutes": each["minutes"] + (number == place)} for number, each in enumerate(services)]
    before, after = ask(payer, services)["total_timed_units"], ask(payer, longer)["total_timed_units"]
    # A minute can end one block only; in a pool it is one more minute of the day.
    assert before <= after <= before + 1


@properties
@given(payer=PAYERS, services=DAYS, on=DATES, data=st.data())
def test_order_of_the_services_only_decides_declared_ties(
    payer: str, services: list[dict], on: str, data: st.DataObject
) -> None:
    one, two = ask(payer, services, on), ask(payer, data.draw(st.permutations(services)), on)
    assert one["tie"] == two["tie"]
    assert one["total_timed_units"] == two["total_timed_units"]
    if not one["tie"]:
        assert units_of(one) == units_of(two)
        assert lines_of(one) == lines_of(two)
    elif len(one["alternatives"]) < 5:  # all are named
        assert {frozenset(way.items()) for way in (units_of(one), *options_of(one))} == {
            frozenset(way.items()) for way in (units_of(two), *options_of(two))
        }


@properties
@given(payer=PAYERS, services=DAYS, on=DATES)
def test_the_split_by_assistant_sums_to_the_units(payer: str, services: list[dict], on: str) -> None:
    split = units_of(ask(payer, services, on))
    by_the_therapist = [each | {"assistant_minutes": 0} for each in services]
    answer = ask(payer, by_the_therapist, on)
    assert not any("CQ" in line["modifiers"] for line in answer["lines"])
    assert sum(split.values()) == answer["total_timed_units"]
    if not answer["tie"]:  # of equal codes, whose minutes they are may decide
        assert split == units_of(answer)


@properties
@given(services=DAYS, on=DATES)
def test_who_gave_all_minutes_decides_all_lines(services: list[dict], on: str) -> None:
    by_the_assistant = [each | {"assistant_minutes": each["minutes"], "joint_minutes": 0} for each in services]
    assert all("CQ" in line["modifiers"] for line in ask("medicare_part_b", by_the_assistant, on)["lines"])
    together = [each | {"assistant_minutes": 0, "joint_minutes": each["minutes"]} for each in services]
    assert not any("CQ" in line["modifiers"] for line in ask("medicare_part_b", together, on)["lines"])


@properties
@given(payer=PAYERS, services=DAYS, on=DATES)
def test_joint_minutes_are_the_therapists(payer: str, services: list[dict], on: str) -> None:
    alone = [each | {"joint_minutes": 0} for each in services]
    assert ask(payer, services, on)["lines"] == ask(payer, alone, on)["lines"]


@properties
@given(payer=PAYERS, services=DAYS)
def test_no_code_gets_two_remainder_units(payer: str, services: list[dict]) -> None:
    answer = ask(payer, services)
    for way in (units_of(answer), *options_of(answer)):
        for code, minutes in minutes_of(services).items():
            whole = oracle.full_units(minutes)
            assert whole <= way.get(code, 0) <= whole + 1


@properties
@given(payer=PAYERS, services=DAYS, code=st.sampled_from(CODES), on=DATES, data=st.data())
def test_a_service_of_no_minutes_changes_nothing(
    payer: str, services: list[dict], code: str, on: str, data: st.DataObject
) -> None:
    # Behind the others: in front it would be the first in note order, and so might decide a tie.
    nothing = {"code": code, "minutes": 0, "assistant_minutes": 0, "joint_minutes": 0}
    before, after = ask(payer, services, on), ask(payer, [*services, nothing], on)
    for name in ("lines", "timed_minutes", "total_timed_units", "tie"):
        assert after[name] == before[name]
    assert options_of(after) == options_of(before)


@properties
@given(payer=PAYERS, services=DAYS)
def test_minutes_are_never_truncated(payer: str, services: list[dict]) -> None:
    assert ask(payer, services)["timed_minutes"] == sum(each["minutes"] for each in services)


@properties
@given(payer=PAYERS, services=DAYS_WITH_A_SERVICE, on=DATES, data=st.data())
def test_a_service_told_in_two_parts_is_one(payer: str, services: list[dict], on: str, data: st.DataObject) -> None:
    last = services[-1]
    assistant = data.draw(st.integers(0, last["assistant_minutes"]))
    joint = data.draw(st.integers(0, last["joint_minutes"]))
    alone = last["minutes"] - last["assistant_minutes"] - last["joint_minutes"]
    minutes = assistant + joint + data.draw(st.integers(0, alone))
    part = {"minutes": minutes, "assistant_minutes": assistant, "joint_minutes": joint}
    rest = {name: last[name] - count for name, count in part.items()}
    parts = [*services[:-1], {"code": last["code"]} | part, {"code": last["code"]} | rest]
    one, two = ask(payer, services, on), ask(payer, parts, on)
    for name in ("lines", "timed_minutes", "total_timed_units", "tie"):
        assert two[name] == one[name]


@pytest.mark.parametrize("payer", ["medicare_part_b", "commercial_ama", "full_unit_only"])
def test_a_day_without_services_earns_nothing(payer: str) -> None:
    answer = ask(payer, [])
    assert (answer["lines"], answer["timed_minutes"], answer["total_timed_units"], answer["tie"]) == ([], 0, 0, False)
