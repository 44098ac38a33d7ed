"""What an X12 file is made of: interchanges, functional groups, transaction sets and segments, as records.

Also the names of what a tolerant reader may let pass (``Tolerance``) and what it could not take (``Unreadable``).
Source  X12.5 interchange control structures; X12.6 application control structure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

ISA_LENGTH = 106


class Tolerance(StrEnum):
    """What was taken although the standard or the guide says otherwise."""

    BYTE_ORDER_MARK = "byte_order_mark"
    BYTES_BEFORE_INTERCHANGE = "bytes_before_interchange"
    BYTES_AFTER_INTERCHANGE = "bytes_after_interchange"
    LEADING_BLANKS = "leading_blanks"
    LINE_BREAKS = "line_breaks"
    NEWLINE_TERMINATOR = "newline_terminator"
    WRAPPED_LINES = "wrapped_lines"
    EMPTY_SEGMENTS = "empty_segments"
    UNPADDED_ISA = "unpadded_isa"
    NOT_ASCII = "not_ascii"
    TA1_BEFORE_GROUP = "ta1_before_group"
    SEVERAL_INTERCHANGES = "several_interchanges"
    MISSING_TRAILER = "missing_trailer"
    MISSING_LAST_TERMINATOR = "missing_last_terminator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerated:
    """How often one tolerance was used, and the byte it was first needed at."""

    tolerance: Tolerance
    count: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Bytes that could not be taken: from which byte, in which segment where one is known, and why; never the bytes."""

    offset: int
    where: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Separators:
    """The four characters an interchange declares; repetition is empty in versions that have none."""

    element: str
    component: str
    terminator: str
    repetition: str


class Segment:
    """One segment, split when asked.

    Shapes   text: as sent, without terminator, leading blanks and line breaks. number: counted from ST as 1 within a
             transaction set, from ISA as 1 outside one. offset: byte of the file at which it begins.
    """

    __slots__ = ("number", "offset", "separators", "text")

    def __init__(self, text: str, number: int, offset: int, separators: Separators) -> None:
        self.text = text
        self.number = number
        self.offset = offset
        self.separators = separators

    @property
    def name(self) -> str:
        """``CLP``; upper case, whatever was sent."""
        return self.text.split(self.separators.element, 1)[0].strip().upper()

    @property
    def elements(self) -> tuple[str, ...]:
        """Every element as sent, the first one at index 0; blanks are kept."""
        return tuple(self.text.split(self.separators.element)[1:])

    def element(self, number: int) -> str:
        """Element ``number`` (one-based) without blanks around it; "" when it is absent."""
        parts = self.text.split(self.separators.element)
        return parts[number].strip() if number < len(parts) else ""

    def components(self, number: int) -> tuple[str, ...]:
        """The components of element ``number``; () when it is absent. The ISA's own 16th is never split."""
        value = self.element(number)
        if not value:
            return ()
        return tuple(part.strip() for part in value.split(self.separators.component))

    def repetitions(self, number: int) -> tuple[str, ...]:
        """The repetitions of element ``number``; () when it is absent."""
        value = self.element(number)
        if not value:
            return ()
        return tuple(value.split(self.separators.repetition)) if self.separators.repetition else (value,)

    def __repr__(self) -> str:
        # Elements hold patient data and stay out of logs and tracebacks.
        return f"Segment({self.name!r}, number={self.number}, offset={self.offset})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """ST to SE. segments: all of them, ST and SE included; se is None when the set has no end."""

    segments: tuple[Segment, ...]
    se: Segment | None

    @property
    def st(self) -> Segment:
        """The segment that opens the set."""
        return self.segments[0]

    @property
    def code(self) -> str:
        """ST01: ``837``, ``999``, ``277``, ``835``."""
        return self.st.element(1)

    @property
    def control_number(self) -> str:
        """ST02 as sent."""
        return self.st.element(2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """GS to GE. gs is None when sets lie outside any group, ge when it has no end."""

    gs: Segment | None
    transactions: tuple[Transaction, ...]
    ge: Segment | None

    @property
    def functional_code(self) -> str:
        """GS01: ``HC`` claims, ``FA`` 999, ``HN`` 277CA, ``HP`` 835; "" without a GS."""
        return self.gs.element(1) if self.gs else ""

    @property
    def guide(self) -> str:
        """GS08, such as ``005010X222A1``; "" without a GS."""
        return self.gs.element(8) if self.gs else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interchange:
    """ISA to IEA.

    Shapes   ta1: in the order they came. stray: segments that lie in no transaction set and are no envelope either.
             iea is None when the interchange has no end. separators: as its own ISA declares them.
    """

    isa: Segment
    separators: Separators
    groups: tuple[Group, ...]
    ta1: tuple[Segment, ...]
    stray: tuple[Segment, ...]
    iea: Segment | None

    @property
    def control_number(self) -> str:
        """ISA13 as sent."""
        return self.isa.element(13)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that one file holds. No interchanges and a problem: the file is no X12."""

    interchanges: tuple[Interchange, ...]
    tolerances: tuple[Tolerated, ...]
    problems: tuple[Unreadable, ...]

    @property
    def transactions(self) -> Iterator[tuple[Interchange, Group, Transaction]]:
        """Every transaction set of the file with what it lies in."""
        for interchange in self.interchanges:
            for group in interchange.groups:
                for transaction in group.transactions:
                    yield interchange, group, transaction


def control_number(text: str) -> int | None:
    """A control number for comparing: padded or not, ``7`` and ``000000007`` are the same; None when it is no number."""
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() else None
