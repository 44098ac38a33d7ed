"""How a guide is written down: loops of segments of elements, in a notation short enough to be read beside the guide.

    row("NM1", "R", 1, "1R ID=85, 2R ID=1|2, 3R AN1-60, 8S ID=XX, 9S AN2-80", "P0809")
    row("HI",  "R", 1, "1R (1R ID=ABK|BK ; 2R AN1-30), 2S (1R ID=ABF|BF ; 2R AN1-30)")

An element is number, usage (R required, S situational), then type with shortest and longest length, or ``ID=`` and the
codes it may hold, or its components in brackets; what is not named is not used and must be absent. Types: AN text, ID
code, N0 whole number, R decimal, DT date, TM time, DP date or period as the element before it says (D8, RD8). The last
argument holds relations between elements as the standard writes them: P both or neither, R at least one, E at most
one, C if the first then the others, L if the first then one of the others. Pure data: compiling is guide_compiled's work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

# Where the code stands that tells segments of one name apart; HI has it in the first component.
QUALIFIER_AT = {
    "AMT": 1,
    "CRC": 1,
    "CUR": 1,
    "DTP": 1,
    "HI": 1,
    "HL": 3,
    "LQ": 1,
    "NM1": 1,
    "NTE": 1,
    "PER": 1,
    "PRV": 1,
    "PWK": 1,
    "QTY": 1,
    "REF": 1,
}
_ELEMENT = re.compile(
    r"(?P<number>\d+)(?P<usage>[RS]) (?:\((?P<parts>.+)\)|ID=(?P<codes>\S+)|(?P<kind>AN|ID|N0|R|DT|TM|DP)(?P<least>\d+)-(?P<most>\d+))"
)
_SPLIT = re.compile(r", (?![^(]*\))")


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element or component. codes: all it may hold, () when open. components: () when it is simple."""

    number: int
    required: bool
    kind: str
    least: int
    most: int
    codes: tuple[str, ...] = ()
    components: tuple[Element, ...] = ()


class Relation(NamedTuple):
    """Elements that stand or are absent together; letter as above. least: the first of them in the segment."""

    letter: str
    numbers: tuple[int, ...]
    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One segment at one place of a guide.

    Shapes   most: how often it may stand there, None for any number. order: rows of one order may come in any order
             among themselves. qualifiers: codes that tell it from its namesakes; () when nothing does.
    """

    loop: str
    name: str
    required: bool
    most: int | None
    order: int
    elements: tuple[Element, ...]
    relations: tuple[Relation, ...]

    @property
    def qualifiers(self) -> tuple[str, ...]:
        """The codes of the element that tells segments of this name apart."""
        at = QUALIFIER_AT.get(self.name)
        if at is None:
            return ()
        element = self.elements[at - 1]
        return element.components[0].codes if element.components else element.codes

    @property
    def width(self) -> int:
        """The number of the last element that may be used."""
        return max((element.number for element in self.elements if element.kind), default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """One loop: its segments, the first of which opens it, and the loops inside it. most: None for any number."""

    id: str
    required: bool
    most: int | None
    rows: tuple[Row, ...]
    loops: tuple[Loop, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Guide:
    """One guide; there is one instance of each.

    Shapes   root: the loop between ST and SE. loops: every loop by its name; one that stands in two places is the
             same in both. envelope: ISA, GS, ST and the trailers, by segment name. names: every segment name used.
    """

    code: str
    transaction: str
    functional_code: str
    root: Loop
    loops: Mapping[str, Loop]
    envelope: Mapping[str, Row]
    names: frozenset[str]

    def rows(self, loop: str, name: str, qualifier: str = "") -> tuple[Row, ...]:
        """The segments of a loop by name, and by qualifier where one is given; () when the guide has none."""
        known = self.loops.get(loop)
        if known is None:
            return ()
        named = tuple(row for row in known.rows if row.name == name)
        return tuple(row for row in named if qualifier in row.qualifiers) if qualifier else named

    def at(self, address: str) -> tuple[Row, ...]:
        """The segments at an address such as ``2300/REF*G1`` or ``2010AA/N3``; () when the guide has none there."""
        loop, _, rest = address.partition("/")
        name, _, qualifier = rest.partition("*")
        return self.rows(loop, name, qualifier)

    def segment_refusal(self, address: str) -> str:
        """Why no segment can stand at an address; "" when one can."""
        if self.at(address):
            return ""
        loop, _, rest = address.partition("/")
        name, _, qualifier = rest.partition("*")
        named = self.rows(loop, name)
        if named and qualifier:
            codes = sorted({code for row in named for code in row.qualifiers})
            return f"the guide has no such segment in this loop: {name} there is one of {', '.join(codes)}"
        return "the guide has no such segment in this loop"

    def element_refusal(self, address: str, number: int, constant: str | None = None) -> str:
        """Why an element, or a constant in it, cannot stand in the segment at an address; "" when it can."""
        rows = self.at(address)
        elements = [row.elements[number - 1] for row in rows if 0 < number <= row.width]
        used = [element for element in elements if element.kind]
        if not used:
            numbers = sorted({element.number for row in rows for element in row.elements if element.kind})
            return f"the guide uses no element {number} here, only {', '.join(map(str, numbers))}"
        if constant is None or any(not e.codes or constant in e.codes for e in used):
            return ""
        codes = sorted({code for element in used for code in element.codes})
        return f"the guide allows {', '.join(codes)} here"


def guide(*, code: str, transaction: str, functional_code: str, root: Loop, envelope: tuple[Row, ...]) -> Guide:
    """A whole guide from its root loop and its envelope."""
    loops: dict[str, Loop] = {}
    pending = [root]
    while pending:
        one = pending.pop()
        loops.setdefault(one.id, one)
        pending.extend(one.loops)
    names = {row.name for one in loops.values() for row in one.rows} | {row.name for row in envelope}
    return Guide(
        code=code,
        transaction=transaction,
        functional_code=functional_code,
        root=root,
        loops=loops,
        envelope={row.name: row for row in envelope},
        names=frozenset(names),
    )


def row(name: str, usage: str, most: int | None, elements: str, relations: str = "") -> Row:
    """One line of a guide's table, in the notation above."""
    return Row(
        loop="",
        name=name,
        required=usage == "R",
        most=most,
        order=0,
        elements=_elements(elements, ", "),
        relations=tuple(_relation(one) for one in relations.split()),
    )


def _relation(text: str) -> Relation:
    numbers = tuple(int(text[at : at + 2]) for at in range(1, len(text), 2))
    return Relation(text[0], numbers, min(numbers))


def loop(name: str, usage: str, most: int | None, rows: tuple[Row, ...], *loops: Loop) -> Loop:
    """One loop; neighbours of one name share an order, as the standard gives them one position."""
    placed: list[Row] = []
    for order, (_, neighbours) in enumerate(groupby(rows, key=lambda one: one.name)):
        placed.extend(replace(one, loop=name, order=order) for one in neighbours)
    return Loop(id=name, required=usage == "R", most=most, rows=tuple(placed), loops=loops)


def _elements(text: str, separator: str) -> tuple[Element, ...]:
    """Every element from the first to the last that is used; those between that are not used have no kind."""
    found: dict[int, Element] = {}
    for part in _SPLIT.split(text) if separator == ", " else text.split(separator):
        match = _ELEMENT.fullmatch(part.strip())
        if match is None:
            msg = f"guide notation: {part!r}"
            raise ValueError(msg)
        number = int(match["number"])
        found[number] = _element(number, match)
    last = max(found)
    unused = {n: Element(number=n, required=False, kind="", least=0, most=0) for n in range(1, last + 1)}
    return tuple((unused | found)[n] for n in range(1, last + 1))


def _element(number: int, match: re.Match[str]) -> Element:
    required = match["usage"] == "R"
    if match["parts"]:
        parts = _elements(match["parts"], " ; ")
        return Element(number=number, required=required, kind="()", least=0, most=0, components=parts)
    if match["codes"]:
        codes = tuple(match["codes"].split("|"))
        lengths = [len(code) for code in codes]
        return Element(number=number, required=required, kind="ID", least=min(lengths), most=max(lengths), codes=codes)
    return Element(
        number=number, required=required, kind=match["kind"], least=int(match["least"]), most=int(match["most"])
    )
