"""Is a transaction set as its guide has it? Loops, order, repeats, required segments, elements, hierarchy, and counts.

One pass, segment by segment: the expression of guide_compiled says yes at once, guide_explain says what is wrong. What
the set holds is handed on loop by loop while it is read, so that rules above this look at the same tree and no file is
too long. Whether the values make sense together is theirs to say. Source  X222A1; X12.5; X231A1 (codes).
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from integration_engine.wire.x12.faults import Fault, Level, position
from integration_engine.wire.x12.guide_compiled import CompiledGuide, Key, Kind, Move, Place, State
from integration_engine.wire.x12.guide_explain import Complaint, explain, relation_complaints
from integration_engine.wire.x12.guides.records import QUALIFIER_AT
from integration_engine.wire.x12.structure import Segment, Transaction

HANDED_ON = frozenset({"2000A", "2000B", "2000C", "2300", ""})
_HIERARCHY = frozenset({"2000A", "2000B", "2000C"})
_CLAIM, _LINE = "2300", "2400"


class Placed:
    """One segment where the guide has it. parts: name, then the elements."""

    __slots__ = ("parts", "place", "segment")

    def __init__(self, place: Place, segment: Segment, parts: list[str]) -> None:
        self.place = place
        self.segment = segment
        self.parts = parts

    def element(self, number: int) -> str:
        """Element ``number`` as sent; "" when it is absent."""
        return self.parts[number] if number < len(self.parts) else ""

    def component(self, number: int, part: int) -> str:
        """Component ``part`` of an element; "" when it is absent."""
        if number >= len(self.parts):
            return ""
        parts = self.parts[number].split(self.segment.separators.component)
        return parts[part - 1] if part <= len(parts) else ""

    def position(self, number: int = 0, part: int = 0) -> str:
        """``2300/CLM-05-3``."""
        return position(self.place.row, self.parts, self.segment.separators.component, number, part)


class LoopNode:
    """One occurrence of a loop.

    Shapes   segments: in the order they came. children: loops inside, without those already handed on. seen: how
             often each loop inside came, handed on or not. order, inner: how far segments and loops have come in the
             guide's order. level: HL01 of a hierarchical loop.
    """

    __slots__ = ("above", "children", "counts", "inner", "level", "order", "seen", "segments", "start", "state")

    def __init__(self, state: State, above: LoopNode | None, start: Segment) -> None:
        self.state = state
        self.above = above
        self.start = start
        self.segments: list[Placed] = []
        self.children: list[LoopNode] = []
        self.counts: dict[int, int] = {}
        self.seen: dict[str, int] = {}
        self.order = 0
        self.inner = (0, 0)
        self.level = ""

    @property
    def id(self) -> str:
        """``2010AA``."""
        return self.state.loop.id

    def find(self, name: str, code: str = "") -> Placed | None:
        """The first segment of a name, and of a qualifier (element 1) where one is given."""
        for placed in self.segments:
            if placed.parts[0] == name and (not code or placed.element(1) == code):
                return placed
        return None

    def all(self, name: str, code: str = "") -> list[Placed]:
        """Every segment of a name, and of a qualifier where one is given."""
        return [p for p in self.segments if p.parts[0] == name and (not code or p.element(1) == code)]

    def loop(self, loop: str) -> LoopNode | None:
        """The first loop inside of a name."""
        for child in self.children:
            if child.state.loop.id == loop:
                return child
        return None

    def loops(self, loop: str) -> list[LoopNode]:
        """Every loop inside of a name."""
        return [child for child in self.children if child.state.loop.id == loop]

    def around(self, loop: str) -> LoopNode | None:
        """The loop of a name that this one lies in."""
        node = self.above
        while node is not None and node.state.loop.id != loop:
            node = node.above
        return node


class GuideCheck:
    """One check of one transaction set. Go through ``loops``; ``faults`` is whole when it has ended.

    Shapes   remarks: what stands in another order than the guide lists it, where the order means nothing.
    """

    def __init__(self, guide: CompiledGuide, transaction: Transaction) -> None:
        self.guide = guide
        self.faults: list[Fault] = []
        self.remarks: list[Fault] = []
        self._segments: Sequence[Segment] = transaction.segments
        self._end = transaction.se
        self._component = guide.separators.component
        self._claim = ""
        self._line = ""
        self._levels = 0

    def loops(self) -> Iterator[LoopNode]:
        """Every provider, subscriber, patient and claim loop when it is complete, innermost first, the whole set last."""
        separator = self.guide.separators.element
        node = LoopNode(self.guide.root, None, self._segments[0])
        body = self._segments[1:-1] if self._end is not None else self._segments[1:]
        for segment in body:
            parts = segment.text.split(separator)
            move = node.state.moves.get(self._key(parts))
            if move is None or move.kind is not Kind.PROPER:
                move = self._unexpected(node, move, segment, parts)
                if move is None:
                    continue
            if move.up:
                node = yield from self._leave(node, move.up)
            if move.opens is not None:
                node = self._open(node, move.opens, segment)
            self._put(node, move, segment, parts)
        yield from self._leave(node, None)

    def _key(self, parts: list[str]) -> Key:
        name = parts[0]
        at = QUALIFIER_AT.get(name, 0)
        code = parts[at] if 0 < at < len(parts) else ""
        return (name, code.partition(self._component)[0]) if name == "HI" else (name, code)

    def _leave(self, node: LoopNode, up: int | None) -> Generator[LoopNode, None, LoopNode]:
        """Close so many loops, or with None all of them, and hand on those that are wanted."""
        closed = 0
        while up is None or closed < up:
            self._close(node)
            if node.state.loop.id in HANDED_ON:
                yield node
                _let_go(node)
            closed += 1
            if node.above is None:
                break
            node = node.above
        return node

    def _put(self, node: LoopNode, move: Move, segment: Segment, parts: list[str]) -> None:
        place = move.places[0]
        if len(move.places) > 1:
            place = next((one for one in move.places if one.match(segment.text)), place)
        row = place.row
        node.segments.append(Placed(place, segment, parts))
        count = node.counts[place.number] = node.counts.get(place.number, 0) + 1
        if parts[0] == "CLM":
            self._claim, self._line = (parts[1] if len(parts) > 1 else ""), ""
        elif parts[0] == "LX":
            self._line = parts[1] if len(parts) > 1 else ""
        elif parts[0] == "HL":
            self._level(node, segment, parts)
        if row.order < node.order:
            self._fault(Level.SEGMENT, "7", place, segment, parts, "this segment stands after those it should precede")
        else:
            node.order = row.order
        if row.most is not None and count > row.most:
            often = "once" if row.most == 1 else f"{row.most} times"
            self._fault(Level.SEGMENT, "5", place, segment, parts, f"the guide has this segment at most {often} here")
        if place.match(segment.text) is None:
            self._complain(place, segment, parts, explain(row, parts, self.guide.separators))
        if row.relations:
            self._complain(place, segment, parts, relation_complaints(row, parts))

    def _complain(self, place: Place, segment: Segment, parts: list[str], complaints: Iterator[Complaint]) -> None:
        for code, element, part, text in complaints:
            self._fault(Level.ELEMENT, code, place, segment, parts, text, element, part)

    def _fault(
        self,
        level: Level,
        code: str,
        place: Place,
        segment: Segment,
        parts: list[str],
        text: str,
        element: int = 0,
        part: int = 0,
    ) -> None:
        where = position(place.row, parts, self._component, element, part)
        self._say(level, code, where, text, segment)

    def _say(
        self, level: Level, code: str, where: str, text: str, segment: Segment, into: list[Fault] | None = None
    ) -> None:
        (self.faults if into is None else into).append(
            Fault(
                level=level,
                code=code,
                position=where,
                text=text,
                segment_number=segment.number,
                offset=segment.offset,
                claim_number=self._claim,
                line_number=self._line,
            )
        )

    # --- loops -------------------------------------------------------------------------------------------------------

    def _open(self, above: LoopNode, state: State, segment: Segment) -> LoopNode:
        node = LoopNode(state, above, segment)
        above.children.append(node)
        loop = state.loop
        count = above.seen[loop.id] = above.seen.get(loop.id, 0) + 1
        if loop.id == _CLAIM:
            self._claim = self._line = ""
        where = f"{loop.id}/{state.places[0].row.name}"
        if state.order < above.inner:
            text = "this loop stands after those it should precede"
            if state.order[0] < above.inner[0] or loop.required:
                self._say(Level.SEGMENT, "7", where, text, segment)
            else:
                self._say(Level.SEGMENT, "7", where, text, segment, self.remarks)
        else:
            above.inner = state.order
        if loop.most is not None and count > loop.most:
            self._say(Level.SEGMENT, "4", where, f"the guide has this loop at most {loop.most} times here", segment)
        return node

    def _close(self, node: LoopNode) -> None:
        state = node.state
        if not node.counts.keys() >= state.required:
            for place in state.places:
                if place.row.required and place.number not in node.counts:
                    where = position(place.row, [], self._component)
                    if len(place.row.qualifiers) == 1 and place.row.name != "HL":
                        where = f"{where}*{place.row.qualifiers[0]}"
                    self._say(Level.SEGMENT, "3", where, "the guide requires this segment here", node.start)
        for child in state.children:
            if child.loop.required and child.loop.id not in node.seen:
                opener = child.places[0].row
                where = f"{child.loop.id}/{opener.name}"
                if len(opener.qualifiers) == 1 and opener.name != "HL":
                    where = f"{where}*{opener.qualifiers[0]}"
                self._say(Level.SEGMENT, "I7", where, "the guide requires this loop here", node.start)
        if state.loop.id in _HIERARCHY:
            self._children_told(node)
        if state.loop.id == _CLAIM:
            self._claim = self._line = ""

    def _unexpected(self, node: LoopNode, move: Move | None, segment: Segment, parts: list[str]) -> Move | None:
        """A segment that cannot stand here: said, and put where it most likely belongs, so that reading goes on."""
        if move is None:
            move = node.state.moves.get((parts[0], ""))
            if move is not None and move.kind is Kind.PROPER:
                return move
        if move is None:
            self._unknown(node, segment, parts)
            return None
        place = move.places[0]
        if move.kind is Kind.OPENER_MISSING:
            assert move.opens is not None
            return move
        self._fault(Level.SEGMENT, "7", place, segment, parts, "this segment stands after those it should precede")
        target = node
        for _ in range(move.up):
            assert target.above is not None
            target = target.above
        order, target.order = target.order, 0
        self._put(target, move, segment, parts)
        target.order = order
        return None

    def _unknown(self, node: LoopNode, segment: Segment, parts: list[str]) -> None:
        name = parts[0]
        loop = node.state.loop.id
        shown = name or "segment"
        where = f"{loop}/{shown}" if loop else shown
        if name not in self.guide.guide.names:
            self._say(Level.SEGMENT, "1", where, "the guide knows no segment of this name", segment)
            return
        codes = sorted({code for known, code in node.state.moves if known == name})
        told = f"; {name} may have {', '.join(codes)} here" if any(codes) else ""
        self._say(Level.SEGMENT, "2", where, f"the guide does not have this segment here{told}", segment)

    # --- hierarchy ---------------------------------------------------------------------------------------------------

    def _level(self, node: LoopNode, segment: Segment, parts: list[str]) -> None:
        self._levels += 1
        own, parent = (*parts[1:3], "", "")[:2]
        node.level = own
        place = node.state.places[0]
        if own != str(self._levels):
            text = f"levels are numbered 1, 2, 3 in each set: this is the {self._levels}th"
            self._fault(Level.ELEMENT, "7", place, segment, parts, text, 1)
        expected = node.above.level if node.above is not None else ""
        if parent != expected and (parent or node.id != "2000A"):
            text = "this names another level than the one it lies in"
            self._fault(Level.ELEMENT, "7", place, segment, parts, text, 2)

    def _children_told(self, node: LoopNode) -> None:
        """HL04 says whether levels lie below; a subscriber or patient without a claim says nothing at all."""
        told = node.find("HL")
        inner = {"2000A": "2000B", "2000B": "2000C"}.get(node.id, "")
        below = node.seen.get(inner, 0) if inner else 0
        if told is not None and node.id == "2000B" and (told.element(4) == "1") is not (below > 0):
            text = "levels lie below this one: 1" if below else "no level lies below this one: 0"
            self._fault(Level.ELEMENT, "7", told.place, told.segment, told.parts, text, 4)
        if node.id == "2000B" and not below and not node.seen.get(_CLAIM):
            self._say(Level.SEGMENT, "I7", "2300/CLM", "this subscriber has neither a claim nor a patient", node.start)


def _let_go(node: LoopNode) -> None:
    """What was handed on is forgotten, so that a file of any length is read in little memory."""
    if node.above is not None:
        node.above.children.remove(node)
    node.children.clear()
