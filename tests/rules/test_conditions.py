"""The closed grammar of edit conditions: typed, three-valued, and refusing what it does not know."""

from __future__ import annotations

import pytest

from integration_engine.rules.scrubber.conditions import OPERATORS, Kind, compile_condition

FIELDS = {"code": Kind.TEXT, "age": Kind.NUMBER, "most": Kind.NUMBER, "new": Kind.FLAG, "modifiers": Kind.TEXTS}
FACTS = {"code": "97110", "age": 40, "most": 30, "new": True, "modifiers": ("GP", "59")}
UNKNOWN = dict.fromkeys(FIELDS)


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        ({"field": "code", "is": "97110"}, True),
        ({"field": "code", "is_not": "97110"}, False),
        ({"field": "code", "in": ["97110", "97112"]}, True),
        ({"field": "code", "not_in": ["97110"]}, False),
        ({"field": "code", "starts_with": ["971"]}, True),
        ({"field": "code", "ends_with": "2"}, False),
        ({"field": "age", "over": 39}, True),
        ({"field": "age", "under": 40}, False),
        ({"field": "age", "over_field": "most"}, True),
        ({"field": "age", "under_field": "most"}, False),
        ({"field": "age", "in": [40]}, True),
        ({"field": "new", "is": True}, True),
        ({"field": "modifiers", "has": "59"}, True),
        ({"field": "modifiers", "has_not": "59"}, False),
        ({"field": "modifiers", "has_any": ["XE", "59"]}, True),
        ({"field": "modifiers", "has_none": ["XE", "59"]}, False),
        ({"field": "modifiers", "starts_with": "G"}, True),
        ({"field": "modifiers", "all_start_with": "G"}, False),
        ({"field": "modifiers", "present": True}, True),
        ({"not": {"field": "code", "is": "97110"}}, False),
        ({"all": [{"field": "code", "is": "97110"}, {"field": "age", "over": 1}]}, True),
        ({"any": [{"field": "code", "is": "x"}, {"field": "age", "over": 99}]}, False),
    ],
)
def test_condition_answers_as_written(written: dict, answer: bool) -> None:
    condition = compile_condition(written, FIELDS)
    assert condition.holds(FACTS) is answer
    assert condition.text


@pytest.mark.parametrize("operator", [word for word in OPERATORS if word != "present"])
def test_unknown_fact_is_neither_true_nor_false(operator: str) -> None:
    kinds, wanted = OPERATORS[operator]
    name = next(field for field, kind in FIELDS.items() if kind in kinds)
    value = {"same": "x", "list": ["x"], "text": "x", "prefixes": "x", "number": 1, "field": "most", "flag": True}[
        wanted
    ]
    condition = compile_condition({"field": name, operator: value}, FIELDS)
    assert condition.holds(UNKNOWN) is None
    assert name in condition.unknown(UNKNOWN)


def test_known_part_decides_where_it_can() -> None:
    facts = UNKNOWN | {"code": "97110"}
    true, false, unknown = (
        {"field": "code", "is": "97110"},
        {"field": "code", "is": "x"},
        {"field": "age", "over": 1},
    )
    assert compile_condition({"all": [false, unknown]}, FIELDS).holds(facts) is False
    assert compile_condition({"all": [true, unknown]}, FIELDS).holds(facts) is None
    assert compile_condition({"any": [true, unknown]}, FIELDS).holds(facts) is True
    assert compile_condition({"any": [false, unknown]}, FIELDS).holds(facts) is None
    assert compile_condition({"not": unknown}, FIELDS).holds(facts) is None
    assert compile_condition({"field": "age", "present": False}, FIELDS).holds(facts) is True


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({"field": "cod", "is": "x"}, "there is no field 'cod'"),
        ({"field": "code", "like": "x"}, "one operator of"),
        ({"field": "code", "is": "x", "in": ["x"]}, "one operator of"),
        ({"field": "code", "over": 3}, "does not fit code"),
        ({"field": "age", "over": "3"}, "takes a whole number"),
        ({"field": "code", "is": 97110}, "takes a text"),
        ({"field": "code", "in": "97110"}, "takes a list of texts"),
        ({"field": "code", "in": [97110]}, "takes a list of texts"),
        ({"field": "age", "over_field": "code"}, "another field"),
        ({"field": "new", "is": "yes"}, "true or false"),
        ({"all": []}, "list of conditions"),
        ({"all": [{"field": "code", "is": "x"}], "any": []}, "stands alone"),
    ],
)
def test_wrong_condition_is_refused_with_what_is_wanted(written: dict, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        compile_condition(written, FIELDS)


def test_codes_outside_of_which_a_condition_cannot_hold_are_known() -> None:
    fields = {"line.code": Kind.TEXT, "age": Kind.NUMBER}
    one = {"field": "line.code", "is": "97110"}
    assert compile_condition({"all": [one, {"field": "age", "over": 1}]}, fields).codes == {"97110"}
    assert compile_condition({"any": [one, {"field": "line.code", "in": ["2"]}]}, fields).codes == {"97110", "2"}
    assert compile_condition({"any": [one, {"field": "age", "over": 1}]}, fields).codes is None
    assert compile_condition({"not": one}, fields).codes is None
