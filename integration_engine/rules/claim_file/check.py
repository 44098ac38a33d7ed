"""May this 837P file leave? Its structure against the guide, then every question to its segments, claims and lines.

The one entry is ``check_claim_file``. It takes any bytes and never raises on what they hold. Pure: the day of judging is
given. Texts hold no values of the file. Source  X12.md §2, §4.5.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from typing import NamedTuple

from integration_engine.core.findings import Finding, Outcome, Queue, Severity
from integration_engine.rules.claim_file.facts import ClaimFacts, claim_facts
from integration_engine.rules.claim_file.questions import ALL_CLAIM_QUESTIONS
from integration_engine.rules.claim_file.records import Circumstances, ClaimFileRules, Hit, SegmentQuestion
from integration_engine.rules.claim_file.results import ClaimFileCheck, PlacedFinding
from integration_engine.rules.claim_file.segment_questions import SEGMENT_QUESTIONS
from integration_engine.rules.claim_file.subscriber_questions import SUBSCRIBER_QUESTIONS
from integration_engine.rules.claim_file.values import day
from integration_engine.rules.parameters.in_force import Parameters
from integration_engine.wire.x12.envelope_check import check_group, check_interchange, check_set
from integration_engine.wire.x12.faults import Fault
from integration_engine.wire.x12.guide_check import GuideCheck, LoopNode, Placed
from integration_engine.wire.x12.guide_compiled import CompiledGuide, compile_guide
from integration_engine.wire.x12.guides.x222a1 import GUIDE
from integration_engine.wire.x12.reading import read_interchanges
from integration_engine.wire.x12.structure import Group, Interchange, Reading, Segment, Tolerance, Transaction

_BY_NAME: dict[str, tuple[SegmentQuestion, ...]] = {
    name: tuple(question for question in SEGMENT_QUESTIONS if name in question.names)
    for question in SEGMENT_QUESTIONS
    for name in question.names
}
_UNTIDY = frozenset(
    {
        Tolerance.BYTE_ORDER_MARK,
        Tolerance.BYTES_BEFORE_INTERCHANGE,
        Tolerance.BYTES_AFTER_INTERCHANGE,
        Tolerance.LEADING_BLANKS,
        Tolerance.WRAPPED_LINES,
        Tolerance.EMPTY_SEGMENTS,
        Tolerance.MISSING_LAST_TERMINATOR,
    }
)
_NOT_CHECKED = "_not_checked"
_ENVELOPE = frozenset({"ISA", "GS", "ST", "SE", "GE", "IEA"})
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_HOLDERS = frozenset({"2000A", "2000B", "2000C"})
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e]")
_LOWER = re.compile(r"[a-z]")


def check_claim_file(data: bytes, rules: ClaimFileRules, parameters: Parameters, as_of: date) -> ClaimFileCheck:
    """Everything wrong or doubtful about one 837P file, whatever the bytes are.

    Shapes   as_of: the day in the practice's zone; what lies after it lies in the future.
    """
    return _Check(data, Circumstances(as_of=as_of, rules=rules, parameters=parameters)).run()


class _Span(NamedTuple):
    """Segments of a provider, subscriber, patient or claim, and the claims that lie there."""

    first: int
    last: int
    numbers: tuple[str, ...]
    is_claim: bool


class _Check:
    """One file being checked; findings gather as it is read."""

    def __init__(self, data: bytes, circumstances: Circumstances) -> None:
        self.data = data
        self.reading: Reading = read_interchanges(data)
        self.circumstances = circumstances
        self.edits = circumstances.rules.edits
        self.found: list[PlacedFinding] = []
        self.spans: list[_Span] = []
        self.ordered: list[_Span] = []
        self.numbers: set[str] = set()
        self.references: set[str] = set()
        self.interchanges: set[str] = set()
        self.told: set[tuple[str, str]] = set()
        self.claims = 0
        self.untidy = False

    def run(self) -> ClaimFileCheck:
        self._bytes()
        for interchange in self.reading.interchanges:
            guide = compile_guide(GUIDE, interchange.separators)
            self.untidy = _needs_a_closer_look(interchange)
            self._faults(check_interchange(interchange, guide))
            self._envelope_text(interchange.isa, day(f"20{interchange.isa.element(9)}"), "ISA-09")
            sets: set[str] = set()
            self._repeated(self.interchanges, interchange.isa, interchange.isa.element(13), "ISA-13")
            groups: set[str] = set()
            for group in interchange.groups:
                if group.gs is not None:
                    self._repeated(groups, group.gs, group.gs.element(6), "GS-06")
                if not group.transactions or any(map(_is_claim_set, group.transactions)):
                    self._faults(check_group(group, guide))
                if group.gs is not None:
                    self._envelope_text(group.gs, day(group.gs.element(4)), "GS-04")
                for transaction in group.transactions:
                    self._set(interchange, group, transaction, guide, sets)
        ordered = sorted(self.found, key=lambda one: one.offset)
        return ClaimFileCheck(placed=tuple(ordered), claims=self.claims)

    # --- the file ----------------------------------------------------------------------------------------------------

    def _bytes(self) -> None:
        if self.data.startswith(_WIDE):  # readable here, and by no receiver
            self._tell("character_not_allowed", "file", 0, 0, detail="every character takes two bytes (UTF-16)")
        for why, alike in groupby(self.reading.problems, key=lambda problem: problem.why):
            first, *rest = alike  # what a missing header leaves outside is told once, not segment by segment
            detail = f"{why}; so do {len(rest)} after it" if rest else why
            self._tell("unreadable", first.where, 0, first.offset, detail=detail)
        for used in self.reading.tolerances:
            if used.tolerance in _UNTIDY:
                what = used.tolerance.value.replace("_", " ")
                self._tell("tolerated_bytes", "file", 0, used.offset, detail=f"{what}, {used.count} times")
            elif used.tolerance is Tolerance.SEVERAL_INTERCHANGES:
                self._tell("several_interchanges", "ISA", 0, used.offset, detail=f"{used.count + 1} interchanges")

    def _repeated(self, earlier: set[str], segment: Segment, number: str, where: str) -> None:
        """An interchange of the file, or a group of an interchange, with the control number of one before it."""
        if number and number in earlier:
            self._tell("control_number_repeats", where, 0, segment.offset)
        earlier.add(number)

    def _envelope_text(self, segment: Segment, written: date | None, where: str) -> None:
        """Dates and characters of ISA and GS; whether they have the form of dates the guide check tells."""
        if written is not None and written > self.circumstances.as_of:
            self._tell("header_date", where, 0, segment.offset)
        blank = segment.name == "GS" and any(value != value.strip() for value in segment.elements)
        if blank:
            self._tell("surrounding_blank", segment.name, 0, segment.offset)
        if _NOT_PRINTABLE.search(segment.text):
            self._tell("character_not_allowed", segment.name, 0, segment.offset)

    def _set(
        self, interchange: Interchange, group: Group, transaction: Transaction, guide: CompiledGuide, sets: set[str]
    ) -> None:
        st = transaction.st
        if not _is_claim_set(transaction):
            self._tell("not_a_claim_file", "ST-01", st.number, st.offset)
            return
        self._faults(check_set(transaction, group, guide, sets))
        sets.add(transaction.control_number)
        self.spans, self.ordered = [], []
        before = self.claims
        check = GuideCheck(guide, transaction)
        held: list[tuple[Hit, LoopNode]] = []
        for node in check.loops():
            if node.id == "2300":
                self._claim(node)
            else:
                held.extend((hit, node) for hit in self._around(node))
        for hit, node in held:
            self._hit(hit, self._below(hit.at.segment.number), self._payer(node))
        self._faults(check.faults)
        self._faults(check.remarks, "harmless_order")
        limit = self.circumstances.limit("claims_in_set")
        if limit is not None and self.claims - before > limit:
            self._tell("claims_in_set", "ST", st.number, st.offset, detail=f"{self.claims - before} claims")

    # --- loops -------------------------------------------------------------------------------------------------------

    def _around(self, node: LoopNode) -> Iterator[Hit]:
        """What is asked of a provider, subscriber, patient or header; its claims were asked before."""
        yield from self._segments(node)
        if node.id == "2000B":
            coverage = node.find("SBR")
            if coverage is not None:
                for _, ask in SUBSCRIBER_QUESTIONS:
                    yield from ask(node, coverage, self.circumstances)
        if node.id in _HOLDERS:
            self._remember(node)
        header = node.find("BHT") if not node.id else None
        if header is not None:
            if header.element(3) in self.references:
                yield Hit("transmission_repeats", header, 3)
            self.references.add(header.element(3))

    def _remember(self, node: LoopNode) -> None:
        """Which claims lie below, so that an error of a provider, subscriber or patient holds them."""
        start = last = node.start.number
        ours: list[tuple[str, ...]] = []
        for span in reversed(self.spans):
            if span.first < start:
                break
            last = max(last, span.last)
            if span.is_claim:
                ours.append(span.numbers)
        numbers = tuple(dict.fromkeys(number for claim in reversed(ours) for number in claim))
        self.spans.append(_Span(start, last, numbers, is_claim=False))

    def _below(self, segment: int) -> tuple[str, ...]:
        """The claims that an error at a segment holds: those of the narrowest span around it."""
        if len(self.ordered) != len(self.spans):
            self.ordered = sorted(self.spans)
        at = bisect_right(self.ordered, segment, key=lambda span: span.first)
        while at:
            at -= 1
            if self.ordered[at].last >= segment:
                return self.ordered[at].numbers
        return ()

    def _claim(self, node: LoopNode) -> None:
        self.claims += 1
        claim = claim_facts(node)
        number = claim.at.element(1) if claim else ""
        last = _last_segment(node)
        self.spans.append(_Span(node.start.number, last, (number,) if number else (), is_claim=True))
        hits: list[Hit] = list(self._segments(node))
        if claim is not None:
            hits.extend(self._claim_hits(claim, number))
        payer = self._payer(node) if hits else ""
        first_day = claim.first_day if claim else None
        for hit in hits:
            self._hit(hit, (number,) if number else (), payer, first_day)

    def _claim_hits(self, claim: ClaimFacts, number: str) -> Iterator[Hit]:
        if number in self.numbers:
            yield Hit("claim_number_repeats", claim.at, 1)
        self.numbers.add(number)
        for _, ask in ALL_CLAIM_QUESTIONS:
            yield from ask(claim, self.circumstances)

    def _segments(self, node: LoopNode) -> Iterator[Hit]:
        circumstances, untidy = self.circumstances, self.untidy
        for placed in node.segments:
            for question in _BY_NAME.get(placed.parts[0], ()):
                yield from question.ask(placed, node, circumstances)
            if untidy:
                yield from _text(placed)
        for child in node.children:
            yield from self._segments(child)

    @staticmethod
    def _payer(node: LoopNode) -> str:
        """NM109 of the payer the claims go to, for edits limited to payers."""
        subscriber = node if node.id == "2000B" else node.around("2000B")
        payer = subscriber.loop("2010BB") if subscriber else None
        name = payer.find("NM1") if payer else None
        return name.element(9) if name else ""

    # --- telling -----------------------------------------------------------------------------------------------------

    def _faults(self, faults: Iterable[Fault], edit: str = "structure") -> None:
        for fault in faults:
            numbers = (fault.claim_number,) if fault.claim_number else self._below(fault.segment_number)
            self._tell(
                "envelope" if fault.position.partition("-")[0] in _ENVELOPE else edit,
                fault.position,
                fault.segment_number,
                fault.offset,
                numbers=numbers,
                line=fault.line_number,
                text=f"{fault.text[:1].upper()}{fault.text[1:]}.",
                code=f"{fault.level} {fault.code}",
            )

    def _hit(self, hit: Hit, numbers: tuple[str, ...], payer: str, on: date | None = None) -> None:
        edit = self.edits.get(hit.id)
        if edit is None or (edit.payers and payer not in edit.payers):
            return
        if not edit.in_force.find(on or self.circumstances.as_of):
            return
        segment = hit.at.segment
        if hit.id.endswith(_NOT_CHECKED):  # what a list does not hold is told once a file
            code = (hit.id, hit.at.component(hit.element, hit.component))
            if code in self.told:
                return
            self.told.add(code)
        self._tell(
            hit.id,
            hit.at.position(hit.element, hit.component),
            segment.number,
            segment.offset,
            numbers=numbers,
            expected=hit.expected,
        )

    def _tell(
        self,
        name: str,
        where: str,
        segment: int,
        offset: int,
        *,
        numbers: tuple[str, ...] = (),
        line: str = "",
        text: str = "",
        detail: str = "",
        expected: str = "",
        code: str = "",
    ) -> None:
        edit = self.edits.get(name)
        if edit is None:
            return
        finding = Finding(
            id=edit.id,
            severity=edit.severity,
            text=text or (f"{edit.text.rstrip('.')}: {detail}." if detail else edit.text),
            fix=edit.fix,
            why=edit.why,
            owner=edit.owner,
            subject=f"837P {where}",
            position=where,
            expected=expected,
            queue=Queue.EDITS if edit.severity is Severity.ERROR else None,
            outcome=Outcome.NOT_CHECKED if name.endswith(_NOT_CHECKED) else Outcome.FAIL,
            citation=edit.citation,
        )
        self.found.append(
            PlacedFinding(
                finding=finding,
                claim_numbers=numbers,
                line_number=line,
                segment_number=segment,
                offset=offset,
                code=code,
            )
        )


def _is_claim_set(transaction: Transaction) -> bool:
    """A professional claim, in this version of its guide or a neighbouring one; institutional and dental ones are not."""
    return transaction.code == GUIDE.transaction and transaction.st.element(3)[:10] in {"", GUIDE.code[:10]}


def _last_segment(node: LoopNode) -> int:
    while node.children:
        node = node.children[-1]
    return node.segments[-1].segment.number if node.segments else node.start.number


def _needs_a_closer_look(interchange: Interchange) -> bool:
    """Does any segment hold a blank at an edge, a stray separator, or a character to tell of? One look, in C."""
    separators = interchange.separators
    edges = re.escape(separators.element + separators.component)
    odd = re.compile(
        rf"[{edges}] | [{edges}]| \Z|[^\x20-\x7e]|[a-z]"
        + (f"|{re.escape(separators.repetition)}" if separators.repetition else "")
    ).search
    return any(
        odd(segment.text)
        for group in interchange.groups
        for transaction in group.transactions
        for segment in transaction.segments
    )


def _text(placed: Placed) -> Iterator[Hit]:
    """Characters and blanks of one segment's values."""
    separators = placed.segment.separators
    told: set[str] = set()
    for number, value in enumerate(placed.parts[1:], start=1):
        for part, piece in enumerate(value.split(separators.component), start=1):
            at = (number, part if separators.component in value else 0)
            if piece != piece.strip():
                yield Hit("surrounding_blank", placed, *at)
            if _NOT_PRINTABLE.search(piece):
                yield Hit("character_not_allowed", placed, *at)
            if separators.repetition and separators.repetition in piece:
                yield Hit("separator_in_data", placed, *at)
            if "lower_case" not in told and _LOWER.search(piece):
                told.add("lower_case")
                yield Hit("lower_case", placed, *at)
