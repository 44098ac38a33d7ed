"""A guide made ready to check with: one regular expression a segment, and for every loop where each segment leads.

The expression says in one step, in C, that a segment is as the guide has it; guide_explain tells what is wrong with one
that is not. A move tells, from the loop one is in, how many loops a segment closes and which it opens. Compiled once
for each set of separators. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from integration_engine.wire.x12.guides.records import Element, Guide, Loop, Row
from integration_engine.wire.x12.structure import Separators

_DAY = r"(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_SHORT_DAY = r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d\d?)?)?"
_SHORT_DAY_LENGTH = 6
_DAY_LENGTH = 8
_KIND = 3  # 2310A and 2310B are of one kind, 2310 and 2320 are not

Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Place:
    """One segment of one loop, ready to match. number: its place among the rows of its loop."""

    row: Row
    number: int
    match: Callable[[str], re.Match[str] | None]


class Kind(StrEnum):
    """How a segment comes to stand where it does."""

    PROPER = "proper"
    MISPLACED = "misplaced"  # it belongs to a loop around this one, whose own segments are past
    OPENER_MISSING = "opener_missing"  # it belongs to a loop whose first segment did not come


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Move:
    """Where a segment leads.

    Shapes   up: how many loops it closes (of a misplaced one: how far up its loop lies). opens: the loop it opens
             then, None for none. places: what it is there, several only where the guide lists namesakes apart.
    """

    up: int
    opens: State | None
    places: tuple[Place, ...]
    kind: Kind = Kind.PROPER


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class State:
    """One loop at one place of the tree; ``children`` and ``moves`` are filled once, when the guide is compiled.

    Shapes   order: its place among the loops beside it: the kind of loop (2310, 2320, …), then the loop. Loops of one
             kind have one position in the standard, and may come in any order.
    """

    loop: Loop
    order: tuple[int, int]
    above: State | None
    places: tuple[Place, ...]
    required: frozenset[int]
    children: list[State] = field(default_factory=list)
    moves: dict[Key, Move] = field(default_factory=dict)

    @property
    def around(self) -> Iterator[State]:
        """The loops it lies in, the nearest first."""
        state = self.above
        while state is not None:
            yield state
            state = state.above


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompiledGuide:
    """One guide for one set of separators. envelope: ISA, GS, ST and the trailers."""

    guide: Guide
    separators: Separators
    root: State
    envelope: dict[str, Place]


@lru_cache(maxsize=32)
def compile_guide(guide: Guide, separators: Separators) -> CompiledGuide:
    """The guide ready to check files that use these separators."""
    root = _state(guide.root, None, separators)
    _fill(root)
    return CompiledGuide(
        guide=guide,
        separators=separators,
        root=root,
        envelope={name: _place(row, 0, separators) for name, row in guide.envelope.items()},
    )


def _place(row: Row, number: int, separators: Separators) -> Place:
    return Place(row=row, number=number, match=re.compile(pattern(row, separators)).fullmatch)


def _state(loop: Loop, above: State | None, separators: Separators, order: tuple[int, int] = (0, 0)) -> State:
    places = tuple(_place(row, number, separators) for number, row in enumerate(loop.rows))
    required = frozenset(place.number for place in places if place.row.required)
    state = State(loop=loop, order=order, above=above, places=places, required=required)
    kinds = list(dict.fromkeys(child.id[:_KIND] for child in loop.loops))
    for number, child in enumerate(loop.loops):
        state.children.append(_state(child, state, separators, (kinds.index(child.id[:_KIND]), number)))
    return state


def _fill(state: State) -> None:
    """Every way from here, the most likely meaning of a segment first; a later one never displaces it."""
    around = [state, *state.around]
    _add(state, state.places if state.above is None else state.places[1:], 0, None)
    for up, other in enumerate(around):
        for child in other.children:
            _add(state, child.places[:1], up, child)
    for up, other in enumerate(around[1:], start=1):
        _add(state, other.places if other.above is None else other.places[1:], up, None, Kind.MISPLACED)
    for up, other in enumerate(around):
        for child in other.children:
            _add(state, child.places[1:], up, child, Kind.OPENER_MISSING)
    for child in state.children:
        _fill(child)


def _add(state: State, places: tuple[Place, ...], up: int, opens: State | None, kind: Kind = Kind.PROPER) -> None:
    grouped: dict[Key, list[Place]] = {}
    for place in places:
        for code in place.row.qualifiers or ("",):
            grouped.setdefault((place.row.name, code), []).append(place)
    for key, found in grouped.items():
        state.moves.setdefault(key, Move(up=up, opens=opens, places=tuple(found), kind=kind))


# --- what a segment looks like ---------------------------------------------------------------------------------------


def pattern(row: Row, separators: Separators) -> str:
    """The expression of a whole segment: trailing separators and elements beyond the last used one do not match."""
    element = re.escape(separators.element)
    body = _sequence(row.elements, element, lambda one: element_pattern(one, separators))
    return f"{row.name}{body}(?<!{element})(?<!{re.escape(separators.component)})"


def element_pattern(element: Element, separators: Separators) -> str:
    """The expression of one element that is present."""
    if element.components:
        component = re.escape(separators.component)
        parts = _sequence(element.components, component, lambda one: element_pattern(one, separators))
        return f"{parts.removeprefix(component)}(?<!{component})"
    if element.codes:
        return f"(?:{'|'.join(map(re.escape, element.codes))})"
    span = f"{{{element.least},{element.most}}}"
    match element.kind:
        case "N0":
            return rf"-?\d{span}"
        case "R":
            return rf"-?(?:\d{span}|(?=[\d.]{{2,{element.most + 1}}}(?![\d.]))\d*\.\d+)"
        case "DT":
            return _SHORT_DAY if element.most == _SHORT_DAY_LENGTH else _DAY
        case "DP":
            return _DAY if element.most == _DAY_LENGTH else f"{_DAY}(?:-{_DAY})?"
        case "TM":
            return _TIME
        case "ID":
            return f"[A-Z0-9]{span}"
        case "":
            return ""
    inner = "".join({separators.element, separators.component, separators.repetition, separators.terminator})
    return f"[^{re.escape(inner)}]{span}"


def _sequence(elements: tuple[Element, ...], separator: str, one: Callable[[Element], str]) -> str:
    """Elements up to the last required one in a row, the rest as nested options, so that none is left dangling."""
    last = max((element.number for element in elements if element.required), default=0)
    tail = ""
    for element in reversed(elements[last:]):
        body = f"(?:{one(element)})?" if element.kind else ""
        tail = f"(?:{separator}{body}{tail})?"
    head = ""
    for element in elements[:last]:
        body = one(element)
        head += separator + (body if element.required else f"(?:{body})?")
    return head + tail
