"""The closed grammar of edit conditions: field, operator, value; all, any, not. Typed, compiled once to closures.

An admin writes ``{field: line.code, in: ["97014"]}``; nothing is ever evaluated as code. Fields have kinds, and an
operator that does not fit the kind, or a value of another kind, is refused when the file is read. A field whose fact
is unknown makes a condition neither true nor false: the edit answers *not checked*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Facts = Mapping[str, Any]
Test = Callable[[Facts], bool | None]


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "whole number"
    FLAG = "true or false"
    TEXTS = "list of texts"


# operator → kinds of field it fits, and the kind of value it takes; "other" compares with another field
OPERATORS: Mapping[str, tuple[frozenset[Kind], str]] = {
    "is": (frozenset({Kind.TEXT, Kind.NUMBER, Kind.FLAG}), "same"),
    "is_not": (frozenset({Kind.TEXT, Kind.NUMBER, Kind.FLAG}), "same"),
    "in": (frozenset({Kind.TEXT, Kind.NUMBER}), "list"),
    "not_in": (frozenset({Kind.TEXT, Kind.NUMBER}), "list"),
    "has": (frozenset({Kind.TEXTS}), "text"),
    "has_not": (frozenset({Kind.TEXTS}), "text"),
    "has_any": (frozenset({Kind.TEXTS}), "list"),
    "has_none": (frozenset({Kind.TEXTS}), "list"),
    "starts_with": (frozenset({Kind.TEXT, Kind.TEXTS}), "prefixes"),
    "all_start_with": (frozenset({Kind.TEXTS}), "prefixes"),
    "ends_with": (frozenset({Kind.TEXT}), "prefixes"),
    "over": (frozenset({Kind.NUMBER}), "number"),
    "under": (frozenset({Kind.NUMBER}), "number"),
    "over_field": (frozenset({Kind.NUMBER}), "field"),
    "under_field": (frozenset({Kind.NUMBER}), "field"),
    "present": (frozenset(Kind), "flag"),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition.

    Shapes   holds(facts): True, False, or None where a fact it hangs on is unknown. text: as it was written. fields:
             those it looks at. codes: line codes outside of which it cannot hold; None: any.
    """

    holds: Test
    text: str
    fields: frozenset[str]
    codes: frozenset[str] | None = None

    def unknown(self, facts: Facts) -> tuple[str, ...]:
        """The fields whose facts are missing."""
        return tuple(sorted([name for name in self.fields if facts[name] is None]))


def compile_condition(written: Mapping[str, Any], fields: Mapping[str, Kind]) -> Condition:
    """Compile one condition.

    Raises   ValueError naming the field, operator or value that does not fit.
    """
    for word, combine in (("all", _all), ("any", _any)):
        if word in written:
            _only(written, word)
            if not isinstance(written[word], list) or not written[word]:
                msg = f"`{word}` takes a list of conditions"
                raise ValueError(msg)
            parts = [compile_condition(part, fields) for part in written[word]]
            joined = f" {'and' if word == 'all' else 'or'} ".join(part.text for part in parts)
            return Condition(
                combine([part.holds for part in parts]),
                f"({joined})",
                frozenset().union(*(part.fields for part in parts)),
                _codes(word, parts),
            )
    if "not" in written:
        _only(written, "not")
        inner = compile_condition(written["not"], fields)
        return Condition(_not(inner.holds), f"not {inner.text}", inner.fields)
    return _term(written, fields)


def _codes(word: str, parts: list[Condition]) -> frozenset[str] | None:
    known = [part.codes for part in parts if part.codes is not None]
    if word == "all":
        return frozenset.intersection(*known) if known else None
    return frozenset().union(*known) if len(known) == len(parts) else None


def _all(tests: list[Test]) -> Test:
    if len(tests) == 2:  # noqa: PLR2004 - most conditions have two terms, and every claim runs them all
        first, second = tests

        def both(facts: Facts) -> bool | None:
            one = first(facts)
            if one is False:
                return False
            two = second(facts)
            return two if one is True or two is False else None

        return both

    def holds(facts: Facts) -> bool | None:
        answer: bool | None = True
        for test in tests:
            one = test(facts)
            if one is False:
                return False
            if one is None:
                answer = None
        return answer

    return holds


def _any(tests: list[Test]) -> Test:
    def holds(facts: Facts) -> bool | None:
        answer: bool | None = False
        for test in tests:
            one = test(facts)
            if one is True:
                return True
            if one is None:
                answer = None
        return answer

    return holds


def _not(test: Test) -> Test:
    def holds(facts: Facts) -> bool | None:
        one = test(facts)
        return None if one is None else not one

    return holds


def _only(written: Mapping[str, Any], word: str) -> None:
    if len(written) != 1:
        msg = f"`{word}` stands alone in its condition"
        raise ValueError(msg)


def _term(written: Mapping[str, Any], fields: Mapping[str, Kind]) -> Condition:
    name = written.get("field")
    operators = [word for word in written if word != "field"]
    if not isinstance(name, str) or name not in fields:
        msg = f"there is no field {name!r}; there are {', '.join(sorted(fields))}"
        raise ValueError(msg)
    if len(operators) != 1 or operators[0] not in OPERATORS:
        msg = f"a condition has one operator of {', '.join(OPERATORS)}"
        raise ValueError(msg)
    word = operators[0]
    kinds, wanted = OPERATORS[word]
    kind = fields[name]
    if kind not in kinds:
        msg = f"`{word}` does not fit {name}, which is a {kind.value}"
        raise ValueError(msg)
    value = _value(word, wanted, written[word], kind, fields)
    codes = frozenset(value) if word == "in" else frozenset({value}) if word == "is" else None
    looked_at = frozenset({name, value}) if wanted == "field" else frozenset({name})
    return Condition(
        _TESTS[word](name, value),
        f"{name} {word.replace('_', ' ')} {written[word]}",
        looked_at,
        codes if name == "line.code" else None,
    )


def _value(word: str, wanted: str, given: Any, kind: Kind, fields: Mapping[str, Kind]) -> Any:
    """The value in the form its test takes, or a ValueError saying what is wanted."""
    if wanted == "list":
        one: type = int if kind is Kind.NUMBER else str
        if isinstance(given, list) and given and all(type(item) is one for item in given):
            return frozenset(given)
        msg = f"`{word}` takes a list of {'whole numbers' if one is int else 'texts'}"
        raise ValueError(msg)
    if wanted == "prefixes":
        prefixes = given if isinstance(given, list) else [given]
        if prefixes and all(isinstance(item, str) and item for item in prefixes):
            return tuple(prefixes)
        msg = f"`{word}` takes a text or a list of texts"
        raise ValueError(msg)
    if wanted == "field":
        if isinstance(given, str) and fields.get(given) is Kind.NUMBER:
            return given
        msg = f"`{word}` takes the name of another field that is a whole number"
        raise ValueError(msg)
    taken: type = {"text": str, "number": int, "flag": bool}.get(wanted) or {
        Kind.TEXT: str,
        Kind.NUMBER: int,
        Kind.FLAG: bool,
    }[kind]
    if type(given) is not taken:
        msg = f"`{word}` takes a {'text' if taken is str else 'whole number' if taken is int else 'true or false'} here"
        raise ValueError(msg)
    return given


def _is(name: str, value: Any) -> Test:
    def holds(facts: Facts) -> bool | None:
        fact = facts[name]
        return None if fact is None else bool(fact == value)

    return holds


def _in(name: str, value: Any) -> Test:
    def holds(facts: Facts) -> bool | None:
        fact = facts[name]
        return None if fact is None else fact in value

    return holds


def _known(test: Callable[[Any, Any], bool]) -> Callable[[str, Any], Test]:
    """A test of one field's value that answers None where the fact is unknown."""

    def compiled(name: str, value: Any) -> Test:
        def holds(facts: Facts) -> bool | None:
            fact = facts[name]
            return None if fact is None else test(fact, value)

        return holds

    return compiled


def _of_fields(test: Callable[[int, int], bool]) -> Callable[[str, Any], Test]:
    def compiled(name: str, other: Any) -> Test:
        def holds(facts: Facts) -> bool | None:
            one, two = facts[name], facts[other]
            return None if one is None or two is None else test(one, two)

        return holds

    return compiled


def _starts(fact: Any, prefixes: tuple[str, ...]) -> bool:
    return fact.startswith(prefixes) if isinstance(fact, str) else any(one.startswith(prefixes) for one in fact)


_TESTS: Mapping[str, Callable[[str, Any], Test]] = {
    "is": _is,
    "is_not": _known(lambda fact, value: bool(fact != value)),
    "in": _in,
    "not_in": _known(lambda fact, value: fact not in value),
    "has": _known(lambda fact, value: value in fact),
    "has_not": _known(lambda fact, value: value not in fact),
    "has_any": _known(lambda fact, value: not value.isdisjoint(fact)),
    "has_none": _known(lambda fact, value: value.isdisjoint(fact)),
    "starts_with": _known(_starts),
    "all_start_with": _known(lambda fact, value: bool(fact) and all(one.startswith(value) for one in fact)),
    "ends_with": _known(lambda fact, value: bool(fact.endswith(value))),
    "over": _known(lambda fact, value: bool(fact > value)),
    "under": _known(lambda fact, value: bool(fact < value)),
    "over_field": _of_fields(lambda one, two: one > two),
    "under_field": _of_fields(lambda one, two: one < two),
    "present": lambda name, value: lambda facts: (facts[name] not in (None, "", ())) is value,
}
