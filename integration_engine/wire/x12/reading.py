"""Any X12 file as interchanges, functional groups, transaction sets and segments, whoever wrote it.

Tolerant where writers are strict: nothing here raises on what the bytes hold. What is taken although it is not quite
X12 has a name and a count (``Tolerance``); what cannot be taken says where and why (``Unreadable``), and the rest of
the file is read on. It does not judge: counts, control numbers and elements are guide_check's and the readers' work.
Source  X12.5 interchange control structures; X12.md §0.8, §1.1 (regression list of readers), §3.3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from integration_engine.wire.x12.structure import (
    ISA_LENGTH,
    Group,
    Interchange,
    Reading,
    Segment,
    Separators,
    Tolerance,
    Tolerated,
    Transaction,
    Unreadable,
    control_number,
)

__all__ = [
    "Group",
    "Interchange",
    "Reading",
    "Segment",
    "Separators",
    "Tolerance",
    "Tolerated",
    "Transaction",
    "Unreadable",
    "control_number",
    "read_interchanges",
]

_Handler = Callable[[str, int, int], None]
_ISA_ELEMENTS = 16
_REPETITION_ELEMENT = 11
MOST_PROBLEMS = 1000  # of one file that are named one by one; a damaged file may have millions
_FIRST_REPETITION_VERSION = "00402"  # before it ISA11 held a standards identifier
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_ENVELOPE = frozenset({"ISA", "IEA", "GS", "GE", "ST", "SE", "TA1"})
_UNTIDY = re.compile(r"[\r\n]")  # line breaks anywhere; blanks before a segment are seen at its first character
_BLANKS = " \t\r\n\x00\x0b\x0c\x1a"
# A name that begins with ISA is not a header: a header stands where a segment begins, and its first element has two
# characters and is followed by the same separator again.
_HEADER = re.compile(r"ISA(?P<element>[^A-Za-z0-9 \r\n])[^\r\n]{2}(?P=element)", re.DOTALL)


def read_interchanges(data: bytes) -> Reading:
    """Read one file, whatever it is.

    Shapes   offsets count bytes of ``data`` (of the decoded text when it is UTF-16).
    Source   separators from the fixed ISA positions, X12.5 §ISA; X12.md §2.1.
    """
    reader = _Reader(data)
    reader.read()
    return Reading(
        interchanges=tuple(reader.interchanges),
        tolerances=tuple(
            Tolerated(tolerance=tolerance, count=count, offset=reader.first[tolerance])
            for tolerance, count in sorted(reader.counts.items())
        ),
        problems=reader.told(),
    )


class _Reader:
    """Finds interchanges in the bytes; each one is then taken apart by ``_Envelope``."""

    def __init__(self, data: bytes) -> None:
        self.interchanges: list[Interchange] = []
        self.counts: Counter[Tolerance] = Counter()
        self.first: dict[Tolerance, int] = {}
        self.problems: list[Unreadable] = []
        self.unnamed = 0  # problems after the first MOST_PROBLEMS
        self.text, self.at = self._decoded(data)

    def tolerate(self, tolerance: Tolerance, offset: int, count: int = 1) -> None:
        self.counts[tolerance] += count
        self.first.setdefault(tolerance, offset)

    def problem(self, offset: int, where: str, why: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Unreadable(offset=offset, where=where, why=why))
        else:
            self.unnamed += 1

    def told(self) -> tuple[Unreadable, ...]:
        """The problems; of a file with very many the first, and one that counts the others."""
        if not self.unnamed:
            return tuple(self.problems)
        why = f"{self.unnamed} more problems follow: the file is damaged, or no X12"
        return (*self.problems, Unreadable(offset=self.problems[-1].offset, where="file", why=why))

    def _decoded(self, data: bytes) -> tuple[str, int]:
        """One character a byte, so that positions in the text are offsets in the file."""
        for mark, encoding in _BYTE_ORDER_MARKS:
            if data.startswith(mark):
                self.tolerate(Tolerance.BYTE_ORDER_MARK, 0)
                if encoding == "utf-8":
                    return data.decode("latin-1"), len(mark)
                text = data.decode(encoding, errors="replace").encode("utf-8").decode("latin-1")
                return text, 0
        return data.decode("latin-1"), 0

    def read(self) -> None:
        text = self.text
        while self.at < len(text):
            begin = self.at
            while begin < len(text) and text[begin] in _BLANKS:
                begin += 1
            if begin == len(text):
                break
            header = _HEADER.match(text, begin)
            if header is None:
                header = _HEADER.search(text, begin)
                if header is None:
                    self._rest_unread(begin)
                    return
                self.tolerate(Tolerance.BYTES_BEFORE_INTERCHANGE, begin)
                self.problem(begin, "ISA", f"{header.start() - begin} bytes before ISA belong to no interchange")
            elif begin > self.at and not self.interchanges:
                self.tolerate(Tolerance.LEADING_BLANKS, self.at)
            self._interchange(header)
        if not self.interchanges and not self.problems:
            self.problem(0, "file", "the file is empty")

    def _rest_unread(self, begin: int) -> None:
        if self.interchanges and not self.text[begin:].strip(_BLANKS + self.interchanges[-1].separators.terminator):
            self.tolerate(
                Tolerance.EMPTY_SEGMENTS, begin, self.text.count(self.interchanges[-1].separators.terminator, begin)
            )
        elif self.interchanges:
            self.tolerate(Tolerance.BYTES_AFTER_INTERCHANGE, begin)
            self.problem(begin, "IEA", f"{len(self.text) - begin} bytes after IEA belong to no interchange")
        else:
            self.problem(begin, "ISA", "no ISA segment begins an interchange: this is no X12 file")

    def _interchange(self, header: re.Match[str]) -> None:
        text, begin = self.text, header.start()
        separators, isa_end = self._separators(begin, header["element"])
        if separators is None:
            self.at = isa_end
            return
        terminator = re.escape(separators.terminator)
        element = re.escape(separators.element)
        trailer = re.compile(rf"{terminator}\s*IEA(?:{element}[^{terminator}]*)?(?:{terminator}|\Z)", re.IGNORECASE)
        start = isa_end - len(separators.terminator)
        closed = trailer.search(text, start)
        end = closed.end() if closed else len(text)
        following = re.compile(rf"{terminator}\s*(?=ISA[^A-Za-z0-9 \r\n][^\r\n]{{2}}[^A-Za-z0-9 \r\n])").search(
            text, start, end
        )
        if following:
            end = following.end()
        if self.interchanges:
            self.tolerate(Tolerance.SEVERAL_INTERCHANGES, begin)
        envelope = _Envelope(self, separators)
        envelope.take(text[begin:end], begin)
        self.interchanges.append(envelope.finished())
        self.at = end

    def _separators(self, begin: int, element: str) -> tuple[Separators | None, int]:
        """The separators and the end of ISA; None and where to go on looking when ISA is not whole."""
        text = self.text
        place = begin
        for _ in range(_ISA_ELEMENTS):
            place = text.find(element, place + 1)
            if place < 0 or place - begin > 4 * ISA_LENGTH:
                self.problem(begin, "ISA", "ISA has fewer than 16 elements: its separators are unknown")
                return None, begin + 3
        if place + 2 >= len(text):
            self.problem(begin, "ISA", "the file ends inside ISA")
            return None, len(text)
        component, terminator = text[place + 1], text[place + 2]
        end = place + 3
        if terminator == "\r" and text[end : end + 1] == "\n":
            terminator, end = "\r\n", end + 1
        if terminator in {"\r", "\n", "\r\n"}:
            self.tolerate(Tolerance.NEWLINE_TERMINATOR, place + 2)
        if place + 3 - begin != ISA_LENGTH:
            self.tolerate(Tolerance.UNPADDED_ISA, begin)
        if component.isalnum() or terminator.isalnum() or len({element, component, terminator}) < 3:  # noqa: PLR2004
            self.problem(begin, "ISA", "the separators that ISA declares are letters, digits or not all different")
            return None, end
        fields = text[begin:place].split(element)
        repetition = fields[_REPETITION_ELEMENT]
        new = fields[_REPETITION_ELEMENT + 1] >= _FIRST_REPETITION_VERSION
        known = new and len(repetition) == 1 and not repetition.isalnum() and repetition not in {element, component}
        separators = Separators(
            element=element, component=component, terminator=terminator, repetition=repetition if known else ""
        )
        return separators, end


class _Envelope:
    """Sorts the segments of one interchange into groups and transaction sets."""

    def __init__(self, reader: _Reader, separators: Separators) -> None:
        self.reader = reader
        self.separators = separators
        self.isa: Segment | None = None
        self.iea: Segment | None = None
        self.groups: list[Group] = []
        self.ta1: list[Segment] = []
        self.stray: list[Segment] = []
        self.gs: Segment | None = None
        self.in_group = False
        self.transactions: list[Transaction] = []
        self.segments: list[Segment] = []

    def take(self, text: str, offset: int) -> None:
        separators, reader = self.separators, self.reader
        terminator, element = separators.terminator, separators.element
        pieces = text.split(terminator)
        if pieces[-1].strip(_BLANKS):
            reader.tolerate(Tolerance.MISSING_LAST_TERMINATOR, offset + len(text) - len(pieces[-1]))
        opening = {f"{name}{element}"[:3]: handler for name, handler in self._handlers().items()}
        tidy = text.isascii() and _UNTIDY.search(text) is None
        number = 0
        step = len(terminator)
        segments = self.segments
        last = len(pieces) - 1
        for index, piece in enumerate(pieces):
            begin = offset
            offset += len(piece) + step
            kept = piece
            if not tidy or not piece or piece[0] in _BLANKS:
                if not piece.strip(_BLANKS):
                    if index != last:
                        reader.tolerate(Tolerance.EMPTY_SEGMENTS, begin)
                    continue
                kept, begin = self._mended(piece, begin)
            number += 1
            special = opening.get(kept[:3].upper())
            if special is not None and kept[: kept.find(element)].upper() in _ENVELOPE:
                special(kept, number, begin)
                segments = self.segments
            elif segments:
                segments.append(Segment(kept, len(segments) + 1, begin, separators))
            else:
                self._outside(kept, number, begin)

    def _handlers(self) -> dict[str, _Handler]:
        return {
            "ISA": self._isa,
            "IEA": self._iea,
            "GS": self._gs,
            "GE": self._ge,
            "ST": self._st,
            "SE": self._se,
            "TA1": self._ta1,
        }

    def _mended(self, piece: str, begin: int) -> tuple[str, int]:
        """Without leading blanks and line breaks, and in the characters its UTF-8 stands for; every repair counted."""
        reader = self.reader
        plain = piece.lstrip(_BLANKS)
        lead = piece[: len(piece) - len(plain)]
        if lead:
            only_breaks = not lead.strip("\r\n")
            reader.tolerate(Tolerance.LINE_BREAKS if only_breaks else Tolerance.LEADING_BLANKS, begin)
            begin += len(lead)
        if "\n" in plain or "\r" in plain:
            reader.tolerate(Tolerance.WRAPPED_LINES, begin)
            plain = plain.replace("\r", "").replace("\n", "")
        if not plain.isascii():
            reader.tolerate(Tolerance.NOT_ASCII, begin)
            with suppress(UnicodeDecodeError):  # else it was Latin-1, and is right as it stands
                plain = plain.encode("latin-1").decode("utf-8")
        return plain, begin

    def _segment(self, text: str, number: int, offset: int) -> Segment:
        return Segment(text, number, offset, self.separators)

    def _isa(self, text: str, number: int, offset: int) -> None:
        if self.isa is None:
            self.isa = self._segment(text, number, offset)
        else:
            self._outside(text, number, offset)

    def _iea(self, text: str, number: int, offset: int) -> None:
        self._close_group(None, offset)
        self.iea = self._segment(text, number, offset)

    def _gs(self, text: str, number: int, offset: int) -> None:
        self._close_group(None, offset)
        self.gs = self._segment(text, number, offset)
        self.in_group = True

    def _ge(self, text: str, number: int, offset: int) -> None:
        if not self.in_group:
            self._outside(text, number, offset)
            return
        self._close_group(self._segment(text, number, offset), offset)

    def _st(self, text: str, number: int, offset: int) -> None:
        self._close_transaction(None, offset)
        if not self.in_group:
            self.reader.problem(offset, "ST", "this transaction set lies in no functional group")
            self.in_group = True
        self.segments = [self._segment(text, 1, offset)]

    def _se(self, text: str, number: int, offset: int) -> None:
        if not self.segments:
            self._outside(text, number, offset)
            return
        closing = self._segment(text, len(self.segments) + 1, offset)
        self.segments.append(closing)
        self._close_transaction(closing, offset)

    def _ta1(self, text: str, number: int, offset: int) -> None:
        if self.segments:
            self.segments.append(self._segment(text, len(self.segments) + 1, offset))
            return
        if not self.groups and not self.in_group:
            self.reader.tolerate(Tolerance.TA1_BEFORE_GROUP, offset)
        self.ta1.append(self._segment(text, number, offset))

    def _outside(self, text: str, number: int, offset: int) -> None:
        segment = self._segment(text, number, offset)
        self.stray.append(segment)
        self.reader.problem(offset, segment.name[:3] or "segment", "this segment lies in no transaction set")

    def _close_transaction(self, closing: Segment | None, offset: int) -> None:
        if not self.segments:
            return
        if closing is None:
            self.reader.tolerate(Tolerance.MISSING_TRAILER, offset)
            self.reader.problem(offset, "SE", "the transaction set before this byte has no SE")
        self.transactions.append(Transaction(segments=tuple(self.segments), se=closing))
        self.segments = []

    def _close_group(self, closing: Segment | None, offset: int) -> None:
        self._close_transaction(None, offset)
        if not self.in_group:
            return
        if closing is None:
            self.reader.tolerate(Tolerance.MISSING_TRAILER, offset)
            self.reader.problem(offset, "GE", "the functional group before this byte has no GE")
        self.groups.append(Group(gs=self.gs, transactions=tuple(self.transactions), ge=closing))
        self.gs, self.in_group, self.transactions = None, False, []

    def finished(self) -> Interchange:
        assert self.isa is not None
        end = self.reader.at
        if self.iea is None:
            self._close_group(None, end)
            self.reader.tolerate(Tolerance.MISSING_TRAILER, end)
            self.reader.problem(self.isa.offset, "IEA", "this interchange has no IEA")
        return Interchange(
            isa=self.isa,
            separators=self.separators,
            groups=tuple(self.groups),
            ta1=tuple(self.ta1),
            stray=tuple(self.stray),
            iea=self.iea,
        )
