"""Where in a file of ours a 999 points: segment number and element back to loop, position, claim and the field it came from.

A 999 counts segments from ST and names loops only sometimes; our own file, read again by the guide, knows the rest.
Source  005010X231A1 IK302, IK303, IK401; the table of claim_table.py read backwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from integration_engine.crosswalk.claim_table import ClaimTable
from integration_engine.domain.answers import SegmentProblem
from integration_engine.wire.x12.guide_check import GuideCheck, LoopNode, Placed
from integration_engine.wire.x12.guide_compiled import compile_guide
from integration_engine.wire.x12.guides.x222a1 import GUIDE
from integration_engine.wire.x12.reading import read_interchanges

_CLAIM = "2300"
_RANKS = {"20": 0, "22": 1, "23": 2}  # HL03: provider, subscriber, patient


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlaces:
    """One transaction set of ours, asked by segment number counted from ST.

    Shapes   claims: segment number → claim number, for the segments from CLM to the last of its lines.
    """

    segments: Mapping[int, Placed]
    claims: Mapping[int, str]

    def claims_at(self, number: int) -> tuple[str, ...]:
        """The claims that a segment belongs to: its own, or every claim below its provider, subscriber or patient."""
        if number in self.claims:
            return (self.claims[number],)
        first, rank = 0, -1
        last = max(self.segments, default=0) + 1
        for at in sorted(self.segments):
            level = _RANKS.get(self._level(at), -1)
            if level < 0:
                continue
            if at <= number:
                first, rank = at, level
            elif level <= rank:
                last = at
                break
        inside = (claim for at, claim in sorted(self.claims.items()) if first <= at < last)
        return tuple(dict.fromkeys(inside))

    def _level(self, number: int) -> str:
        placed = self.segments[number]
        return placed.element(3) if placed.segment.name == "HL" else ""

    def position(self, number: int, element: int | None = None, component: int | None = None) -> str | None:
        """``2300/CLM-05-3``; None for a segment that the file does not have."""
        placed = self.segments.get(number)
        return placed.position(element or 0, component or 0) if placed is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemPlace:
    """Where one problem of a 999 lies.

    Shapes   position: as exact as the answer and our file allow. field: the claim field that is written there
             (``claim.total_charge``); model_field: the field of the therapy model (``treatment.code``). None: not known.
    """

    position: str
    claim_number: str | None = None
    field: str | None = None
    model_field: str | None = None


def read_places(data: bytes) -> Mapping[str, FilePlaces]:
    """The places of an 837P of ours, by transaction set control number (ST02)."""
    found = {}
    for interchange, _, transaction in read_interchanges(data).transactions:
        if transaction.code != GUIDE.transaction:
            continue
        segments: dict[int, Placed] = {}
        claims: dict[int, str] = {}
        for node in GuideCheck(compile_guide(GUIDE, interchange.separators), transaction).loops():
            for inner, claim in _inside(node, ""):
                for placed in inner.segments:
                    segments[placed.segment.number] = placed
                    if claim:
                        claims[placed.segment.number] = claim
        found[transaction.control_number] = FilePlaces(segments=segments, claims=claims)
    return found


def place_of(problem: SegmentProblem, table: ClaimTable, places: FilePlaces | None = None) -> ProblemPlace:
    """Where a problem lies, by our own file where it is at hand, else by what the 999 says of it.

    Shapes   places: of the transaction set that the problem speaks of (``read_places``). A segment that is missing is
             reported at the place before which it should stand, so no position of ours is looked up for it.
    """
    position = _stated(problem)
    claim = problem.claim_number
    if places is not None:
        placed = places.segments.get(problem.segment_number)
        if placed is not None and placed.segment.name == problem.segment:
            position = placed.position(problem.element or 0, problem.component or 0)
        claim = claim or places.claims.get(problem.segment_number)
    return ProblemPlace(
        position=position,
        claim_number=claim,
        field=field_at(table, position),
        model_field=model_field_at(table, position),
    )


def field_at(table: ClaimTable, position: str) -> str | None:
    """The claim field written at a position; components and repeated elements belong to the element that writes them."""
    segment, _, rest = position.partition("-")
    element = rest.partition("-")[0]
    if not element.isdigit():
        return None
    for number in range(int(element), 0, -1):  # an element that is spread over several is written from its first
        found = table.locate(f"{segment}-{number:02d}")
        if found is not None:
            return (found or None) if number == int(element) or _is_spread(found) else None  # "": a constant
    return None


def model_field_at(table: ClaimTable, position: str) -> str | None:
    """The therapy-model field that a position is written from."""
    targets = table.targets()
    exact = [name for name, target in targets.items() if target == position]
    if exact:
        return exact[0]
    field = field_at(table, position)
    if field is None:
        return None
    base = position.partition("-")[0]
    near = [name for name, target in targets.items() if target.partition("-")[0] == base and _same(target, position)]
    return near[0] if near else None


def _same(target: str, position: str) -> bool:
    """The same element, whichever component."""
    return target.split("-")[1:2] == position.split("-")[1:2]


def _is_spread(field: str) -> bool:
    return field.endswith(("_composites", "_triples", "_codes"))


def _stated(problem: SegmentProblem) -> str:
    text = f"{problem.loop or '?'}/{problem.segment}"
    if problem.element is not None:
        text += f"-{problem.element:02d}"
        if problem.component is not None:
            text += f"-{problem.component}"
    return text


def _inside(node: LoopNode, claim: str) -> Iterator[tuple[LoopNode, str]]:
    if node.id == _CLAIM and node.segments:
        claim = node.segments[0].element(1)
    yield node, claim
    for child in node.children:
        yield from _inside(child, claim)
