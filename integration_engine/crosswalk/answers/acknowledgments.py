"""TA1 and 999 into records: did the interchange arrive, was the group taken, and what was wrong where.

    TA1                                  one interchange of ours, outside of any group
    ST 999 · AK1 group
      AK2 transaction set                (repeats)
        IK3 segment · CTX                (repeats)
          IK4 element · CTX              (repeats)
        IK5 verdict on the set
    AK9 verdict on the group · SE

A 997 has the same tree under older names and is taken under a named tolerance. Source  X12.5 TA1; 005010X231A1.
"""

from __future__ import annotations

from integration_engine.core.findings import Severity
from integration_engine.crosswalk.answers.values import AnswerTolerance, Notes, given, small_number
from integration_engine.domain.answers import GroupAnswer, InterchangeAnswer, SegmentProblem, TransactionAnswer
from integration_engine.wire.x12.reading import Segment, Transaction

_CONTROL_DIGITS = 9
_OLD_NAMES = {"AK3": "IK3", "AK4": "IK4", "AK5": "IK5"}
_REASONS = range(2, 7)


def read_interchange_answer(segment: Segment, notes: Notes) -> InterchangeAnswer | None:
    """One TA1; None when it names no interchange or gives no verdict, which is noted."""
    number = segment.element(1)
    code = segment.element(4).upper()
    if not number or not code:
        notes.problem("missing", segment, "TA1-01", "This TA1 names no interchange or gives no verdict.")
        return None
    if len(number) < _CONTROL_DIGITS:
        notes.tolerate(AnswerTolerance.UNPADDED_CONTROL_NUMBER)
    return InterchangeAnswer(interchange=number.zfill(_CONTROL_DIGITS), code=code, note=segment.element(5))


def read_group_answer(transaction: Transaction, notes: Notes) -> GroupAnswer | None:
    """One 999 (or 997); None when it has no AK1, which is noted."""
    reading = _Reading(notes)
    if transaction.code == "997":
        notes.tolerate(AnswerTolerance.OLD_ACKNOWLEDGMENT)
    for segment in transaction.segments:
        reading.take(_OLD_NAMES.get(segment.name, segment.name), segment)
    notes.ends(transaction)
    return reading.finished(transaction)


class _Reading:
    """One 999 while it is read."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.ak1: Segment | None = None
        self.ak9: Segment | None = None
        self.transactions: list[TransactionAnswer] = []
        self.set_number: str | None = None
        self.problems: list[SegmentProblem] = []
        self.ik3: Segment | None = None
        self.elements: list[Segment] = []
        self.claim: str | None = None
        self.trigger: str | None = None

    def take(self, name: str, segment: Segment) -> None:
        match name:
            case "AK1":
                self.ak1 = segment
            case "AK2":
                self._without_verdict(segment)
                self.set_number = segment.element(2)
            case "IK3":
                self._close_segment()
                self.ik3 = segment
            case "IK4":
                self.elements.append(segment)
            case "CTX":
                self._context(segment)
            case "IK5":
                self._verdict(segment)
            case "AK9":
                self._without_verdict(segment)
                self.ak9 = segment

    def _context(self, segment: Segment) -> None:
        parts = segment.components(1)
        if len(parts) > 1 and parts[0].upper().startswith("CLM01"):
            self.claim = parts[1] or None
        elif parts and parts[0].upper().startswith("SITUATIONAL"):
            told = (segment.element(2), segment.element(3), "-".join(segment.components(5)))
            self.trigger = " ".join(text for text in told if text) or None

    def _close_segment(self) -> None:
        """The IK3 that is open, once for each IK4 below it."""
        ik3 = self.ik3
        if ik3 is None:
            self.elements.clear()
            return
        number = self.notes.count(ik3, 2, "2100")
        elements: list[Segment | None] = [*self.elements] or [None]
        for ik4 in elements:
            place = ik4.components(1) if ik4 is not None else ()
            element = small_number(place[0]) if place else None
            component = small_number(place[1]) if len(place) > 1 else None
            self.problems.append(
                SegmentProblem(
                    segment=ik3.element(1).upper(),
                    segment_number=number or 0,
                    loop=given(ik3.element(3)),
                    segment_code=given(ik3.element(4).upper()),
                    element=element,
                    component=component,
                    element_code=given(ik4.element(3).upper()) if ik4 is not None else None,
                    claim_number=self.claim,
                    trigger=self.trigger,
                )
            )
        self.ik3, self.claim, self.trigger = None, None, None
        self.elements.clear()

    def _verdict(self, segment: Segment) -> None:
        self._close_segment()
        reasons = tuple(reason for n in _REASONS if (reason := segment.element(n).upper()))
        self.transactions.append(
            TransactionAnswer(
                transaction=self.set_number or "",
                code=segment.element(1).upper(),
                reasons=reasons,
                problems=tuple(self.problems),
            )
        )
        if self.set_number is None:
            self.notes.problem(
                "missing", segment, "2000/AK2-02", "A verdict belongs to no transaction set.",
                "Compare the control numbers of this 999 with those of our file.",
            )  # fmt: skip
        self.set_number = None
        self.problems = []

    def _without_verdict(self, segment: Segment) -> None:
        """A set that the next one, or the end, closes without IK5: what is known of it is kept, and said."""
        self._close_segment()
        if self.set_number is None:
            return
        self.notes.problem(
            "missing", segment, "2000/IK5-01", "The transaction set before this segment has no verdict.",
            "Ask the sender whether the set was taken.",
        )  # fmt: skip
        answer = TransactionAnswer(transaction=self.set_number, code="", problems=tuple(self.problems))
        self.transactions.append(answer)
        self.set_number, self.problems = None, []

    def finished(self, transaction: Transaction) -> GroupAnswer | None:
        notes, last = self.notes, transaction.segments[-1]
        self._without_verdict(last)
        ak1, ak9 = self.ak1, self.ak9
        if ak1 is None or not ak1.element(2):
            notes.problem("missing", ak1 or last, "AK1-02", "This acknowledgment names no group of ours.")
            return None
        if ak9 is None or not ak9.element(1):
            notes.problem("missing", ak9 or last, "AK9-01", "This acknowledgment gives no verdict on the group.")
        elif ak9.element(1).upper() not in {"A", "E", "P", "R", "M", "W", "X"}:
            notes.problem(
                "unknown_code", ak9, "AK9-01", "This is no verdict that the guide knows.", severity=Severity.WARNING
            )
        return GroupAnswer(
            functional_code=ak1.element(1),
            group=ak1.element(2),
            code=ak9.element(1).upper() if ak9 else "",
            included=notes.count(ak9, 2, "999") if ak9 else None,
            received=notes.count(ak9, 3, "999") if ak9 else None,
            accepted=notes.count(ak9, 4, "999") if ak9 else None,
            reasons=tuple(reason for n in range(5, 10) if (reason := ak9.element(n).upper())) if ak9 else (),
            transactions=tuple(self.transactions),
        )
