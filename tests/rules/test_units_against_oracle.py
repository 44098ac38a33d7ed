"""The engine's units and CQ/CO lines against the naive oracle: exhaustively where that is possible, else at random."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integration_engine.adapters.mapping_files import MappingFiles, shipped_folder
from integration_engine.rules.rule_files.compiling import compile_rules
from integration_engine.rules.units_request import answer_units
from tests.rules import oracle

PARAMETERS = compile_rules(MappingFiles(shipped_folder()).read())
PAYERS = ["medicare_part_b", "commercial_ama", "full_unit_only"]
DATES = ["2021-06-01", "2026-03-02"]
CODES = ["97110", "97112", "97116", "97140", "97530"]
ALTERNATIVES_KEPT = {5, 6}  # six ways to share in all, or six besides the chosen one: either reading of the limit


def ask(payer: str, services: list[dict], on: str = "2026-03-02", discipline: str = "PT") -> dict:
    request = {"payer": payer, "discipline": discipline, "date_of_service": on, "services": services}
    return answer_units(request, PARAMETERS)


def billed(entries: list[dict]) -> oracle.Allocation:
    """Units by code, of lines or of an alternative."""
    units: dict[str, int] = {}
    for entry in entries:
        units[entry["code"]] = units.get(entry["code"], 0) + entry["units"]
    return frozenset((code, count) for code, count in units.items() if count)


def assistant_lines(answer: dict, modifier: str = "CQ") -> dict[tuple[str, bool], int]:
    lines: dict[tuple[str, bool], int] = {}
    for line in answer["lines"]:
        key = (line["code"], modifier in line["modifiers"])
        assert key not in lines, f"two lines of {key}"
        assert line["units"] > 0
        lines[key] = line["units"]
    return lines


def to_review(answer: dict, services: list[dict]) -> set[str]:
    """Codes whose split a person must look at; the subject of the finding names the service by its place."""
    return {
        services[int(finding["subject"].partition("[")[2].rstrip("]"))]["code"]
        for finding in answer["findings"]
        if finding["id"] == "modifiers.assistant_split_review"
    }


def assert_agrees(answer: dict, acceptable: set[oracle.Allocation]) -> None:
    """The answer, its tie flag and its alternatives, against every acceptable way to share the units."""
    chosen = billed(answer["lines"])
    others = [billed(option) for option in answer["alternatives"]]
    assert chosen in acceptable
    assert answer["total_timed_units"] == sum(units for _, units in chosen)
    assert answer["tie"] == (len(acceptable) > 1)
    assert chosen not in others
    assert len(set(others)) == len(others), "an alternative is given twice"
    if len(acceptable) - 1 <= min(ALTERNATIVES_KEPT):
        assert {chosen, *others} == acceptable
    else:
        assert set(others) <= acceptable
        assert len(others) in ALTERNATIVES_KEPT


# --- the oracle itself, against the numbers that THERAPY_RULES.md prints ----------------------------------------------


def test_the_oracle_gives_the_printed_examples() -> None:
    def both(*minutes: int) -> tuple[int, int]:
        services = [{"code": code, "minutes": m} for code, m in zip(CODES, minutes, strict=False)]
        (cms,) = {sum(units for _, units in way) for way in oracle.medicare_shares(services)}
        return cms, sum(units for _, units in oracle.each_alone(services, "commercial_ama"))

    assert (oracle.chart_units(54), oracle.midpoint_units(54), oracle.full_units(54)) == (4, 4, 3)
    assert both(20, 20) == (3, 2)
    assert both(8, 8, 8) == (2, 3)
    assert both(7, 7, 7) == (1, 0)


@pytest.mark.parametrize(
    ("total", "smallest"), [(8, 1), (10, 2), (15, 2), (20, 3), (25, 3), (30, 4), (40, 5), (45, 5), (60, 7)]
)
def test_the_oracle_gives_the_printed_smallest_assistant_minutes(total: int, smallest: int) -> None:
    assert not oracle.untimed_assistant(total - smallest + 1, smallest - 1)
    assert oracle.untimed_assistant(total - smallest, smallest)


@pytest.mark.parametrize(
    ("first_code", "earned_at"),
    [
        ("97129", [8, 23, 38]),
        ("97550", [16, 38, 53]),
        ("92607", [31, 76, 106]),
        ("96112", [31, 76, 106]),
        ("97545", [61, 151, 211]),
        ("90912", [8, 23, 38]),
    ],
)
def test_the_oracle_earns_the_units_of_a_family_at_the_printed_minutes(first_code: str, earned_at: list[int]) -> None:
    totals = [sum(units for _, units in oracle.family_units(first_code, minutes)) for minutes in range(250)]
    assert [totals.index(units) for units in (1, 2, 3)] == earned_at
    further_code = oracle.FAMILIES[first_code].further_code
    assert oracle.family_units(first_code, earned_at[2]) == {(first_code, 1), (further_code, 2)}


# --- units ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("payer", PAYERS)
def test_one_code_every_number_of_minutes(payer: str) -> None:
    for minutes in range(481):
        services = [{"code": "97110", "minutes": minutes}]
        answer = ask(payer, services)
        assert_agrees(answer, oracle.acceptable(services, payer))
        assert answer["timed_minutes"] == minutes


@pytest.mark.parametrize("payer", PAYERS)
def test_two_codes_every_pair_of_minutes(payer: str) -> None:
    step = 1 if payer == "medicare_part_b" else 2
    for one in range(61):
        for two in range(0, 61, step):
            services = [{"code": "97110", "minutes": one}, {"code": "97140", "minutes": two}]
            answer = ask(payer, services)
            assert_agrees(answer, oracle.acceptable(services, payer))
            if payer == "medicare_part_b":
                assert billed(answer["lines"]) == oracle.medicare_choice(services), services


@st.composite
def service(draw: st.DrawFn, codes: list[str] = CODES) -> dict:
    """Few different minutes are likelier than their share, so that leftovers are often equal."""
    minutes = draw(st.integers(0, 480) | st.integers(0, 30) | st.sampled_from([1, 4, 5, 7, 8, 20, 22, 23, 37, 38]))
    assistant = draw(st.just(0) | st.just(minutes) | st.integers(0, minutes))
    joint = draw(st.just(0) | st.integers(0, minutes - assistant))
    code = draw(st.sampled_from(codes))
    return {"code": code, "minutes": minutes, "assistant_minutes": assistant, "joint_minutes": joint}


DAYS = st.lists(service(), min_size=1, max_size=5)
DAYS_OF_DIFFERENT_CODES = st.lists(service(), min_size=2, max_size=5, unique_by=lambda each: each["code"])


@pytest.mark.parametrize("payer", PAYERS)
@settings(deadline=None, max_examples=300)
@given(services=DAYS | DAYS_OF_DIFFERENT_CODES)
@example(services=[{"code": code, "minutes": 5} for code in CODES])
@example(services=[{"code": code, "minutes": 7} for code in CODES[:3]])
def test_days_of_up_to_five_services(payer: str, services: list[dict]) -> None:
    answer = ask(payer, services)
    assert_agrees(answer, oracle.acceptable(services, payer))
    assert answer["timed_minutes"] == sum(each["minutes"] for each in services)
    if payer == "medicare_part_b":
        assert billed(answer["lines"]) == oracle.medicare_choice(services)


def test_ties_are_always_decided_the_same_way() -> None:
    given_to_one = [(minutes, assistant) for minutes in (7, 22, 37) for assistant in (0, 3, minutes)]
    for day in product(given_to_one, repeat=3):
        services = [
            {"code": code, "minutes": minutes, "assistant_minutes": assistant}
            for code, (minutes, assistant) in zip(CODES, day, strict=False)
        ]
        answer = ask("medicare_part_b", services)
        assert answer["tie"]
        assert billed(answer["lines"]) == oracle.medicare_choice(services), services


@pytest.mark.parametrize("codes", range(1, 10))
def test_crumbs_of_many_codes(codes: int) -> None:
    many = [*CODES, "97113", "97124", "97032", "97033"]
    for minutes in (1, 2, 3, 5, 7, 8, 16):
        services = [{"code": code, "minutes": minutes} for code in many[:codes]]
        assert_agrees(ask("medicare_part_b", services), oracle.medicare_shares(services))


# --- assistants -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", DATES)
def test_assistant_split_of_one_code_every_pair_of_minutes(on: str) -> None:
    for therapist in range(61):
        for assistant in range(61):
            services = [{"code": "97110", "minutes": therapist + assistant, "assistant_minutes": assistant}]
            answer = ask("medicare_part_b", services, on)
            units = oracle.chart_units(therapist + assistant)
            without, with_it, review = oracle.assistant_split(therapist, assistant, units, date.fromisoformat(on))
            found = assistant_lines(answer)
            assert (found.get(("97110", False), 0), found.get(("97110", True), 0)) == (without, with_it), (
                therapist,
                assistant,
            )
            assert bool(to_review(answer, services)) == review


@pytest.mark.parametrize("on", DATES)
@settings(deadline=None, max_examples=300)
@given(services=DAYS | DAYS_OF_DIFFERENT_CODES)
@example(
    services=[
        {"code": "97110", "minutes": 16, "assistant_minutes": 8},
        *[{"code": code, "minutes": 1} for code in ("97112", "97116", "97140", "97530", "97113", "97124", "97032")],
    ]
)
def test_assistant_lines_of_a_day(on: str, services: list[dict]) -> None:
    answer = ask("medicare_part_b", services, on)
    lines, review = oracle.assistant_lines(services, billed(answer["lines"]), date.fromisoformat(on))
    assert assistant_lines(answer) == lines
    assert to_review(answer, services) == review


@pytest.mark.parametrize(("discipline", "modifier", "other"), [("PT", "CQ", "CO"), ("OT", "CO", "CQ")])
def test_the_assistant_modifier_is_the_disciplines_own(discipline: str, modifier: str, other: str) -> None:
    services = [{"code": "97530", "minutes": 53, "assistant_minutes": 23}]
    answer = ask("medicare_part_b", services, discipline=discipline)
    assert assistant_lines(answer, modifier) == {("97530", False): 2, ("97530", True): 2}
    assert not any(other in line["modifiers"] for line in answer["lines"])


@pytest.mark.parametrize("payer", ["commercial_ama", "full_unit_only"])
def test_other_payers_take_no_assistant_modifier(payer: str) -> None:
    for assistant in range(61):
        services = [{"code": "97110", "minutes": 60, "assistant_minutes": assistant}]
        assert assistant_lines(ask(payer, services)) == {("97110", False): 4}


@pytest.mark.parametrize("code", ["97150", "G0283"])
@pytest.mark.parametrize("on", DATES)
def test_untimed_code_every_pair_of_minutes(code: str, on: str) -> None:
    for therapist in range(0, 61, 3):
        for assistant in range(61):
            if therapist + assistant == 0:
                continue
            services = [{"code": code, "minutes": therapist + assistant, "assistant_minutes": assistant}]
            answer = ask("medicare_part_b", services, on)
            assert assistant_lines(answer) == {(code, oracle.untimed_assistant(therapist, assistant)): 1}, services
            assert answer["timed_minutes"] == answer["total_timed_units"] == 0


@pytest.mark.parametrize(
    ("code", "discipline", "longest"),
    [("97550", "OT", 75), ("97545", "PT", 260), ("92607", "OT", 130), ("96112", "PT", 130)],
)
def test_assistant_shares_units_of_another_length(code: str, discipline: str, longest: int) -> None:
    family, modifier = oracle.FAMILIES[code], {"PT": "CQ", "OT": "CO"}[discipline]
    for minutes in range(1, longest, 7):
        units = sorted(oracle.family_units(code, minutes), key=lambda one: one[0] != code)
        blocks = [family.first if one == code else family.further for one, many in units for _ in range(many)]
        for assistant in range(minutes + 1):
            owners = oracle.assistant_split_by_blocks(minutes - assistant, assistant, blocks)
            wanted: dict[tuple[str, bool], int] = {}
            for number, by_assistant in enumerate(owners):
                key = (code if number == 0 else family.further_code, by_assistant)
                wanted[key] = wanted.get(key, 0) + 1
            services = [{"code": code, "minutes": minutes, "assistant_minutes": assistant}]
            answer = ask("medicare_part_b", services, discipline=discipline)
            assert assistant_lines(answer, modifier) == wanted, services


@pytest.mark.parametrize(("code", "length", "earned_at"), [("96125", 60, 31), ("98981", 20, 20)])
def test_assistant_shares_units_of_one_other_length(code: str, length: int, earned_at: int) -> None:
    services_of = {"98981": "98980"}
    for minutes in range(earned_at, 100, 3):
        blocks = [length] * sum(1 for minute in range(minutes + 1) if minute and minute % length == earned_at % length)
        for assistant in range(minutes + 1):
            owners = oracle.assistant_split_by_blocks(minutes - assistant, assistant, blocks)
            first = services_of.get(code, code)
            services = [{"code": first, "minutes": minutes, "assistant_minutes": assistant, "live_contact": True}]
            lines = assistant_lines(ask("medicare_part_b", services, discipline="OT"), "CO")
            assert sum(n for (_, marked), n in lines.items() if marked) == sum(owners), services
            assert sum(lines.values()) == len(blocks), services


# --- families of a first and a further code ---------------------------------------------------------------------------


def assert_family_agrees(first_code: str, longest: int, discipline: str = "PT") -> None:
    """All minutes on the first code, and some of them on the further code: the total of the family counts."""
    further_code = oracle.FAMILIES[first_code].further_code
    for payer in ("medicare_part_b", "commercial_ama"):
        for minutes in range(longest + 1):
            wanted = oracle.family_units(first_code, minutes)
            whole = [{"code": first_code, "minutes": minutes}]
            assert billed(ask(payer, whole, discipline=discipline)["lines"]) == wanted, (payer, whole)
            on_first = minutes - minutes // 3
            parts = [{"code": first_code, "minutes": on_first}, {"code": further_code, "minutes": minutes // 3}]
            assert billed(ask(payer, parts, discipline=discipline)["lines"]) == wanted, (payer, parts)


@pytest.mark.parametrize("discipline", ["PT", "OT", "SLP"])
def test_family_of_97129(discipline: str) -> None:
    assert_family_agrees("97129", 130, discipline)


def test_family_of_97129_where_only_full_units_count() -> None:
    for minutes in range(131):
        services = [{"code": "97129", "minutes": minutes}]
        wanted = oracle.first_and_further("97129", oracle.full_units(minutes))
        assert billed(ask("full_unit_only", services)["lines"]) == wanted, services


def test_family_of_97550() -> None:
    assert_family_agrees("97550", 130)


def test_family_of_92607() -> None:
    assert_family_agrees("92607", 240, "SLP")


def test_family_of_96112() -> None:
    assert_family_agrees("96112", 240)


def test_family_of_97545() -> None:
    assert_family_agrees("97545", 480)


def test_family_of_90912() -> None:
    assert_family_agrees("90912", 130)


@settings(deadline=None, max_examples=200)
@given(
    services=st.lists(service(["97110", "97535", "97129", "97130"]), min_size=1, max_size=4).filter(
        lambda day: any(each["code"] == "97129" for each in day)
    )
)
@example(services=[{"code": "97129", "minutes": 20}, {"code": "97110", "minutes": 20}])
@example(services=[{"code": "97110", "minutes": 22}, {"code": "97129", "minutes": 15}, {"code": "97130", "minutes": 1}])
def test_family_of_97129_is_one_service_of_the_day(services: list[dict]) -> None:
    answer = ask("medicare_part_b", services)
    assert_agrees(answer, oracle.medicare_shares_with_cognition(services))
    assert answer["timed_minutes"] == sum(each["minutes"] for each in services)
