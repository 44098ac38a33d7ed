"""Positions as a feed file writes them, compiled to closures over the segments of one record.

FT1-25.1            field, component, subcomponent (``FT1-11.1.1``), one-based as the manual writes them
FT1-7.1?            tentative: taken only when it reads as its type, no finding otherwise
PID-3(5=MR).1       the repetition whose component 5 is MR (``5=`` : is empty)
ROL(3.1=RP|SUP)-4   the segment whose field 3.1 is one of these
FT1-4.1..FT1-4.2    from one timestamp to another
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from integration_engine.wire.hl7 import Segment

_POSITION = re.compile(
    r"(?P<segment>[A-Z][A-Z0-9]{2})"
    r"(?:\((?P<where_field>\d+)(?:\.(?P<where_component>\d+))?=(?P<where_values>[^)]*)\))?"
    r"-(?P<field>\d+)"
    r"(?:\((?P<rep_component>\d+)=(?P<rep_values>[^)]*)\))?"
    r"(?:\.(?P<component>\d+))?(?:\.(?P<subcomponent>\d+))?"
    r"(?P<tentative>\?)?"
)


@dataclass(frozen=True, slots=True)
class Position:
    """One position. ``until`` is the second end of a range."""

    text: str
    segment: str
    field: int
    component: int
    subcomponent: int
    tentative: bool
    admits: Callable[[Segment], bool] | None
    repetition: tuple[int, frozenset[str]] | None
    until: Position | None = None

    def fields(self, segment: Segment) -> list[str]:
        """The repetitions of the field that this position speaks of, as sent; without empty ones."""
        found = segment.repetitions(self.field)
        if self.repetition is not None:
            component, values = self.repetition
            found = [text for text in found if segment.inside(text, component) in values]
        return [text for text in found if text]

    def inside(self, segment: Segment, text: str) -> str:
        """The component of one repetition."""
        return segment.inside(text, self.component, self.subcomponent)


def parse_position(text: str) -> Position:
    """Compile a position.

    Raises   ValueError saying what a position looks like.
    """
    first, _, second = text.partition("..")
    position = _parse(first, text)
    if second:
        until = _parse(second, text)
        return Position(
            text,
            position.segment,
            position.field,
            position.component,
            position.subcomponent,
            position.tentative,
            position.admits,
            position.repetition,
            until,
        )
    return position


def _parse(text: str, whole: str) -> Position:
    match = _POSITION.fullmatch(text)
    if match is None:
        msg = f"{whole!r} is no position; one looks like FT1-25.1, PID-3(5=MR).1 or ROL(3.1=RP)-4"
        raise ValueError(msg)
    groups = match.groupdict()
    admits = None
    if groups["where_field"]:
        field, component = int(groups["where_field"]), int(groups["where_component"] or 0)
        values = frozenset(groups["where_values"].split("|"))

        def admits(segment: Segment) -> bool:
            return segment.value(field, component) in values

    repetition = None
    if groups["rep_component"]:
        repetition = (int(groups["rep_component"]), frozenset(groups["rep_values"].split("|")))
    return Position(
        whole,
        groups["segment"],
        int(groups["field"]),
        int(groups["component"] or 0),
        int(groups["subcomponent"] or 0),
        bool(groups["tentative"]),
        admits,
        repetition,
    )


def matches(value: str, patterns: list[str]) -> bool:
    """True when a value fits one of the patterns of a `where`; ``*`` stands for anything."""
    return any(fnmatchcase(value, pattern) for pattern in patterns)
