"""The closed grammar of edit conditions: field, operator, value; all, any, not. Compiled once to closures.

An admin writes ``{field: line.code, in: [97014]}``; nothing is ever evaluated as code. Each term knows its own text,
so that a finding can say which part of the condition was true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]
OPERATORS = ("is", "is_not", "in", "not_in", "has", "has_not", "has_any", "over", "under", "present", "starts_with")


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition: ``holds(facts)`` and the text it was written as."""

    holds: Callable[[Facts], bool]
    text: str


def compile_condition(written: Mapping[str, Any], fields: frozenset[str]) -> Condition:
    """Compile one condition.

    Raises   ValueError naming the field or operator that is not known.
    """
    for word, combine in (("all", all), ("any", any)):
        if word in written:
            _only(written, word)
            parts = [compile_condition(part, fields) for part in written[word]]
            tests = [part.holds for part in parts]
            joined = f" {'and' if word == 'all' else 'or'} ".join(part.text for part in parts)
            return Condition(_combined(combine, tests), f"({joined})")
    if "not" in written:
        _only(written, "not")
        inner = compile_condition(written["not"], fields)
        return Condition(lambda facts: not inner.holds(facts), f"not {inner.text}")
    return _term(written, fields)


def _combined(combine: Callable[[Any], bool], tests: list[Callable[[Facts], bool]]) -> Callable[[Facts], bool]:
    return lambda facts: combine(test(facts) for test in tests)


def _only(written: Mapping[str, Any], word: str) -> None:
    if len(written) != 1:
        msg = f"`{word}` stands alone in its condition"
        raise ValueError(msg)


def _term(written: Mapping[str, Any], fields: frozenset[str]) -> Condition:
    name = written.get("field")
    operators = [word for word in written if word != "field"]
    if name not in fields:
        msg = f"there is no field {name!r}; there are {', '.join(sorted(fields))}"
        raise ValueError(msg)
    if len(operators) != 1 or operators[0] not in OPERATORS:
        msg = f"a condition has one operator of {', '.join(OPERATORS)}"
        raise ValueError(msg)
    word = operators[0]
    value = written[word]
    if word in {"in", "not_in", "has_any"}:
        if not isinstance(value, list):
            msg = f"`{word}` takes a list"
            raise ValueError(msg)
        value = frozenset(value)
    return Condition(_TESTS[word](name, value), f"{name} {word.replace('_', ' ')} {written[word]}")


_TESTS: Mapping[str, Callable[[str, Any], Callable[[Facts], bool]]] = {
    "is": lambda name, value: lambda facts: bool(facts[name] == value),
    "is_not": lambda name, value: lambda facts: bool(facts[name] != value),
    "in": lambda name, value: lambda facts: facts[name] in value,
    "not_in": lambda name, value: lambda facts: facts[name] not in value,
    "has": lambda name, value: lambda facts: value in facts[name],
    "has_not": lambda name, value: lambda facts: value not in facts[name],
    "has_any": lambda name, value: lambda facts: not value.isdisjoint(facts[name]),
    "over": lambda name, value: lambda facts: facts[name] is not None and facts[name] > value,
    "under": lambda name, value: lambda facts: facts[name] is not None and facts[name] < value,
    "present": lambda name, value: lambda facts: (facts[name] not in (None, "", ())) is value,
    "starts_with": lambda name, value: (
        lambda facts: any(
            str(one).startswith(value) for one in (facts[name] if isinstance(facts[name], tuple) else (facts[name],))
        )
    ),
}
