"""Amounts, dates and counts of an answer, and a note of each that cannot be read: where it stands, never what it holds.

Nothing is guessed: what cannot be read comes back as None with a problem, and the reader leaves out what hangs on it.
Source  X12.5 data types R, N0, DT; core money for whole cents.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from integration_engine.core.codes import Modifier, parse_modifier
from integration_engine.core.findings import Finding, Queue, Severity
from integration_engine.core.money import parse_money
from integration_engine.domain.parties import PersonName
from integration_engine.wire.x12.reading import Segment, Transaction

_AMOUNT = re.compile(r"-?(?:\d{1,13}(?:\.\d{0,6})?|\.\d{1,6})", re.ASCII)
_COUNT = re.compile(r"\d{1,10}", re.ASCII)
_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})(?:-\d{8}|\d{4})?", re.ASCII)
_PLACE = re.compile(r"[1-9]\d?", re.ASCII)
_NOTHING = re.compile(r"[0 ]*")
MOST_OF_A_KIND = 20  # problems of one kind in one transaction set that are named one by one


class AnswerTolerance(StrEnum):
    """What was taken from an answer although its guide says otherwise."""

    ZERO_ADJUSTMENT = "zero_adjustment"
    OTHER_GUIDE_VERSION = "other_guide_version"
    OLD_ACKNOWLEDGMENT = "old_acknowledgment_997"
    SEGMENT_COUNT_DIFFERS = "segment_count_differs"
    CONTROL_NUMBER_DIFFERS = "control_number_differs"
    UNPADDED_CONTROL_NUMBER = "unpadded_control_number"
    NUL_PADDING = "nul_padding"
    CLAIM_NUMBER_OF_ZEROS = "claim_number_of_zeros"


class Notes:
    """Problems and tolerances of one transaction set while it is read.

    Shapes   label: ``835 0001``, transaction and ST02. errors: how many problems take something out of the answer.
    Why      A garbled file has hundreds of thousands of problems of one kind: the first are kept, the others counted.
    """

    def __init__(self, label: str, queue: Queue) -> None:
        self.label = label
        self.queue = queue
        self.errors = 0
        self.tolerances: Counter[str] = Counter()
        self._kept: list[Finding] = []
        self._kinds: Counter[tuple[str, str, str]] = Counter()

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What was noted; of very many alike the first ones, of which the very first says how many they are."""
        counts = {kind: count for kind, count in self._kinds.items() if count > MOST_OF_A_KIND}
        found = []
        for one in self._kept:
            count = counts.pop((one.id, one.position.partition(", ")[2], one.text), 0)
            found.append(replace(one, text=f"{one.text} It stands in {count} places.") if count else one)
        return tuple(found)

    def tolerate(self, tolerance: AnswerTolerance, count: int = 1) -> None:
        """Count one use of a tolerance."""
        self.tolerances[tolerance.value] += count

    def problem(
        self,
        what: str,
        segment: Segment,
        place: str,
        text: str,
        fix: str = "Ask the sender for a corrected file, or post this part by hand from the paper answer.",
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note what is wrong at ``place`` (``2100/CLP-03``) of a segment."""
        self.errors += severity is Severity.ERROR
        kind = (f"answers.{what}", place, text)
        self._kinds[kind] += 1
        if self._kinds[kind] > MOST_OF_A_KIND:
            return
        self._kept.append(
            Finding(
                id=f"answers.{what}",
                severity=severity,
                text=text,
                fix=fix,
                owner="biller",
                subject=self.label,
                position=f"segment {segment.number}, {place}",
                queue=self.queue,
            )
        )

    # --- values -------------------------------------------------------------------------------------------------------

    def amount(self, segment: Segment, number: int, loop: str, *, required: bool = False) -> Decimal | None:
        """Dollars of an element; None when it is absent or cannot be read, which is noted."""
        text = segment.element(number)
        place = f"{loop}/{segment.name}-{number:02d}"
        if not text:
            if required:
                self.problem("missing", segment, place, "An amount that the guide requires is missing.")
            return None
        found = amount(text)
        if found is None:
            self.problem("unreadable_amount", segment, place, "This is no amount in dollars and whole cents.")
        return found

    def quantity(self, segment: Segment, number: int, loop: str) -> Decimal | None:
        """A quantity; None when absent or unreadable, which is noted as a warning since no money hangs on it."""
        text = segment.element(number)
        if not text:
            return None
        if _AMOUNT.fullmatch(text) is None:
            place = f"{loop}/{segment.name}-{number:02d}"
            self.problem(
                "unreadable_quantity", segment, place, "This is no quantity.", severity=Severity.WARNING, fix=_NOT_USED
            )
            return None
        return Decimal(text)

    def count(self, segment: Segment, number: int, loop: str) -> int | None:
        """A whole number; None when absent or unreadable, which is noted as a warning."""
        text = segment.element(number)
        if not text:
            return None
        if _COUNT.fullmatch(text) is None:
            place = f"{loop}/{segment.name}-{number:02d}"
            self.problem(
                "unreadable_count", segment, place, "This is no count.", severity=Severity.WARNING, fix=_NOT_USED
            )
            return None
        return int(text)

    def day(self, segment: Segment, number: int, loop: str) -> date | None:
        """A date, the first of a span; None when absent or no real date, which is noted as a warning."""
        text = segment.element(number)
        if not text:
            return None
        match = _DATE.fullmatch(text)
        try:
            if match is not None:
                return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass
        place = f"{loop}/{segment.name}-{number:02d}"
        self.problem("unreadable_date", segment, place, "This is no date.", severity=Severity.WARNING, fix=_NOT_USED)
        return None

    def modifiers(self, segment: Segment, number: int, loop: str, parts: tuple[str, ...]) -> tuple[Modifier, ...]:
        """The modifiers among the components of a procedure; one of another shape is noted and left out."""
        found = []
        for text in parts:
            if not text:
                continue
            try:
                found.append(parse_modifier(text))
            except ValueError:
                place = f"{loop}/{segment.name}-{number:02d}"
                self.problem(
                    "unreadable_modifier", segment, place, "A modifier has two characters; this one has not.",
                    severity=Severity.WARNING, fix=_NOT_USED,
                )  # fmt: skip
        return tuple(found)

    def ends(self, transaction: Transaction) -> None:
        """Note an end that is missing, or that counts other segments than came."""
        last, se = transaction.segments[-1], transaction.se
        if se is None:
            self.problem(
                "cut_off", last, "SE-01", "The transaction set has no end: what follows this segment is missing.",
                "Ask the sender to send the file again; it was cut off on the way.",
            )  # fmt: skip
            return
        if se.element(1).lstrip("0") != str(len(transaction.segments)):
            self.tolerate(AnswerTolerance.SEGMENT_COUNT_DIFFERS)
            self.problem(
                "segment_count", se, "SE-01", "The sender counted other segments than arrived.", severity=Severity.WARNING,
                fix="If amounts do not balance either, ask the sender for the file again.",
            )  # fmt: skip
        if se.element(2) != transaction.control_number:
            self.tolerate(AnswerTolerance.CONTROL_NUMBER_DIFFERS)


_NOT_USED = "Nothing was taken from this element; tell the sender if it comes again."


def amount(text: str) -> Decimal | None:
    """Dollars from an X12 amount, or None: no exponent, no plus, whole cents, at most 13 digits before the point."""
    if _AMOUNT.fullmatch(text) is None:
        return None
    try:
        return parse_money(text)
    except ValueError:
        return None


def small_number(text: str) -> int | None:
    """The place of an element or a component: one or two digits, otherwise None."""
    return int(text) if _PLACE.fullmatch(text) else None


def given(text: str) -> str | None:
    """An element's text, None when it is empty."""
    return text or None


def number_given(text: str) -> str:
    """A claim number, "" when the sender had none and filled the element with zeros or blanks."""
    return "" if _NOTHING.fullmatch(text) else text


def person_name(segment: Segment) -> PersonName:
    """The name in an NM1."""
    return PersonName(
        last=given(segment.element(3)),
        first=given(segment.element(4)),
        middle=given(segment.element(5)),
        suffix=given(segment.element(7)),
    )
