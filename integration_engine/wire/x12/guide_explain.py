"""What exactly is wrong with a segment that does not match its guide, element by element, in the codes of a 999.

Slow and only for segments that failed the expression of guide_compiled. Source  X231A1 IK403; X12.6 §3 (types, lengths).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from integration_engine.wire.x12.guide_compiled import element_pattern
from integration_engine.wire.x12.guides.records import Element, Row
from integration_engine.wire.x12.structure import Separators

MISSING, CONDITIONALLY_MISSING, TOO_MANY_ELEMENTS, TOO_SHORT, TOO_LONG, BAD_CHARACTER = "1", "2", "3", "4", "5", "6"
BAD_CODE, BAD_DATE, BAD_TIME, EXCLUDED, TOO_MANY_COMPONENTS, NOT_USED = "7", "8", "9", "10", "13", "I10"
_DATE_LENGTH = 8
AT_LEAST_ONE = "R"
ALL_MAY_STAND = frozenset("PRCL")  # relations that are content when all of their elements stand
_SHOWN_CODES = 14


class Complaint(NamedTuple):
    """A code of IK403 with the element, the component (0: the element itself) and words."""

    code: str
    element: int
    component: int
    text: str


def explain(row: Row, parts: list[str], separators: Separators) -> Iterator[Complaint]:
    """Everything wrong with the elements of one segment; nothing when only trailing separators or relations are."""
    last = max(row.width, len(parts) - 1)
    for number in range(1, last + 1):
        value = parts[number] if number < len(parts) else ""
        if number > row.width:
            if value:
                yield Complaint(TOO_MANY_ELEMENTS, number, 0, f"{row.name} has {row.width} elements in this place")
            continue
        yield from _element(row.elements[number - 1], value, separators)
    if len(parts) > 1 and not parts[-1]:
        yield Complaint(TOO_MANY_ELEMENTS, len(parts) - 1, 0, "separators at the end of a segment are left out")


def _element(element: Element, value: str, separators: Separators) -> Iterator[Complaint]:
    number = element.number
    if not value:
        if element.required:
            yield Complaint(MISSING, number, 0, "the guide requires this element")
        return
    if not element.kind:
        yield Complaint(NOT_USED, number, 0, "the guide does not use this element here")
        return
    if not element.components:
        yield from _simple(element, value, separators, number, 0)
        return
    yield from _composite(element, value.split(separators.component), separators)


def _composite(element: Element, values: list[str], separators: Separators) -> Iterator[Complaint]:
    number = element.number
    for part in range(1, max(len(values), len(element.components)) + 1):
        given = values[part - 1] if part <= len(values) else ""
        if part > len(element.components):
            yield Complaint(TOO_MANY_COMPONENTS, number, part, f"this element has {len(element.components)} components")
            break
        inner = element.components[part - 1]
        if not given:
            if inner.required:
                yield Complaint(MISSING, number, part, "the guide requires this component")
        elif not inner.kind:
            yield Complaint(NOT_USED, number, part, "the guide does not use this component here")
        else:
            yield from _simple(inner, given, separators, number, part)
    if not values[-1] and len(values) <= len(element.components):
        yield Complaint(TOO_MANY_COMPONENTS, number, len(values), "separators at the end of an element are left out")


def _simple(element: Element, value: str, separators: Separators, number: int, component: int) -> Iterator[Complaint]:
    if _matcher(element, separators).fullmatch(value):
        return
    if element.codes:
        shown = ", ".join(element.codes[:_SHOWN_CODES]) + (", …" if len(element.codes) > _SHOWN_CODES else "")
        yield Complaint(BAD_CODE, number, component, f"the guide allows {shown}")
        return
    if element.kind in {"DT", "DP"}:
        yield Complaint(BAD_DATE, number, component, "this is no date of the calendar in the form the guide asks for")
        return
    if element.kind == "TM":
        yield Complaint(BAD_TIME, number, component, "this is no time of day")
        return
    size = len(value)
    if element.kind in {"N0", "R"}:
        size = sum(character.isdigit() for character in value)
        if not re.fullmatch(r"-?\d+" if element.kind == "N0" else r"-?(?:\d+|\d*\.\d+)", value):
            what = "a whole number" if element.kind == "N0" else "a plain number"
            yield Complaint(BAD_CHARACTER, number, component, f"the guide asks for {what}")
            return
    if size > element.most:
        yield Complaint(TOO_LONG, number, component, f"at most {element.most} characters")
    elif size < element.least:
        yield Complaint(TOO_SHORT, number, component, f"at least {element.least} characters")
    else:
        yield Complaint(BAD_CHARACTER, number, component, "a character that may not stand here")


@lru_cache(maxsize=2048)
def _matcher(element: Element, separators: Separators) -> re.Pattern[str]:
    return re.compile(element_pattern(element, separators))


def relation_complaints(row: Row, parts: list[str]) -> Iterator[Complaint]:
    """Elements that stand or are absent in pairs the guide does not allow; see guides/records for the letters."""
    count = len(parts)
    for letter, numbers, least in row.relations:
        if least >= count and letter != AT_LEAST_ONE:
            continue  # none of them stands: by far the most common case
        present = [number for number in numbers if number < count and parts[number]]
        if len(present) < len(numbers) or letter not in ALL_MAY_STAND:
            yield from _relation(letter, numbers, present, parts)


def _relation(letter: str, numbers: tuple[int, ...], present: list[int], parts: list[str]) -> Iterator[Complaint]:
    first, *others = numbers
    match letter:
        case "P" if present and len(present) < len(numbers):
            missing = next(n for n in numbers if n not in present)
            yield Complaint(
                CONDITIONALLY_MISSING, missing, 0, f"elements {_named(numbers)} stand together or not at all"
            )
        case "R" if not present:
            yield Complaint(CONDITIONALLY_MISSING, first, 0, f"at least one of elements {_named(numbers)} is required")
        case "E" if len(present) > 1:
            yield Complaint(EXCLUDED, present[-1], 0, f"only one of elements {_named(numbers)} may stand")
        case "C" if first in present and len(present) < len(numbers):
            missing = next(n for n in others if n not in present)
            yield Complaint(CONDITIONALLY_MISSING, missing, 0, f"required because element {first:02d} stands")
        case "L" if first in present and len(present) == 1:
            yield Complaint(CONDITIONALLY_MISSING, others[0], 0, f"required because element {first:02d} stands")
        case "F" if len(present) == len(numbers):
            length = len(parts[numbers[1]])
            if (parts[first] == "D8") is not (length == _DATE_LENGTH):
                yield Complaint(
                    BAD_DATE, numbers[1], 0, f"the date is not in the format that element {first:02d} names"
                )


def _named(numbers: tuple[int, ...]) -> str:
    return " and ".join(f"{number:02d}" for number in numbers)
